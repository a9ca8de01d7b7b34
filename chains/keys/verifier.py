"""Verifying with one public key."""

from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from chains.errors import InputError, VerificationError
from chains.keys import fingerprint
from chains.keys.kinds import PublicKey, kind_of, public_key
from chains.keys.pem import first_block

_LABELS = ("PUBLIC KEY", "RSA PUBLIC KEY")  # OpenSSL's reader tells PKCS#1 from SubjectPublicKeyInfo by itself
_DIGESTS: dict[str, type[hashes.HashAlgorithm]] = {
    "sha224": hashes.SHA224,
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}


@dataclass(frozen=True, slots=True, eq=False)
class KeyVerifier:
    """Checks signatures against one public key."""

    key_id: str
    kind: str = field(repr=False)
    public_pem: bytes = field(repr=False)
    _key: PublicKey = field(repr=False)
    _digest: hashes.HashAlgorithm = field(repr=False)

    @classmethod
    def from_pem(cls, pem: bytes, digest: str = "sha256") -> "KeyVerifier":
        """Read a `PUBLIC KEY` or an `RSA PUBLIC KEY`.

        `digest` (sha224 to sha512) is the one that ECDSA and RSA signatures were made over. cosign and Tekton Chains
        sign with SHA-384 and SHA-512 when an encrypted key is on P-384 or P-521; everything that we sign, and what
        `cosign verify` expects by default, is SHA-256. Raises InputError.
        """
        if digest not in _DIGESTS:
            raise InputError(f"{digest!r} is no digest for signatures; use one of {', '.join(_DIGESTS)}")
        return cls.of(_read_public_key(pem), _DIGESTS[digest]())

    @classmethod
    def of(cls, key: PublicKey, digest: hashes.HashAlgorithm | None = None) -> "KeyVerifier":
        """Wrap a key; raise InputError when it is of a kind that does not verify here."""
        pem = public_key(key).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return cls(fingerprint.key_id(key), kind_of(key), pem, key, digest or hashes.SHA256())

    @property
    def key_hint(self) -> str:
        """The name that Sigstore bundles give the key."""
        return fingerprint.key_hint(self._key)

    def verify(self, message: bytes, signature: bytes) -> None:
        """Return when the signature is this key's over the message, else raise VerificationError."""
        try:
            if isinstance(self._key, ec.EllipticCurvePublicKey):
                self._key.verify(signature, message, ec.ECDSA(self._digest))
            elif isinstance(self._key, rsa.RSAPublicKey):
                self._key.verify(signature, message, padding.PKCS1v15(), self._digest)
            else:
                self._key.verify(signature, message)
        except InvalidSignature as error:
            raise self._refusal() from error

    def verify_digest(self, algorithm: str, digest: bytes, signature: bytes) -> None:
        """Return when the signature is this key's over a message of that digest, else raise VerificationError."""
        kind = _DIGESTS[algorithm]() if algorithm in _DIGESTS else None
        if kind is None or len(digest) != kind.digest_size:
            raise VerificationError(f"{algorithm} of {len(digest)} bytes is no digest that signatures are made over")
        hashed = Prehashed(kind)
        try:
            if isinstance(self._key, ec.EllipticCurvePublicKey):
                self._key.verify(signature, digest, ec.ECDSA(hashed))
            elif isinstance(self._key, rsa.RSAPublicKey):
                self._key.verify(signature, digest, padding.PKCS1v15(), hashed)
            else:
                raise VerificationError("an Ed25519 signature cannot be checked from a digest of its message")
        except InvalidSignature as error:
            raise self._refusal() from error

    def _refusal(self) -> VerificationError:
        return VerificationError(f"the signature is not by the key {self.key_id}, or not over this content")


def _read_public_key(pem: bytes) -> PublicKey:
    block = first_block(pem)
    if block.label not in _LABELS:
        raise InputError(f"this is a PEM block of the type {block.label}, not a {_LABELS[0]}")
    try:
        return public_key(load_der_public_key(block.body))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InputError("this is no public key that can be read: it is damaged or of an unknown kind") from error
