"""Payloads, signatures and what becomes of them on their way to a store."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from chains.artifacts.reference import ImageReference

IN_TOTO = "application/vnd.in-toto+json"
SIMPLE_SIGNING = "application/vnd.dev.cosign.simplesigning.v1+json"
# The predicate type of an image signature in a Sigstore bundle.
COSIGN_SIGN = "https://sigstore.dev/cosign/sign/v1"


@dataclass(frozen=True, slots=True)
class Origin:
    """The run a payload speaks of, as far as a store needs it: where it lives, whose registry credentials to use."""

    kind: str
    namespace: str
    name: str
    uid: str
    service_account: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"


@dataclass(frozen=True, slots=True)
class Payload:
    """The exact bytes to be signed.

    `media_type` is `IN_TOTO` (a statement, signed in a DSSE envelope) or `SIMPLE_SIGNING` (signed as it is);
    `predicate_type` is the statement's, empty for simple signing; `short_key` is the name Tekton Chains stores it under
    (`taskrun-<uid>`, or the first 12 hex digits of an image); `images` are those it is to be attached to, in order;
    `created` is when the run that it speaks of ended, in RFC 3339, or empty.
    """

    body: bytes
    media_type: str
    predicate_type: str
    short_key: str
    images: tuple[ImageReference, ...]
    created: str = ""


@dataclass(frozen=True, slots=True)
class Signature:
    """A raw signature and the key that made it.

    `key_id` is the OpenSSH fingerprint `SHA256:...` of the public key, `public_key` its PEM where it is known, and
    `digest` the algorithm that the message was hashed with. `certificate` and `chain` are PEM, `timestamp` is cosign's
    JSON around an RFC 3161 token; empty where there is none.
    """

    raw: bytes
    key_id: str
    certificate: str = ""
    chain: str = ""
    timestamp: str = ""
    public_key: bytes = field(default=b"", repr=False)
    digest: str = "sha256"


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """That an entry is leaf `log_index` of a tree of `tree_size` leaves (RFC 6962); the checkpoint signs the root."""

    log_index: int
    tree_size: int
    root_hash: bytes
    hashes: tuple[bytes, ...]
    checkpoint: str


@dataclass(frozen=True, slots=True)
class LogEntry:
    """A transparency log's receipt for one signed payload.

    `url` is where it can be looked up, empty when it was read from a store. `log_id` names the log's key,
    `integrated_time` is in seconds since 1970 and 0 where the log gives none, `body` is the canonicalised entry and
    `promise` the signed entry timestamp, empty where the log makes none.
    """

    log_id: bytes
    log_index: int
    integrated_time: int
    body: bytes
    promise: bytes = b""
    proof: InclusionProof | None = None
    uuid: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class SignedPayload:
    """A payload with its signature. `envelope` is the DSSE envelope for `IN_TOTO`, None for `SIMPLE_SIGNING`."""

    payload: Payload
    signature: Signature
    envelope: bytes | None
    log_entry: LogEntry | None = None

    @property
    def signed_bytes(self) -> bytes:
        """What Tekton Chains calls the signature: the envelope where there is one, else the raw signature."""
        return self.signature.raw if self.envelope is None else self.envelope


@dataclass(frozen=True, slots=True)
class Stored:
    """What a store did: where the payload can be found, and annotations that the run's mark must carry for it.

    `written` is False where all of it was there already.
    """

    locations: tuple[str, ...]
    annotations: Mapping[str, str] = field(default_factory=dict)
    written: bool = True
