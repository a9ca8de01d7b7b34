"""The annotations left on a run, and what they say to do next (same keys as Tekton Chains)."""

from collections.abc import Mapping
from enum import Enum

from chains.runs.hold import Hold
from chains.runs.run import Run

PREFIX = "chains.tekton.dev/"
SIGNED = PREFIX + "signed"
REASON = PREFIX + "reason"
TRANSPARENCY = PREFIX + "transparency"
STORED = PREFIX + "stored"
LEFT_BY_SIGNING = (SIGNED, REASON, STORED, PREFIX + "retries", TRANSPARENCY)
LEFT_BY_STORING = tuple(f"{PREFIX}{what}-" for what in ("payload", "signature", "cert", "chain"))
# What takes a final mark off, so that the run is signed again, however old it is.
UNSETTLED: Mapping[str, str | None] = {SIGNED: None, REASON: "to be signed again", PREFIX + "retries": None}
REPRODUCIBLE = PREFIX + "reproducible"
OWN_CONTROLLERS = ("", "tekton.dev/pipeline")


class NextStep(Enum):
    """What a glance at a run says to do with it."""

    WAIT = "wait"
    HOLD = "hold"
    SIGN = "sign"
    FREE = "free"
    SKIP = "skip"


def is_settled(annotations: Mapping[str, str]) -> bool:
    """Whether a run carries a final mark: signed, or given up."""
    return annotations.get(SIGNED) in ("true", "failed")


def is_asked_for(annotations: Mapping[str, str]) -> bool:
    """Whether a run has a reason and no final mark: it was to be signed before, and is to be signed again."""
    return REASON in annotations and not is_settled(annotations)


def lasting_annotations(run: Run) -> dict[str, str]:
    """Return a run's annotations without what signing leaves, so that a payload is the same before and after."""
    return {
        name: text
        for name, text in run.annotations.items()
        if name not in LEFT_BY_SIGNING and not name.startswith(LEFT_BY_STORING)
    }


def is_foreign(manager: str, managed_by: frozenset[str]) -> bool:
    """Whether a run belongs to a controller that is neither Tekton's nor among those whose runs are signed as well."""
    return manager not in OWN_CONTROLLERS and manager not in managed_by


def next_step(run: Run, managed_by: frozenset[str] = frozenset()) -> NextStep:
    """Decide from the run alone; `managed_by` are the foreign controllers whose runs are signed as well."""
    being_deleted = bool(run.hold.deleted)
    if is_foreign(run.managed_by, managed_by) or is_settled(run.annotations):
        return NextStep.FREE if being_deleted and run.hold.ours else NextStep.SKIP
    if run.done:
        return NextStep.SIGN
    if being_deleted:
        return NextStep.FREE if run.hold.ours else NextStep.SKIP
    return NextStep.WAIT if run.hold.ours else NextStep.HOLD


def needs_turn(annotations: Mapping[str, str], hold: Hold, *, done: bool | None) -> bool:
    """Decide from a glance whether a run is worth a turn, None where it may be done; the turn looks closer."""
    if is_settled(annotations):
        return bool(hold.deleted) and hold.ours
    return done is not False or bool(hold.deleted) == hold.ours
