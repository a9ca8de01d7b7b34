"""The sockets of the straight line; edges fit them by shape, not by inheritance."""

from typing import Protocol

from chains.artifacts.reference import Digest, ImageReference
from chains.payloads.candidate import Candidate
from chains.payloads.payload import LogEntry, Origin, Signature, SignedPayload, Stored


class Signer(Protocol):
    """Signs messages with one key."""

    async def sign(self, message: bytes) -> Signature:
        """Sign the message as it is; raise EdgeError when the key cannot be used."""


class Verifier(Protocol):
    """Checks signatures against one public key."""

    @property
    def public_pem(self) -> bytes:
        """The key, as the PEM of its SubjectPublicKeyInfo."""

    def verify(self, message: bytes, signature: bytes) -> None:
        """Return when the signature is this key's over the message, else raise VerificationError."""


class Store(Protocol):
    """Keeps signed payloads."""

    async def put(self, signed: SignedPayload, origin: Origin) -> Stored:
        """Store it once, whatever was stored before; raise EdgeError when that failed, in part or whole."""


class Indexes(Protocol):
    """Knows what an index lists."""

    async def children(self, image: ImageReference, origin: Origin) -> tuple[Digest, ...]:
        """Return the digests of what it lists, nothing for an image; raise EdgeError when that cannot be told."""


class TransparencyLog(Protocol):
    """Takes signed payloads into a public record."""

    async def upload(self, signed: SignedPayload) -> LogEntry:
        """Return the verified entry of a signed payload, new or there already; raise EdgeError when that failed."""


class LogVerifier(Protocol):
    """Checks that a transparency log has what was signed."""

    def check(self, candidate: Candidate, signed: SignedPayload, verifier: Verifier) -> None:
        """Return when the log entry that comes with it is genuine and about this signature, else VerificationError.

        `signed.log_entry` is None where none comes with it; its form is that of the candidate's layout.
        """


class LogLookup(Protocol):
    """Finds the entries of what somebody else signed and logged."""

    async def find(self, signed: SignedPayload, public_key: bytes) -> LogEntry | None:
        """Return the entry of this signature by this key (PEM), None when there is none; raise EdgeError."""


class SignedImages(Protocol):
    """Finds what was stored beside an image."""

    async def find_signatures(self, image: ImageReference) -> tuple[Candidate, ...]:
        """Return what may be a signature of the image, unverified, bundles of every kind included."""

    async def find_attestations(self, image: ImageReference) -> tuple[Candidate, ...]:
        """Return what may be an attestation of the image, unverified."""
