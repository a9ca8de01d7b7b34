"""What is told of a turn, and how long to wait after one that failed."""

import logging
import random

import structlog

from chains.controller.turn import End, Turn
from chains.runs.sighting import RunKey

FIRST_RETRY, LONGEST_RETRY = 1.0, 900.0
QUIET = (End.LEFT, End.GONE, End.HELD, End.FREED, End.RESUMED)

log = structlog.get_logger()


def backoff(attempt: int) -> float:
    """Return the wait in seconds before the next try: doubled each time up to 15 minutes, half of it at random."""
    ceiling = min(LONGEST_RETRY, FIRST_RETRY * 2.0 ** min(attempt - 1, 20))
    return ceiling * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, guards nothing


def identity(key: RunKey) -> dict[str, str]:
    """Return what binds a log line to a run."""
    return {"run": str(key), "kind": key.kind, "namespace": key.namespace, "name": key.name, "uid": key.uid}


def write_outcome(turn: Turn) -> None:
    """Log what became of a run, from its receipts."""
    who = identity(turn.key)
    if turn.end in QUIET:
        log.debug(turn.end.value, **who, why=turn.sentence or None)
        return
    stored = [place for receipt in turn.receipts for kept in receipt.stored.values() for place in kept.locations]
    level = logging.ERROR if turn.end is End.FAILED else logging.INFO
    why = turn.sentence or "; ".join(turn.reasons) or None
    log.log(level, turn.end.value, **who, stored=stored or None, why=why)


def write_retry(turn: Turn, seconds: float) -> None:
    """Log that a run will be tried again, and when."""
    log.warning("run will be tried again", **identity(turn.key), why=turn.sentence, seconds=round(seconds, 1))
