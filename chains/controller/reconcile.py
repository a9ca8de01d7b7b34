"""One turn of one run: look at it, decide, plan, sign, mark."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from chains.controller.ports import Cluster
from chains.errors import ChainsError, EdgeError, InputError
from chains.pipeline.parts import Parts
from chains.pipeline.plan import Plan, plan_run
from chains.pipeline.sign import Receipt, sign_plan
from chains.runs.marks import REASON, SIGNED, NextStep, next_step
from chains.runs.run import Run, parse_run
from chains.runs.sighting import RunKey

LONGEST_REASON = 1024


class End(Enum):
    """How a turn ended."""

    SIGNED = "signed"
    NOTHING_TO_SIGN = "nothing to sign"
    FAILED = "failed"
    RETRY = "retry"
    WAITING = "waiting for child runs"
    LEFT = "left alone"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Turn:
    """What one turn of a run came to; `sentence` says why, `retry_after` is what the outside asked for, in seconds."""

    key: RunKey
    end: End
    sentence: str = ""
    retry_after: float | None = None
    reasons: tuple[str, ...] = ()
    receipts: tuple[Receipt, ...] = ()


async def reconcile(key: RunKey, cluster: Cluster, parts: Parts) -> Turn:
    """Take one run as it is now to where it should be; repeating it changes nothing that is right."""
    try:
        return await _take_turn(key, cluster, parts)
    except EdgeError as error:
        return Turn(key, End.RETRY, str(error), error.retry_after)


async def _take_turn(key: RunKey, cluster: Cluster, parts: Parts) -> Turn:
    try:
        text = await cluster.read(key)
        if text is None:
            return Turn(key, End.GONE)
        run = parse_run(text)
        if next_step(run, parts.config.managed_by) is not NextStep.SIGN:
            return Turn(key, End.LEFT)
        children = await gather_children(key, run, cluster)
        unsettled = [child.name for child in children if next_step(child, parts.config.managed_by) is not NextStep.SKIP]
        if unsettled:
            return Turn(key, End.WAITING, ", ".join(unsettled))
        plan = plan_run(run, parts.config, children)
        signers = {name: parts.signers[name]() for name in {request.signer for request in plan.requests}}
        receipts = await sign_plan(plan, signers, parts.stores)
        return await _settle(key, cluster, plan, receipts)
    except InputError as error:
        return await _give_up(key, cluster, str(error))


async def gather_children(key: RunKey, run: Run, cluster: Cluster) -> tuple[Run, ...]:
    """Return a PipelineRun's child TaskRuns that still exist, in its order; other kinds of children are not ours."""
    names = dict.fromkeys(child.name for child in run.children if child.kind in ("", "TaskRun"))
    texts = await asyncio.gather(*(cluster.read_child(key, name) for name in names))
    return tuple(parse_run(text) for text in texts if text is not None)


async def _settle(key: RunKey, cluster: Cluster, plan: Plan, receipts: tuple[Receipt, ...]) -> Turn:
    failures = [failure for receipt in receipts for failure in receipt.failures]
    sentence = _joined(f"{failure.where}: {failure.error}" for failure in failures)
    if any(failure.transient for failure in failures):
        waits = [w for failure in failures if (w := _asked_wait(failure.error)) is not None]
        return Turn(key, End.RETRY, sentence, max(waits, default=None), plan.reasons, receipts)
    if failures:
        return await _give_up(key, cluster, sentence, receipts)
    annotations = {name: text for receipt in receipts for name, text in _carried(receipt).items()}
    if not receipts:
        annotations[REASON] = _joined(plan.reasons)
    try:
        marked = await cluster.mark(key, {**annotations, SIGNED: "true"})
    except EdgeError as error:
        if error.transient:
            raise
        # What the stores put on the run is more than the API allows an object.
        return await _give_up(key, cluster, str(error), receipts)
    end = (End.SIGNED if receipts else End.NOTHING_TO_SIGN) if marked else End.GONE
    return Turn(key, end, annotations.get(REASON, ""), None, plan.reasons, receipts)


async def _give_up(key: RunKey, cluster: Cluster, sentence: str, receipts: tuple[Receipt, ...] = ()) -> Turn:
    """Mark a run as failed for a reason that no retry mends, and leave an event that says so."""
    reason = _joined([sentence])
    marked = await cluster.mark(key, {SIGNED: "failed", REASON: reason})
    if marked:
        await cluster.tell(key, "Failed", reason)
    return Turn(key, End.FAILED if marked else End.GONE, reason, receipts=receipts)


def _carried(receipt: Receipt) -> Mapping[str, str]:
    return {name: text for stored in receipt.stored.values() for name, text in stored.annotations.items()}


def _asked_wait(error: ChainsError) -> float | None:
    return error.retry_after if isinstance(error, EdgeError) else None


def _joined(sentences: Iterable[str]) -> str:
    text = "; ".join(dict.fromkeys(sentences))
    return text if len(text) <= LONGEST_REASON else text[: LONGEST_REASON - 1] + "…"
