"""One turn of one run: look at it, decide, plan, sign, mark."""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from chains.controller.past import Past
from chains.controller.ports import Cluster
from chains.controller.stages import FETCH, MARK, PLAN, UNTIMED, Stages
from chains.controller.turn import End, Turn, gather_children
from chains.errors import ChainsError, EdgeError, InputError
from chains.payloads.payload import SignedPayload
from chains.pipeline.children import with_children
from chains.pipeline.parts import Parts
from chains.pipeline.plan import Plan, plan_run
from chains.pipeline.ports import Signer
from chains.pipeline.sign import Receipt, fingerprint, log_urls, sign_plan
from chains.runs.authors import is_forged
from chains.runs.glance import glance
from chains.runs.hold import Hold
from chains.runs.marks import (
    REASON,
    SIGNED,
    STORED,
    TRANSPARENCY,
    NextStep,
    is_asked_for,
    is_settled,
    next_step,
)
from chains.runs.moment import is_before
from chains.runs.run import Run, parse_run
from chains.runs.sighting import RunKey
from chains.runs.stamp import Stamp

LONGEST_REASON = 1024
# A settled child that is being deleted waits so many seconds for its parent to be attested.
CHILD_GRACE = 40.0


async def reconcile(
    key: RunKey,
    cluster: Cluster,
    parts: Parts | None,
    past: Past | None = None,
    *,
    oldest: datetime | None = None,
    stages: Stages = UNTIMED,
    clock: Callable[[], float] = time.monotonic,
) -> Turn:
    """Take one run as it is now to where it should be; repeating it changes nothing that is right.

    Runs that ended before the `oldest` are not signed; `clock` gives seconds.
    """
    past = past or Past()
    try:
        with stages.time(FETCH):
            text = await cluster.read(key)
        gone = text is None
        text = past.last_state if text is None else text
        if text is None:
            return Turn(key, End.GONE)
        try:
            run = parse_run(text)
        except InputError as error:
            return await _give_up(key, cluster, _hold_of(key, text), str(error))
        passed_over = is_before(run.completed, oldest) and not is_asked_for(run.annotations)
        return await _Turn(key, cluster, parts, past, run, gone, passed_over, oldest, stages, clock).take()
    except EdgeError as error:
        return Turn(key, End.RETRY, str(error), error.retry_after)
    except InputError as error:
        return Turn(key, End.RETRY, str(error))


async def strike_forged(key: RunKey, cluster: Cluster, trusted: frozenset[str]) -> Turn:
    """Take a mark off a run that neither we nor a trusted field manager left; it is then signed as any other."""
    try:
        text = await cluster.read(key)
        if text is None:
            return Turn(key, End.GONE)
        if is_settled(parse_run(text).annotations) and is_forged(text, trusted):
            await cluster.mark(key, {SIGNED: None})
            cluster.tell(key, "ForgedMark", f"its mark {SIGNED} was not left by this service: the run is signed")
        return Turn(key, End.LEFT)
    except InputError as error:
        return Turn(key, End.LEFT, str(error))
    except EdgeError as error:
        return Turn(key, End.RETRY, str(error), error.retry_after)


