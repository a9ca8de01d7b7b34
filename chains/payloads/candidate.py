"""What stands beside an image and may be a signature or an attestation: read, not yet believed."""

from dataclasses import dataclass
from enum import StrEnum

from chains.payloads.payload import SignedPayload


class Layout(StrEnum):
    """How it is stored: a layer of cosign's `.sig` or `.att` tag, a bundle that refers to it, a run's annotations."""

    TAG = "tag"
    BUNDLE = "bundle"
    RUN = "run"


@dataclass(frozen=True, slots=True)
class Candidate:
    """One layer or one bundle, by the digest of its blob.

    `signed` holds its payload once for each signature on it; where nothing could be read it is empty, and `fault` says
    why. `unanswered` is whether that is because a log gave no answer when asked for its entry.
    """

    layout: Layout
    digest: str
    signed: tuple[SignedPayload, ...] = ()
    fault: str = ""
    unanswered: bool = False
