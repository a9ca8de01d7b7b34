"""Private keys in plain PEM: PKCS#8, and the older SEC1 and PKCS#1."""

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_der_private_key

from chains.errors import InputError
from chains.keys.kinds import PrivateKey, private_key
from chains.keys.pem import first_block

_PLAIN = ("PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY")
_REFUSED = {
    "ENCRYPTED PRIVATE KEY": "the key is encrypted; write it out plain with `openssl pkcs8 -topk8 -nocrypt`, "
    "or import it with cosign and store it as cosign.key",
    "ENCRYPTED SIGSTORE PRIVATE KEY": "this is cosign's encrypted key; store it as cosign.key, beside cosign.password",
    "ENCRYPTED COSIGN PRIVATE KEY": "this is cosign's encrypted key; store it as cosign.key, beside cosign.password",
    "OPENSSH PRIVATE KEY": "OpenSSH's own format is not supported; "
    "rewrite the key with `ssh-keygen -p -m PKCS8` and no passphrase",
    "PUBLIC KEY": "this is a public key; a private key is needed to sign",
    "CERTIFICATE": "this is a certificate; a private key is needed to sign",
}


def read_private_key(pem: bytes) -> PrivateKey:
    """Read the first PEM block, after OpenSSL's `EC PARAMETERS` if they come first; raise InputError."""
    block = first_block(pem)
    if block.label == "EC PARAMETERS":
        block = first_block(block.rest)
    if block.label in _REFUSED:
        raise InputError(_REFUSED[block.label])
    if block.label not in _PLAIN:
        raise InputError(f"this is a PEM block of the type {block.label}, not one of {', '.join(_PLAIN)}")
    return read_private_der(block.body)


def read_private_der(der: bytes) -> PrivateKey:
    """Read an unencrypted DER key; raise InputError when it is damaged or of a kind that does not sign here."""
    try:
        key = load_der_private_key(der, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise InputError("this is no private key that can be read: it is damaged or of an unknown kind") from error
    return private_key(key)
