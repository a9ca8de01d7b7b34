"""What is audited, what was found beside it, and the verdict on it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from chains.artifacts.reference import Digest, ImageReference
from chains.audit.build import Build
from chains.payloads.candidate import Candidate
from chains.pipeline.verify import Accepted, Refusal
from chains.runs.sighting import RunKey


class Verdict(StrEnum):
    """How it stands with an image, or with a run."""

    VERIFIED = "verified"
    REFUSED = "does not verify"
    INCOMPLETE = "incomplete"
    UNSIGNED = "unsigned"
    CLAIMED = "claim without proof"
    FAILED = "signing failed"
    MISSING = "image not found"
    UNKNOWN = "not judged"
    NOTHING = "nothing to sign"
    RUNNING = "not finished"


MEANINGS = {
    Verdict.VERIFIED: "Signature and attestation are there, are by a given key, speak of it, and meet what was asked.",
    Verdict.REFUSED: "Something is stored, and none of it holds or meets what was asked.",
    Verdict.INCOMPLETE: "Either the signature or the attestation is missing.",
    Verdict.UNSIGNED: "Neither a signature nor an attestation is stored, or a finished run carries no mark.",
    Verdict.CLAIMED: "The run is marked as signed, and what it should have stored is not there.",
    Verdict.FAILED: "The run is marked as given up: the reason stands beside it.",
    Verdict.MISSING: "The registry has no such image.",
    Verdict.UNKNOWN: "It could not be looked at: nothing is known of it, neither good nor bad.",
    Verdict.NOTHING: "The run names no artifact that is asked for, so that there is nothing to sign.",
    Verdict.RUNNING: "The run has not ended, and only finished runs are signed.",
}
NEUTRAL = frozenset({Verdict.NOTHING, Verdict.RUNNING})
BAD = frozenset(
    {Verdict.REFUSED, Verdict.INCOMPLETE, Verdict.UNSIGNED, Verdict.CLAIMED, Verdict.FAILED, Verdict.MISSING}
)


def tone_of(verdict: Verdict) -> str:
    """Return `good`, `bad`, `unknown` or `neutral`."""
    if verdict in BAD:
        return "bad"
    if verdict in NEUTRAL:
        return "neutral"
    return "good" if verdict is Verdict.VERIFIED else "unknown"


@dataclass(frozen=True, slots=True)
class RunClaim:
    """What a run says of itself: its mark, whether it ended and when, and what it made.

    `images` can carry signatures; `artifact` is the sha256 of the first thing it made that is no image, if there is
    one; `held` are the signed payloads in its own annotations, by the short key they are kept under.
    """

    key: RunKey
    mark: str
    reason: str
    done: bool
    ended: str
    images: tuple[ImageReference, ...]
    artifact: Digest | None = None
    names_artifacts: bool = False
    held: Mapping[str, Candidate] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Document:
    """Raw evidence: what it is, and its bytes as they came."""

    title: str
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Found:
    """Everything that stands beside one image, unverified."""

    image: ImageReference
    signatures: tuple[Candidate, ...]
    attestations: tuple[Candidate, ...]
    documents: tuple[Document, ...] = ()

    async def find_signatures(self, image: ImageReference) -> tuple[Candidate, ...]:
        """Return what may be a signature."""
        return self.signatures

    async def find_attestations(self, image: ImageReference) -> tuple[Candidate, ...]:
        """Return what may be an attestation."""
        return self.attestations


@dataclass(frozen=True, slots=True)
class Proof:
    """A signature or attestation that holds, by which of the given keys, and the build that it tells of."""

    accepted: Accepted
    key_name: str
    build: Build | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that was audited; `name` is as it was asked for, or as the run names it."""

    name: str
    verdict: Verdict
    why: tuple[str, ...] = ()
    image: ImageReference | None = None
    run: RunClaim | None = None
    signatures: tuple[Proof, ...] = ()
    attestations: tuple[Proof, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    documents: tuple[Document, ...] = ()

    @property
    def builds(self) -> tuple[Build, ...]:
        """The builds that its attestations tell of."""
        return tuple(proof.build for proof in self.attestations if proof.build is not None)