@dataclass(frozen=True, slots=True)
class _Turn:
    """One turn in hand.

    `gone` means that only the run's last state is left, and there is nothing to mark; `passed_over` that it is too old.
    """

    key: RunKey
    cluster: Cluster
    parts: Parts | None
    past: Past
    run: Run
    gone: bool
    passed_over: bool
    oldest: datetime | None
    stages: Stages
    clock: Callable[[], float]

    async def take(self) -> Turn:
        managed_by = self.parts.config.managed_by if self.parts else frozenset()
        match next_step(self.run, managed_by):
            case NextStep.SIGN if self.parts is not None and self.passed_over:
                return Turn(self.key, End.LEFT) if self.gone else await self.free()
            case NextStep.SIGN if self.parts is not None:
                return await self.sign(self.parts)
            case NextStep.SIGN | NextStep.HOLD if self.parts is None:
                return Turn(self.key, End.BLOCKED, "there is no configuration")
            case NextStep.HOLD if self.parts is not None and self.parts.config.signs(self.run.kind):
                held = await self.cluster.hold(self.key, self.run.hold)
                return Turn(self.key, End.HELD if held else End.GONE)
            case NextStep.FREE:
                return await self.free()
            case _:
                return Turn(self.key, End.LEFT)

    async def sign(self, parts: Parts) -> Turn:
        try:
            children = await gather_children(self.key, self.run, self.cluster)
            unsettled = [c.name for c in children if _is_awaited(c, parts) and not is_before(c.completed, self.oldest)]
            if unsettled:
                return Turn(self.key, End.WAITING, f"for child runs {', '.join(unsettled)}")
            with self.stages.time(PLAN):
                plan = plan_run(self.run, parts.config, children)
        except InputError as error:
            return await self.give_up(str(error))
        try:
            signers = self.signers(plan, parts)
        except EdgeError as error:
            return Turn(self.key, End.BLOCKED, str(error))
        plan, unread = await with_children(plan, parts.indexes, self.past.kept.listed)
        receipts = await sign_plan(plan, signers, parts.stores, self.past.kept, parts.transparency)
        turn = await self.settle(plan, (*receipts, *unread), parts)
        if turn.end in (End.SIGNED, End.NOTHING_TO_SIGN, End.FAILED):
            await self.free_children(children)
        return turn

    def signers(self, plan: Plan, parts: Parts) -> Mapping[str, Signer]:
        """Return the signers to use: those of an earlier attempt that stored something, so that one key signs a run."""
        if not self.past.kept.stored:
            self.past.signers = {name: parts.signers[name]() for name in {each.signer for each in plan.requests}}
        known = self.past.signers
        missing = {each.signer for each in plan.requests} - known.keys()
        return {**known, **{name: parts.signers[name]() for name in missing}}

    async def settle(self, plan: Plan, receipts: tuple[Receipt, ...], parts: Parts) -> Turn:
        failures = [failure for receipt in receipts for failure in receipt.failures]
        sentence = _joined(f"{failure.where}: {failure.error}" for failure in failures)
        if any(failure.transient for failure in failures):
            waits = [wait for failure in failures if (wait := _asked_wait(failure.error)) is not None]
            return Turn(self.key, End.RETRY, sentence, max(waits, default=None), plan.reasons, receipts)
        if failures:
            return await self.give_up(sentence, receipts)
        annotations = {name: text for receipt in receipts for name, text in _carried(receipt).items()}
        if logged := log_urls(receipts):
            annotations[TRANSPARENCY] = logged
        if not receipts:
            annotations[REASON] = _joined(plan.reasons)
        elif parts.config.quiet_time > 0:
            annotations[STORED] = str(Stamp(datetime.now(UTC), fingerprint(_in_registry(receipts))))
        # A child stays held until its parent is attested: the parent tells what the child did.
        hold = None if self.run.parent is not None and parts.config.pipelinerun.enabled else self.run.hold
        try:
            done = {REASON: None} if REASON in self.run.annotations else {}
            with self.stages.time(MARK):
                marked = self.gone or await self.cluster.mark(self.key, {**done, **annotations, SIGNED: "true"}, hold)
        except EdgeError as error:
            if error.transient:
                raise
            # What the stores put on the run is more than the API allows an object.
            return await self.give_up(str(error), receipts)
        end = (End.SIGNED if receipts else End.NOTHING_TO_SIGN) if marked else End.GONE
        return Turn(self.key, end, annotations.get(REASON, ""), None, plan.reasons, receipts)

    async def free(self) -> Turn:
        """Let a run go that is being deleted and needs nothing more, but a child not before its parent, for a while."""
        parent = self.run.parent
        settled = is_settled(self.run.annotations)
        if parent is not None and settled and self.past.leaving_for(self.clock()) < CHILD_GRACE:
            text = await self.cluster.read(parent)
            if text is not None and not is_settled(parse_run(text).annotations):
                return Turn(self.key, End.WAITING, f"for the parent run {parent.name}")
        freed = await self.cluster.mark(self.key, {}, self.run.hold)
        return Turn(self.key, End.FREED if freed else End.GONE)

    async def free_children(self, children: tuple[Run, ...]) -> None:
        held = [child for child in children if child.hold.ours]
        # What stays held is let go in a turn of its own, when it is deleted.
        with suppress(EdgeError):
            await asyncio.gather(*(self.cluster.mark(child.key, {}, child.hold) for child in held))

    async def give_up(self, sentence: str, receipts: tuple[Receipt, ...] = ()) -> Turn:
        if self.gone:
            return Turn(self.key, End.FAILED, _joined([sentence]), receipts=receipts)
        return await _give_up(self.key, self.cluster, self.run.hold, sentence, receipts)


async def _give_up(
    key: RunKey, cluster: Cluster, hold: Hold | None, sentence: str, receipts: tuple[Receipt, ...] = ()
) -> Turn:
    """Mark a run as failed for a reason that no retry mends; one that is too full for a mark is let go without."""
    reason = _joined([sentence])
    try:
        marked = await cluster.mark(key, {SIGNED: "failed", REASON: reason}, hold)
    except EdgeError as error:
        if error.transient:
            raise
        reason = _joined([f"it cannot be marked as failed: {error}", sentence])
        marked = await cluster.mark(key, {}, hold)
    return Turn(key, End.FAILED if marked else End.GONE, reason, receipts=receipts)


def _hold_of(key: RunKey, text: bytes | msgspec.Raw) -> Hold | None:
    """Return what holds a run that cannot be read as a whole, if as much as that can be read."""
    try:
        return glance(key.kind, text).hold
    except InputError:
        return None


def _is_awaited(child: Run, parts: Parts) -> bool:
    return next_step(child, parts.config.managed_by) in (NextStep.WAIT, NextStep.HOLD, NextStep.SIGN)


def _carried(receipt: Receipt) -> Mapping[str, str]:
    return {name: text for stored in receipt.stored.values() for name, text in stored.annotations.items()}


def _in_registry(receipts: Iterable[Receipt]) -> Iterable[SignedPayload]:
    return (receipt.signed for receipt in receipts if receipt.signed is not None and "oci" in receipt.stored)


def _asked_wait(error: ChainsError) -> float | None:
    return error.retry_after if isinstance(error, EdgeError) else None


def _joined(sentences: Iterable[str]) -> str:
    text = "; ".join(dict.fromkeys(sentences))
    return text if len(text) <= LONGEST_REASON else text[: LONGEST_REASON - 1] + "…"
