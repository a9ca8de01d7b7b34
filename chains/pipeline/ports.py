"""The sockets of the straight line; edges fit them by shape, not by inheritance."""

from typing import Protocol

from chains.artifacts.reference import ImageReference
from chains.payloads.payload import LogEntry, Origin, Signature, SignedPayload, Stored


class Signer(Protocol):
    """Signs messages with one key."""

    async def sign(self, message: bytes) -> Signature:
        """Sign the message as it is; raise EdgeError when the key cannot be used."""


class Verifier(Protocol):
    """Checks signatures against one public key."""

    def verify(self, message: bytes, signature: bytes) -> None:
        """Return when the signature is this key's over the message, else raise VerificationError."""


class Store(Protocol):
    """Keeps signed payloads."""

    async def put(self, signed: SignedPayload, origin: Origin) -> Stored:
        """Store it once, whatever was stored before; raise EdgeError when that failed, in part or whole."""


class TransparencyLog(Protocol):
    """Takes signed payloads into a public record."""

    async def upload(self, signed: SignedPayload) -> LogEntry:
        """Return the verified entry of a signed payload, new or there already; raise EdgeError when that failed."""


class SignedImages(Protocol):
    """Finds what was stored beside an image."""

    async def signatures(self, image: ImageReference) -> tuple[SignedPayload, ...]:
        """Return every simple-signing payload of the image, and every signing statement in a bundle, unverified."""

    async def attestations(self, image: ImageReference) -> tuple[SignedPayload, ...]:
        """Return every enveloped statement of the image, unverified."""
