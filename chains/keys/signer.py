"""Signing with one key."""

import asyncio
from dataclasses import dataclass, field

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from chains.errors import InputError
from chains.keys.kinds import PrivateKey, private_key
from chains.keys.verifier import KeyVerifier
from chains.payloads.payload import Signature


@dataclass(frozen=True, slots=True, eq=False)
class KeySigner:
    """Signs with one private key: the same message always gets the same signature.

    Every kind signs the way that verifiers accept without being told: ECDSA on every curve over SHA-256 with the nonces
    of RFC 6979, RSA in PKCS#1 v1.5 over SHA-256, Ed25519 pure. cosign's own rule for encrypted keys on larger curves
    (SHA-384, SHA-512) and for Ed25519 (the pre-hashed variant) makes signatures that `cosign verify` rejects by
    default, and the transparency log assumes SHA-256 as well.
    """

    key_id: str
    kind: str = field(repr=False)
    public_pem: bytes = field(repr=False)
    _key: PrivateKey = field(repr=False)

    @classmethod
    def of(cls, key: PrivateKey) -> "KeySigner":
        """Wrap a key after one trial signature; raise InputError when its kind does not sign here."""
        verifier = KeyVerifier.of(private_key(key).public_key())
        try:
            _sign(key, b"trial")
        except UnsupportedAlgorithm as error:
            raise InputError(f"{verifier.kind} keys need cryptography built with OpenSSL 3.2 or newer") from error
        return cls(verifier.key_id, verifier.kind, verifier.public_pem, key)

    @property
    def verifier(self) -> KeyVerifier:
        """The verifier of what this key signs."""
        return KeyVerifier.of(self._key.public_key())

    async def sign(self, message: bytes) -> Signature:
        """Sign the message as it is."""
        if isinstance(self._key, rsa.RSAPrivateKey):  # 2 ms and more; the others take 0.05
            return self._signature(await asyncio.to_thread(_sign, self._key, message))
        return self._signature(_sign(self._key, message))

    def _signature(self, raw: bytes) -> Signature:
        return Signature(raw, self.key_id, public_key=self.public_pem)


def _sign(key: PrivateKey, message: bytes) -> bytes:
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(message, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(message, padding.PKCS1v15(), hashes.SHA256())
    return key.sign(message)
