"""New key pairs, and imported ones."""

from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from chains.keys.cosign_key import encrypt
from chains.keys.kinds import PrivateKey
from chains.keys.private_key import read_private_key
from chains.keys.signer import KeySigner


@dataclass(frozen=True, slots=True)
class GeneratedKeyPair:
    """The texts of `cosign.key` (encrypted) and `cosign.pub`."""

    private_pem: bytes = field(repr=False)
    public_pem: bytes


def import_key_pair(pem: bytes, password: bytes) -> GeneratedKeyPair:
    """Encrypt a plain private key as cosign does; raise InputError when it is none. Costs what generating costs."""
    return _pair(read_private_key(pem), password)


def generate_key_pair(password: bytes) -> GeneratedKeyPair:
    """Make an ECDSA P-256 pair as cosign does; the password may be empty. Takes about 0.2 s and 64 MiB, blocking."""
    return _pair(ec.generate_private_key(ec.SECP256R1()), password)


def _pair(key: PrivateKey, password: bytes) -> GeneratedKeyPair:
    private = encrypt(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()), password)
    return GeneratedKeyPair(private, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


def new_signer() -> KeySigner:
    """Make an ECDSA P-256 key that is never written down."""
    return KeySigner.of(ec.generate_private_key(ec.SECP256R1()))
