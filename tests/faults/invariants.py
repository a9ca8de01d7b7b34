"""What the checker is told and what it finds."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_public_key


@dataclass(frozen=True)
class RunExpected:
    """A run that was applied, and the digests whose signature and attestation must be stored for it.

    `deleted` says that it may be gone from the API, `refused` that it may be given up; `annotations` and `finalizers`
    are other people's and must stay.
    """

    kind: str
    name: str
    digests: tuple[str, ...]
    deleted: bool = False
    refused: bool = False
    annotations: Mapping[str, str] = field(default_factory=dict)
    finalizers: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


@dataclass(frozen=True)
class Foreign:
    """Layers of others, in their order, by `repository:tag`."""

    layers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Layer:
    """A layer that one of our keys has signed: the digest its tag is about, and those its payload names."""

    tag: str
    digest: str
    payload: bytes
    key: str
    subjects: frozenset[str]
    mark: str = ""
    is_attestation: bool = False


@dataclass(frozen=True)
class OurKey:
    """A public key that was in force at some time."""

    name: str
    pem: bytes

    def has_signed(self, message: bytes, signature: bytes) -> bool:
        """Whether the signature (ECDSA over SHA-256) is this key's over the message."""
        public = load_pem_public_key(self.pem)
        assert isinstance(public, ec.EllipticCurvePublicKey)
        try:
            public.verify(signature, message, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            return False
        return True


@dataclass
class Findings:
    """Every violation, in sentences."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return any((self.lost, self.doubled, self.wrong, self.stuck))

    def add(self, other: "Findings", where: str = "") -> None:
        """Take over what another check found, told with where."""
        lead = f"{where}: " if where else ""
        for name in ("lost", "doubled", "wrong", "stuck"):
            getattr(self, name).extend(f"{lead}{sentence}" for sentence in getattr(other, name))

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """How many were lost, doubled, wrong and stuck."""
        return len(self.lost), len(self.doubled), len(self.wrong), len(self.stuck)
