"""What the owner of a run is told of it, as Events: what became of it, why, and what helps."""

import structlog

from chains.controller.outcomes import identity
from chains.controller.ports import Cluster
from chains.controller.turn import End, Turn
from chains.pipeline.plan import NO_HINT
from chains.runs.sighting import RunKey

REMEDY = "it is signed again by itself when the configuration or the key changes, or by `chains resign"


log = structlog.get_logger()


def announce(cluster: Cluster, turn: Turn) -> None:
    """Tell of the end of a run's last turn; what others did to it, or what needs no word, is passed over."""
    match turn.end:
        case End.SIGNED:
            cluster.tell(turn.key, "Signed", _signed(turn), warning=False)
        case End.NOTHING_TO_SIGN:
            # A result that nearly named an artifact is a build that somebody believes to be signed.
            missed = [reason for reason in turn.reasons if reason != NO_HINT]
            cluster.tell(turn.key, "NothingToSign", "; ".join(turn.reasons), warning=bool(missed))
        case End.FAILED:
            named = f"{turn.key.kind.lower()}/{turn.key.name} -n {turn.key.namespace}`"
            cluster.tell(turn.key, "Failed", f"{turn.sentence}; {REMEDY} {named}")
        case _:
            return


def announce_retry(cluster: Cluster, turn: Turn, attempts: int, seconds: float) -> None:
    """Tell that a run could not be signed yet, why, and when it is tried again."""
    tried = "1 try" if attempts == 1 else f"{attempts} tries"
    cluster.tell(turn.key, "Retrying", f"not signed after {tried}, the next in {seconds:.0f} s: {turn.sentence}")


def announce_loss(cluster: Cluster, key: RunKey, why: str) -> None:
    """Tell that a run is never signed: it is deleted, and its last state is given up."""
    log.error("gave up a deleted run that is not signed", **identity(key), why=why)
    cluster.tell(key, "DeletedUnsigned", why)


def _signed(turn: Turn) -> str:
    places = [place for receipt in turn.receipts for kept in receipt.stored.values() for place in kept.locations]
    also = f"; {'; '.join(turn.reasons)}" if turn.reasons else ""
    return f"stored {', '.join(places) or 'on the run itself'}{also}"
