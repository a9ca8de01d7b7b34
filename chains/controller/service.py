"""The service: watches, workers and what they share, started and stopped together."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import msgspec
import structlog

from chains.controller.ports import Cluster
from chains.controller.queue import Lane, RunQueue
from chains.controller.reconcile import End, Turn, reconcile
from chains.controller.state import State
from chains.errors import InputError
from chains.pipeline.parts import Parts
from chains.runs.glance import glance
from chains.runs.marks import is_settled
from chains.runs.sighting import RunKey

FIRST_RETRY, LONGEST_RETRY = 1.0, 900.0
CHILDREN_POLL = 30.0
SHUTDOWN = 25.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Scope:
    """What the service watches and how much it does at once; no namespaces means all of them."""

    kinds: tuple[str, ...] = ("TaskRun", "PipelineRun")
    namespaces: tuple[str, ...] = ()
    workers: int = 32


class Service:
    """Watches a cluster and signs its runs until told to stop.

    `choose` turns the entries of `chains-config` into live parts and raises InputError for those that it refuses;
    `refresh_keys` is called in a loop of its own and returns a sentence whenever something about the keys changed.
    """

    def __init__(
        self,
        cluster: Cluster,
        choose: Callable[[Mapping[str, str]], Parts],
        refresh_keys: Callable[[], Awaitable[str]],
        scope: Scope,
        *,
        key_poll: float = 10.0,
        observe: Callable[[Turn], None] = lambda turn: None,
    ) -> None:
        self.state = State()
        self.queue = RunQueue()
        self._cluster = cluster
        self._choose = choose
        self._refresh_keys = refresh_keys
        self._scope = scope
        self._key_poll = key_poll
        self._observe = observe
        self._attempts: dict[RunKey, int] = {}
        self._parents_waiting: set[RunKey] = set()
        self._able = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set; then finish the turns in hand, or abandon them after 25 s."""
        async with asyncio.TaskGroup() as group:
            inflow = [
                group.create_task(self._follow_config()),
                group.create_task(self._follow_keys()),
                *(group.create_task(self._follow_runs(k, n)) for k in self._scope.kinds for n in self._namespaces()),
            ]
            workers = [group.create_task(self._work()) for _ in range(self._scope.workers)]
            await stop.wait()
            for task in inflow:
                task.cancel()
            self.queue.close()
            self._able.set()
            await asyncio.wait(workers, timeout=SHUTDOWN)
            for task in workers:
                task.cancel()

    def _namespaces(self) -> tuple[str | None, ...]:
        return self._scope.namespaces or (None,)

    async def _follow_config(self) -> None:
        async for sighting in self._cluster.config():
            if sighting.trouble:
                log.warning("configuration cannot be read", why=sighting.trouble)
            elif sighting.entries is None:
                self._refuse_config("there is no ConfigMap chains-config: create it, empty for the defaults")
            else:
                self._accept_config(sighting.entries)

    def _accept_config(self, entries: Mapping[str, str]) -> None:
        try:
            self.state.parts = self._choose(entries)
        except InputError as error:
            self._refuse_config(str(error))
            return
        self.state.config_trouble = ""
        self._consider()
        log.info("configuration in force", keys=sorted(entries))
        for notice in self.state.parts.notices:
            log.warning("configuration", notice=notice)

    def _refuse_config(self, why: str) -> None:
        """Keep the last good configuration; without one the service is not ready."""
        kept = (
            "the last good configuration stays in force" if self.state.parts else "nothing is signed until it is mended"
        )
        self.state.config_trouble = "" if self.state.parts else why
        log.error("configuration refused", why=why, then=kept)

    async def look_for_keys(self) -> None:
        """Look at the signing secret now; it is looked at every `key_poll` seconds anyway."""
        news = await self._refresh_keys()
        if news:
            log.info("signing key", news=news)
            self._consider()

    async def _follow_keys(self) -> None:
        while True:
            await self.look_for_keys()
            await asyncio.sleep(self._key_poll)

    def _consider(self) -> None:
        """Let the workers go on, or have them wait, with the queue kept, while there is no configuration or no key."""
        if self.state.parts is not None and not self.state.signer_troubles():
            self._able.set()
        else:
            self._able.clear()

    async def _follow_runs(self, kind: str, namespace: str | None) -> None:
        watch = f"{kind} in {namespace or 'all namespaces'}"
        self.state.watch_troubles[watch] = f"runs of kind {watch} have not been listed yet"
        async for sighting in self._cluster.runs(kind, namespace):
            if sighting.object is not None:
                self._see(kind, sighting.object, Lane.LIVE if sighting.live else Lane.BACKLOG)
            else:
                self.state.watch_troubles[watch] = sighting.trouble
                log.log(30 if sighting.trouble else 20, "watch", runs=watch, trouble=sighting.trouble or None)

    def _see(self, kind: str, text: msgspec.Raw, lane: Lane) -> None:
        """Queue a run that may need work, after a glance that costs little."""
        try:
            seen = glance(kind, text)
        except InputError as error:
            log.warning("a run cannot be read", kind=kind, why=str(error))
            return
        if not is_settled(seen.annotations):
            if seen.done:
                self.queue.add(seen.key, lane)
        elif seen.parent is not None and seen.parent in self._parents_waiting:
            self.queue.add(seen.parent, lane)

    async def _work(self) -> None:
        while await self._able.wait() and (key := await self.queue.take()) is not None:
            if self.state.parts is None:
                return
            if key.kind == "PipelineRun":
                # A child's mark that comes during this turn queues it again.
                self._parents_waiting.add(key)
            try:
                turn = await reconcile(key, self._cluster, self.state.parts)
            except Exception as error:  # the one place: a fault of ours must not cost the service, nor the run
                log.exception("fault in the service", run=str(key), uid=key.uid)
                turn = Turn(key, End.RETRY, f"a fault in the service: {type(error).__name__}")
            finally:
                self.queue.release(key)
            self._account(turn)

    def _account(self, turn: Turn) -> None:
        if turn.end is End.WAITING:
            # A child's mark wakes it at once; the delay is for a mark that no watch ever tells of.
            self.queue.add_later(turn.key, CHILDREN_POLL)
        elif turn.end is End.RETRY:
            attempt = self._attempts[turn.key] = self._attempts.get(turn.key, 0) + 1
            wait = max(turn.retry_after or 0.0, backoff(attempt))
            self.queue.add_later(turn.key, wait)
            log.warning(
                "run will be tried again",
                run=str(turn.key),
                uid=turn.key.uid,
                why=turn.sentence,
                seconds=round(wait, 1),
            )
        else:
            self._attempts.pop(turn.key, None)
            self._parents_waiting.discard(turn.key)
            write_outcome(turn)
        self._observe(turn)


def backoff(attempt: int) -> float:
    """Return the wait in seconds before the next try: doubled each time up to 15 minutes, half of it at random."""
    ceiling = min(LONGEST_RETRY, FIRST_RETRY * 2.0 ** min(attempt - 1, 20))
    return ceiling * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, guards nothing


def write_outcome(turn: Turn) -> None:
    """Log what became of a run, from its receipts."""
    if turn.end in (End.LEFT, End.GONE):
        log.debug(turn.end.value, run=str(turn.key), uid=turn.key.uid)
        return
    stored = [place for receipt in turn.receipts for kept in receipt.stored.values() for place in kept.locations]
    level = 40 if turn.end is End.FAILED else 20
    why = turn.sentence or "; ".join(turn.reasons) or None
    log.log(level, turn.end.value, run=str(turn.key), uid=turn.key.uid, stored=stored or None, why=why)
