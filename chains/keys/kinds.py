"""Which keys sign and verify here: ECDSA on the NIST curves, RSA and Ed25519."""

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from chains.errors import InputError

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey

_CURVES = {"secp256r1": "ECDSA P-256", "secp384r1": "ECDSA P-384", "secp521r1": "ECDSA P-521"}
_RSA_SIZES = (2048, 3072, 4096)
_SUPPORTED = "use ECDSA P-256 (or P-384, P-521), RSA of 2048, 3072 or 4096 bits, or Ed25519"


def kind_of(key: object) -> str:
    """Name the kind of a private or public key, such as `ECDSA P-256`; raise InputError when it is none of ours."""
    if isinstance(key, ec.EllipticCurvePrivateKey | ec.EllipticCurvePublicKey):
        return _curve(key.curve.name)
    if isinstance(key, rsa.RSAPrivateKey | rsa.RSAPublicKey):
        return _rsa(key.key_size)
    if isinstance(key, ed25519.Ed25519PrivateKey | ed25519.Ed25519PublicKey):
        return "Ed25519"
    name = type(key).__name__.removesuffix("PrivateKey").removesuffix("PublicKey")
    raise InputError(f"{name} keys are not supported; {_SUPPORTED}")


def _curve(name: str) -> str:
    if name not in _CURVES:
        raise InputError(f"ECDSA keys on the curve {name} are not supported; {_SUPPORTED}")
    return _CURVES[name]


def _rsa(size: int) -> str:
    if size not in _RSA_SIZES:
        raise InputError(f"RSA keys of {size} bits are not supported; {_SUPPORTED}")
    return f"RSA {size}"


def private_key(key: object) -> PrivateKey:
    """Return the key when it is a private key of a kind that signs here, else raise InputError."""
    kind_of(key)
    if not isinstance(key, PrivateKey):
        raise InputError("this is a public key; a private key is needed to sign")
    return key


def public_key(key: object) -> PublicKey:
    """Return the key when it is a public key of a kind that verifies here, else raise InputError."""
    kind_of(key)
    if not isinstance(key, PublicKey):
        raise InputError("this is a private key; only its public half may be given to verify with")
    return key
