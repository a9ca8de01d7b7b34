"""The service: watches, workers and what they share, started and stopped together."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

import structlog

from chains.controller.announcements import announce_loss
from chains.controller.bound import bounded
from chains.controller.intake import Intake
from chains.controller.leader_metrics import LeaderMetrics
from chains.controller.metrics import Metrics
from chains.controller.outcomes import identity
from chains.controller.patrol import Patrol
from chains.controller.ports import Cluster, Workshop
from chains.controller.queue import Lane, RunQueue
from chains.controller.reconcile import reconcile, strike_forged
from chains.controller.resumption import sign_again
from chains.controller.sequel import Sequel
from chains.controller.settling import Settling
from chains.controller.shares import Shares
from chains.controller.stages import timed
from chains.controller.state import State
from chains.controller.turn import End, Turn
from chains.errors import EdgeError, InputError
from chains.pipeline.parts import Parts
from chains.runs.sighting import RunKey

SHUTDOWN = 20.0
# So much of it is kept for the events of the last turns, which may be left only before the buckets are given up.
LAST_WORDS = 2.0
# Turns are cut off long before: a service without the end of one for so long never comes to one.
STALL = 900.0
FEW = 4

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Scope:
    """What the service watches and how much it does at once; no namespaces means all of them."""

    kinds: tuple[str, ...] = ("TaskRun", "PipelineRun")
    namespaces: tuple[str, ...] = ()
    workers: int = 64

    @property
    def places(self) -> tuple[tuple[str, str | None], ...]:
        """Every kind in every namespace, None standing for all namespaces."""
        return tuple((kind, namespace) for kind in self.kinds for namespace in self.namespaces or (None,))


class Service:
    """Watches a cluster and signs its runs until told to stop."""

    def __init__(
        self,
        cluster: Cluster,
        workshop: Workshop,
        scope: Scope,
        *,
        key_poll: float = 10.0,
        calm: float = 5.0,
        observe: Callable[[Turn], None] = lambda turn: None,
        metrics: Metrics | None = None,
        shares: Shares | None = None,
    ) -> None:
        self.state = State()
        self.queue = RunQueue(scope.workers)
        self._shares = shares or Shares()
        self._shares.on_loss(self._drop)
        self._intake = Intake(
            self.queue, self.state, self._shares.is_ours, lambda key, why: announce_loss(cluster, key, why)
        )
        self._patrol = Patrol(cluster, scope.places, lambda: self.state.horizon, calm, self._shares)
        self._metrics = metrics or Metrics()
        self._metrics.follow(self)
        self._metrics.registry.register(LeaderMetrics(self._shares))
        self._settling = Settling(self._metrics.note_repair)
        self._sequel = Sequel(self.queue, self._intake, cluster, self._shares, self._settling, self._is_able)
        self._cluster = cluster
        self._workshop = workshop
        self._scope = scope
        self._calm = calm
        self._read = asyncio.Event()
        self._key_poll = key_poll
        self._observe = observe

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set; then finish the turns in hand, or abandon them after 20 s."""
        leadership = self._shares.leadership
        async with asyncio.TaskGroup() as group:
            campaign = group.create_task(leadership.run(self._shares))
            rounds = [
                self._follow_config(),
                self._follow_keys(),
                self._follow_recoveries(),
                self._settling.run(),
                self._patrol.drive_failed(),
                self._patrol.free_overdue(),
                self._take_up(),
                *(self._follow_runs(kind, namespace) for kind, namespace in self._scope.places),
            ]
            inflow = [group.create_task(coroutine) for coroutine in rounds]
            workers = [group.create_task(self._work()) for _ in range(self._scope.workers)]
            await stop.wait()
            leadership.withdraw()
            for task in inflow:
                task.cancel()
            self.queue.close()
            await asyncio.wait(workers, timeout=SHUTDOWN - LAST_WORDS)
            for task in workers:
                task.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
            with suppress(TimeoutError):
                async with asyncio.timeout(LAST_WORDS):
                    await self._cluster.told()
            await leadership.resign(self._shares)
            campaign.cancel()

    async def look_for_keys(self) -> None:
        """Look at the signing secret now; it is looked at every `key_poll` seconds anyway."""
        news = await self._workshop.refresh_keys()
        if news:
            able = self._is_able()
            log.log(logging.INFO if able else logging.WARNING, "signing key", news=news)
            if able:
                self._intake.unblock()
                self._patrol.note_change()

    async def _follow_keys(self) -> None:
        while True:
            await self.look_for_keys()
            await asyncio.sleep(self._key_poll)

    async def _follow_recoveries(self) -> None:
        """Try a few of the runs that wait when a host may work again; once it does, ever more until all are tried."""
        while True:
            recovered = await self._workshop.chance()
            troubled, most = self._workshop.troubled(), FEW
            while self._intake.hurry(most) == most and recovered and self._workshop.troubled() <= troubled:
                most *= FEW
                await asyncio.sleep(self._calm / FEW)

    async def _follow_config(self) -> None:
        async for sighting in self._cluster.config():
            self._read.set()
            if sighting.trouble:
                log.warning("configuration cannot be read", why=sighting.trouble)
            elif sighting.entries is None:
                self._refuse_config("there is no ConfigMap chains-config: create it, empty for the defaults")
            else:
                self._accept_config(sighting.entries)

    def _accept_config(self, entries: Mapping[str, str]) -> None:
        try:
            parts = timed(self._workshop.choose(entries), self._metrics.stages)
        except InputError as error:
            self._refuse_config(str(error))
            return
        self._metrics.note_config(valid=True)
        before, self.state.parts = self.state.parts, parts
        self.state.config_trouble = ""
        log.info("configuration in force", keys=sorted(entries))
        for notice in parts.notices:
            log.warning("configuration", notice=notice)
        if self._is_able():
            self._intake.unblock()
        if before is not None and before.config != parts.config:
            self._patrol.note_change()

    def _refuse_config(self, why: str) -> None:
        """Keep the last good configuration; without one the service is not ready."""
        self._metrics.note_config(valid=False)
        kept = (
            "the last good configuration stays in force" if self.state.parts else "nothing is signed until it is mended"
        )
        self.state.config_trouble = "" if self.state.parts else why
        log.error("configuration refused", why=why, then=kept)

    def _is_able(self) -> bool:
        return self.state.parts is not None and not self.state.signer_troubles()

    async def _follow_runs(self, kind: str, namespace: str | None) -> None:
        watch = f"{kind} in {namespace or 'all namespaces'}"
        self.state.watch_troubles[watch] = f"runs of kind {watch} have not been listed yet"
        # What the list tells is judged by the shares, and by the configuration; one not to be had is not waited for.
        await self._shares.leadership.settled.wait()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._calm):
                await self._read.wait()
        async for sighting in self._cluster.runs(kind, namespace):
            if sighting.object is not None:
                lane = Lane.LIVE if sighting.live else Lane.BACKLOG
                self._intake.see(kind, sighting.object, lane, gone=sighting.gone)
            else:
                self.state.watch_troubles[watch] = sighting.trouble
                log.log(
                    logging.WARNING if sighting.trouble else logging.INFO,
                    "watch",
                    runs=watch,
                    trouble=sighting.trouble or None,
                )

    async def _take_up(self) -> None:
        """Look for the runs of every bucket that is won after the watches began, until all have been seen."""
        await self._shares.leadership.settled.wait()
        if self._shares.news.is_set():
            self._patrol.note_change()
        self._shares.news.clear()
        while True:
            await self._shares.news.wait()
            self._shares.news.clear()
            # What failed there may work since a change that its holder did not live to see.
            self._patrol.note_change()
            try:
                for kind, namespace in self._scope.places:
                    async for sighting in self._cluster.backlog(kind, namespace):
                        if sighting.object is not None:
                            self._intake.see(kind, sighting.object, Lane.BACKLOG, gone=False)
            except EdgeError as error:
                log.warning("the runs of a bucket could not be taken up yet", why=str(error))
                self._shares.news.set()
                await asyncio.sleep(max(self._calm, error.retry_after or 0.0))

    def _drop(self, is_dropped: Callable[[RunKey], bool]) -> None:
        """Forget the runs that another replica works on now."""
        self.queue.drop(is_dropped)
        self._intake.drop(is_dropped)

    async def _work(self) -> None:
        while (key := await self.queue.take()) is not None:
            if key.kind == "PipelineRun":
                # A child's mark that comes during this turn queues it again.
                self._intake.parents.add(key)
            parts = self.state.parts
            try:
                turn = await self._shares.within(key, bounded(key, self._turn(key, parts)))
            except Exception as error:  # the one place: a fault of ours must not cost the service, nor the run
                log.exception("fault in the service", **identity(key))
                turn = Turn(key, End.RETRY, f"a fault in the service: {type(error).__name__}")
            finally:
                self.queue.release(key)
            self._account(turn, parts)

    async def _turn(self, key: RunKey, parts: Parts | None) -> Turn:
        if parts is not None and key in self._intake.forged:
            turn = await strike_forged(key, self._cluster, parts.config.trusted_managers)
            if turn.end is not End.RETRY:
                self._intake.forged.discard(key)
            return turn
        if key in self._intake.lately:
            return await sign_again(key, self._cluster, parts)
        return await reconcile(
            key, self._cluster, parts, self._intake.past(key), oldest=self.state.oldest, stages=self._metrics.stages
        )

    def unready(self) -> tuple[str, ...]:
        """Return why no run can be signed just now."""
        return tuple(filter(None, (*self.state.unready(), self._shares.leadership.trouble)))

    def stalled(self) -> str:
        """Say that no worker has ended a turn for so long that only a restart helps; empty while the queue moves."""
        still = self.queue.still()
        return f"runs wait, and no worker has taken or ended one for {still:.0f} s" if still > STALL else ""

    def _account(self, turn: Turn, parts: Parts | None) -> None:
        self._metrics.note(turn, self.queue.waited(turn.key))
        self._sequel.follow(turn, parts)
        self._observe(turn)
