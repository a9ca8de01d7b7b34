"""How long the stages of a turn take: those of the straight line are timed by what its sockets are fitted with."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace

from chains.payloads.payload import LogEntry, Origin, Signature, SignedPayload, Stored
from chains.pipeline.parts import Parts, Transparency
from chains.pipeline.ports import Signer, Store, TransparencyLog

FETCH, PLAN, SIGN, LOG, STORE, MARK = STAGES = ("fetch", "plan", "sign", "log", "store", "mark")
ELSEWHERE = "elsewhere"

_cut: ContextVar[list[str] | None] = ContextVar("cut", default=None)


@contextmanager
def cut_short() -> Iterator[list[str]]:
    """Give the stages that are cut off inside, in the order in which they end."""
    stages: list[str] = []
    token = _cut.set(stages)
    try:
        yield stages
    finally:
        _cut.reset(token)


class _Timing:
    """One passage through a stage."""

    __slots__ = ("_begun", "_note", "_stage")

    def __init__(self, stage: str, note: Callable[[str, float], None]) -> None:
        self._stage = stage
        self._note = note
        self._begun = 0.0

    def __enter__(self) -> None:
        self._begun = time.perf_counter()

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        self._note(self._stage, time.perf_counter() - self._begun)
        cut = _cut.get()
        if cut is not None and error is asyncio.CancelledError:
            cut.append(self._stage)


@dataclass(frozen=True, slots=True)
class Stages:
    """Tells `note` how many seconds each passage through a stage took, however it ended."""

    note: Callable[[str, float], None] = lambda stage, seconds: None

    def time(self, stage: str) -> AbstractContextManager[None]:
        """Return a context that takes as long as that stage."""
        return _Timing(stage, self.note)


UNTIMED = Stages()


def timed(parts: Parts, stages: Stages) -> Parts:
    """Return parts whose signers, stores and log are timed."""
    log = parts.transparency
    return replace(
        parts,
        signers={name: _timed_signer(signer, stages) for name, signer in parts.signers.items()},
        stores={name: _TimedStore(store, stages) for name, store in parts.stores.items()},
        transparency=None if log is None else Transparency(_TimedLog(log.log, stages), log.deferred),
    )


@dataclass(frozen=True, slots=True)
class _TimedSigner:
    inner: Signer
    stages: Stages

    async def sign(self, message: bytes) -> Signature:
        with self.stages.time(SIGN):
            return await self.inner.sign(message)


@dataclass(frozen=True, slots=True)
class _TimedStore:
    inner: Store
    stages: Stages

    async def put(self, signed: SignedPayload, origin: Origin) -> Stored:
        with self.stages.time(STORE):
            return await self.inner.put(signed, origin)


@dataclass(frozen=True, slots=True)
class _TimedLog:
    inner: TransparencyLog
    stages: Stages

    async def upload(self, signed: SignedPayload) -> LogEntry:
        with self.stages.time(LOG):
            return await self.inner.upload(signed)


def _timed_signer(current: Callable[[], Signer], stages: Stages) -> Callable[[], Signer]:
    return lambda: _TimedSigner(current(), stages)
