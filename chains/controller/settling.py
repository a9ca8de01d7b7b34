"""What was stored in a registry is put there once more after a quiet time: an outside writer may have dropped it."""

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass

import structlog

from chains.errors import ChainsError, EdgeError
from chains.payloads.payload import Origin, SignedPayload
from chains.pipeline.ports import Store
from chains.pipeline.sign import Receipt

MOST_BYTES = 16 * 1024 * 1024
AT_ONCE = 8
PAUSE = 30.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Deposit:
    """One payload in one store, to be looked at again after a quiet time."""

    quiet: float
    store: Store
    signed: SignedPayload
    origin: Origin

    @property
    def size(self) -> int:
        return len(self.signed.payload.body) + len(self.signed.signed_bytes)


class Settling:
    """Repeats every put after a quiet time, until nothing is missing any more.

    A put of what is there costs one read; what is not there is put back, and looked at again after another quiet time.

    When more waits than may, the oldest are looked at sooner, and dropped when that fails. What still waits when the
    service stops is not looked at.
    """

    def __init__(self, repaired: Callable[[], None] = lambda: None, most: int = MOST_BYTES) -> None:
        """Set it up; `repaired` is called for each payload that is put back, and at most `most` bytes wait."""
        self._most = most
        self._repaired = repaired
        self._waiting: list[tuple[float, int, _Deposit]] = []
        self._order = itertools.count()
        self._bytes = 0
        self._wake = asyncio.Event()

    def note(self, receipts: Iterable[Receipt], store: Store | None, quiet: float) -> None:
        """Remember what these receipts say that this store, named oci, has taken; no quiet time means not at all."""
        if store is None or quiet <= 0:
            return
        for receipt in receipts:
            if receipt.signed is not None and "oci" in receipt.stored:
                self._add(_Deposit(quiet, store, receipt.signed, receipt.origin), quiet)

    async def run(self) -> None:
        """Look again at what is due, for ever; what hangs holds up nothing else until `AT_ONCE` do."""
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(self._follow())

    async def _follow(self) -> None:
        while True:
            await self._until_due()
            await self._look(self._take())

    def _add(self, deposit: _Deposit, wait: float) -> None:
        heapq.heappush(self._waiting, (time.monotonic() + wait, next(self._order), deposit))
        self._bytes += deposit.size
        self._wake.set()

    def _take(self) -> _Deposit:
        _, _, deposit = heapq.heappop(self._waiting)
        self._bytes -= deposit.size
        return deposit

    async def _look(self, deposit: _Deposit) -> None:
        """Put it again; it waits once more when something was missing, or when that cannot be told yet."""
        wait = deposit.quiet
        try:
            stored = await deposit.store.put(deposit.signed, deposit.origin)
        except ChainsError as error:
            log.warning("what was stored cannot be looked at again", run=str(deposit.origin), why=str(error))
            if not isinstance(error, EdgeError) or not error.transient or self._bytes + deposit.size > self._most:
                return
            wait = max(PAUSE, error.retry_after or 0.0)
        else:
            if not stored.written:
                return
            self._repaired()
            log.warning("put back what another writer dropped", run=str(deposit.origin), stored=stored.locations)
        self._add(deposit, wait)

    def _is_due(self) -> bool:
        return bool(self._waiting) and (self._bytes > self._most or self._waiting[0][0] <= time.monotonic())

    async def _until_due(self) -> None:
        while not self._is_due():
            self._wake.clear()
            wait = self._waiting[0][0] - time.monotonic() if self._waiting else None
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._wake.wait()
