"""From the files of a signing secret to its signer."""

from collections.abc import Mapping

from chains.errors import InputError
from chains.keys.cosign_key import decrypt
from chains.keys.kinds import PrivateKey
from chains.keys.private_key import read_private_der, read_private_key
from chains.keys.signer import KeySigner

PLAIN_KEY = "x509.pem"
ENCRYPTED_KEY = "cosign.key"
PASSWORD = "cosign.password"  # noqa: S105 - a file's name
FILES = (PLAIN_KEY, ENCRYPTED_KEY, PASSWORD)


def signer_from_secret(files: Mapping[str, bytes]) -> KeySigner:
    """Return the signer that the secret's files hold; raise InputError with the file's name when they do not.

    As in Tekton Chains `x509.pem` comes first, and when it is bad `cosign.key` is not tried. Opening an encrypted key
    takes about 0.2 s and 64 MiB, blocking.
    """
    if PLAIN_KEY in files:
        name, read = PLAIN_KEY, _plain
    elif ENCRYPTED_KEY in files:
        name, read = ENCRYPTED_KEY, _encrypted
    else:
        raise InputError(f"there is no key: put {PLAIN_KEY}, or {ENCRYPTED_KEY} and {PASSWORD}, into the secret")
    try:
        return KeySigner.of(read(files))
    except InputError as error:
        raise InputError(f"{name}: {error}") from error


def is_encrypted(pem: bytes) -> bool:
    """Whether a key is one of cosign's, which a password opens."""
    return b"ENCRYPTED COSIGN PRIVATE KEY" in pem or b"ENCRYPTED SIGSTORE PRIVATE KEY" in pem


def signer_from_pem(pem: bytes, password: bytes = b"", source: str = "nowhere") -> KeySigner:
    """Return the signer of a key, encrypted or not; `source` is where the password comes from, for the refusal.

    Raises InputError; blocks as `signer_from_secret` does.
    """
    return KeySigner.of(
        read_private_der(decrypt(pem, password, source)) if is_encrypted(pem) else read_private_key(pem)
    )


def _plain(files: Mapping[str, bytes]) -> PrivateKey:
    return read_private_key(files[PLAIN_KEY])


def _encrypted(files: Mapping[str, bytes]) -> PrivateKey:
    if PASSWORD not in files:
        raise InputError(f"{PASSWORD} is missing beside it; add it, empty if the key has no password")
    return read_private_der(decrypt(files[ENCRYPTED_KEY], files[PASSWORD]))
