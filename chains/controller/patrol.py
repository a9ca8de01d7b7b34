"""Rounds through the whole cluster: runs that failed are driven again after a change, and none is held for ever."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from chains.controller.outcomes import identity
from chains.controller.ports import Cluster
from chains.controller.shares import Shares
from chains.errors import EdgeError
from chains.runs.glance import Glance
from chains.runs.marks import REASON, SIGNED, UNSETTLED, is_settled

ROUNDS_PER_HORIZON = 24
# A round that was cut short is repeated after so many times the calm.
PATIENCE = 12

log = structlog.get_logger()


class Patrol:
    """Goes through all runs of the places given, each a kind and a namespace (None for all of them)."""

    def __init__(
        self,
        cluster: Cluster,
        places: tuple[tuple[str, str | None], ...],
        horizon: Callable[[], float],
        calm: float,
        shares: Shares | None = None,
    ) -> None:
        """`horizon` says how many seconds a run that is being deleted may be held.

        Configurations may change many times a minute; `calm` is how many seconds pass before a round for it. Runs that
        are not ours by the `shares` are passed over.
        """
        self._cluster = cluster
        self._places = places
        self._horizon = horizon
        self._calm = calm
        self._shares = shares or Shares()
        self._changed = asyncio.Event()

    def note_change(self) -> None:
        """Say that the configuration or the key changed, so that what failed may work now."""
        self._changed.set()

    async def drive_failed(self) -> None:
        """After each change take the mark off every run that was given up here, for ever."""
        while True:
            await self._changed.wait()
            await asyncio.sleep(self._calm)
            self._changed.clear()
            if not await self._gone_through(self._drive):
                await asyncio.sleep(self._calm * PATIENCE)
                self._changed.set()

    async def free_overdue(self) -> None:
        """Free every run whose deletion we have held up for longer than the horizon, for ever."""
        began = time.monotonic()
        while True:
            # The horizon may be set anew at any time.
            await asyncio.sleep(1.0)
            if time.monotonic() - began >= self._horizon() / ROUNDS_PER_HORIZON:
                began = time.monotonic()
                await self._gone_through(self._free)

    async def _gone_through(self, treat: Callable[[Glance], Awaitable[None]]) -> bool:
        """Go through all runs once; return whether the end was reached and none of them was refused."""
        refused = 0
        try:
            for kind, namespace in self._places:
                async for seen in self._cluster.glances(kind, namespace):
                    if self._shares.is_ours(seen.key):
                        with self._shares.writing(seen.key):
                            refused += not await _treated(seen, treat)
        except EdgeError as error:
            log.warning("a round through the runs was cut short", why=str(error))
            return False
        return refused == 0

    async def _drive(self, seen: Glance) -> None:
        if seen.annotations.get(SIGNED) == "failed" and REASON in seen.annotations:
            await self._cluster.mark(seen.key, UNSETTLED)

    async def _free(self, seen: Glance) -> None:
        if not seen.hold.ours or not seen.hold.deleted_for(timedelta(seconds=self._horizon())):
            return
        await self._cluster.mark(seen.key, {}, seen.hold)
        if not is_settled(seen.annotations):
            self._cluster.tell(seen.key, "FreedUnsigned", "its deletion was held up for too long")
            log.error("freed a run that is not signed", **identity(seen.key))


async def _treated(seen: Glance, treat: Callable[[Glance], Awaitable[None]]) -> bool:
    """Treat one run; that it is refused holds up no other."""
    try:
        await treat(seen)
    except EdgeError as error:
        log.warning("a run was passed over", **identity(seen.key), why=str(error))
        return False
    return True
