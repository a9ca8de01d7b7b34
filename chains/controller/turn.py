"""What one turn of a run came to, and what a turn of a PipelineRun needs of its children."""

import asyncio
from dataclasses import dataclass
from enum import Enum

from chains.controller.ports import Cluster
from chains.pipeline.sign import Receipt
from chains.runs.run import Run, parse_run
from chains.runs.sighting import RunKey


class End(Enum):
    """How a turn ended."""

    SIGNED = "signed"
    NOTHING_TO_SIGN = "nothing to sign"
    FAILED = "failed"
    RETRY = "retry"
    BLOCKED = "no key or no configuration"
    WAITING = "waiting"
    HELD = "held"
    FREED = "freed"
    RESUMED = "to be looked at once more"
    LEFT = "left alone"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Turn:
    """What one turn of a run came to.

    `sentence` says why, `retry_after` is what the outside asked for, in seconds, and `cut` the stage in which it was
    cut off because it took too long.
    """

    key: RunKey
    end: End
    sentence: str = ""
    retry_after: float | None = None
    reasons: tuple[str, ...] = ()
    receipts: tuple[Receipt, ...] = ()
    cut: str = ""


async def gather_children(key: RunKey, run: Run, cluster: Cluster) -> tuple[Run, ...]:
    """Return a PipelineRun's child TaskRuns that still exist, in its order; another run of such a name is no child."""
    names = dict.fromkeys(child.name for child in run.children if child.kind in ("", "TaskRun"))
    texts = await asyncio.gather(*(cluster.read_child(key, name) for name in names))
    found = (parse_run(text) for text in texts if text is not None)
    return tuple(child for child in found if child.parent is not None and child.parent.uid == key.uid)
