"""What was stored in a registry is put there once more after a quiet time: an outside writer may have dropped it."""

import asyncio
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace

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
    """One payload in one store, to be looked at again when it is due."""

    due: float
    quiet: float
    store: Store
    signed: SignedPayload
    origin: Origin


class Settling:
    """Repeats every put after a quiet time, until nothing is missing any more.

    A put of what is there costs one read; what is not there is put back, and looked at again after another quiet time.

    At most `MOST_BYTES` of payloads wait; more than that, and the oldest are looked at sooner. What is still waiting
    when the service stops is not looked at.
    """

    def __init__(self) -> None:
        self._waiting: deque[_Deposit] = deque()
        self._bytes = 0
        self._wake = asyncio.Event()

    def note(self, receipts: Iterable[Receipt], store: Store | None, quiet: float) -> None:
        """Remember what these receipts say that this store, named oci, has taken; no quiet time means not at all."""
        if store is None or quiet <= 0:
            return
        due = time.monotonic() + quiet
        for receipt in receipts:
            if receipt.signed is not None and "oci" in receipt.stored:
                self._add(_Deposit(due, quiet, store, receipt.signed, receipt.origin))
        self._wake.set()

    async def run(self) -> None:
        """Look again at what is due, for ever."""
        while True:
            await self._until_due()
            batch = [self._take() for _ in range(min(AT_ONCE, len(self._waiting))) if self._first_is_due()]
            for deposit in await asyncio.gather(*map(self._look, batch)):
                if deposit is not None:
                    self._add(deposit)

    def _add(self, deposit: _Deposit) -> None:
        self._waiting.append(deposit)
        self._bytes += _size(deposit)

    def _take(self) -> _Deposit:
        deposit = self._waiting.popleft()
        self._bytes -= _size(deposit)
        return deposit

    async def _look(self, deposit: _Deposit) -> _Deposit | None:
        """Put it again; return it with a new time when something was missing, or when that cannot be told yet."""
        wait = deposit.quiet
        try:
            stored = await deposit.store.put(deposit.signed, deposit.origin)
        except ChainsError as error:
            log.warning("what was stored cannot be looked at again", run=str(deposit.origin), why=str(error))
            if not isinstance(error, EdgeError) or not error.transient:
                return None
            wait = max(PAUSE, error.retry_after or 0.0)
        else:
            if not stored.written:
                return None
            log.warning("put back what another writer dropped", run=str(deposit.origin), stored=stored.locations)
        return replace(deposit, due=time.monotonic() + wait)

    def _first_is_due(self) -> bool:
        return self._bytes > MOST_BYTES or self._waiting[0].due <= time.monotonic()

    async def _until_due(self) -> None:
        while not self._waiting:
            self._wake.clear()
            await self._wake.wait()
        if not self._first_is_due():
            await asyncio.sleep(max(0.0, self._waiting[0].due - time.monotonic()))


def _size(deposit: _Deposit) -> int:
    return len(deposit.signed.payload.body) + len(deposit.signed.signed_bytes)
