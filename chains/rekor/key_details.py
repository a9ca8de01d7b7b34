"""What Rekor's second API calls a key together with the digest that it signs over."""

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from cryptography.x509 import load_pem_x509_certificate

from chains.errors import EdgeError

_CURVES = {"secp256r1": "P256", "secp384r1": "P384", "secp521r1": "P521"}
_DIGESTS = {
    "P256": ("sha256",),
    "P384": ("sha256", "sha384"),
    "P521": ("sha256", "sha512"),
}


def details_of(verifier: bytes, digest: str) -> str:
    """Return the name of a key or certificate (PEM) with a digest; raise EdgeError where there is none."""
    try:
        is_certificate = b"CERTIFICATE" in verifier
        key = load_pem_x509_certificate(verifier).public_key() if is_certificate else load_pem_public_key(verifier)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise EdgeError(f"the signer's public key cannot be read: {error}", transient=False) from error
    if isinstance(key, ec.EllipticCurvePublicKey):
        curve = _CURVES.get(key.curve.name, "")
        if digest in _DIGESTS.get(curve, ()):
            return f"PKIX_ECDSA_{curve}_SHA_{digest.removeprefix('sha')}"
    elif isinstance(key, rsa.RSAPublicKey) and digest == "sha256" and key.key_size in (2048, 3072, 4096):
        return f"PKIX_RSA_PKCS1V15_{key.key_size}_SHA256"
    kind = type(key).__name__.removesuffix("PublicKey")
    raise EdgeError(
        f"a log of the second API takes no {kind} signatures over {digest}: use ECDSA P-256, or the first API",
        transient=False,
    )
