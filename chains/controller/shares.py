"""Which runs are this replica's to write for, and until when: each write is checked right before it goes out."""

import asyncio
import zlib
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Protocol

import structlog

from chains.controller.turn import End, Turn
from chains.errors import EdgeError
from chains.payloads.payload import Origin, SignedPayload, Stored
from chains.pipeline.ports import Store
from chains.runs.sighting import RunKey

# The longest that what was begun may take when a bucket is handed over.
LONGEST_FAREWELL = 20.0
CHANGES = GAINED, LOST, GIVEN = "gained", "lost", "given"
_NOBODY = -1
_bucket: ContextVar[int] = ContextVar("bucket", default=_NOBODY)

log = structlog.get_logger()


class Leadership(Protocol):
    """An election in which this replica stands for every bucket; there are none before it has begun."""

    settled: asyncio.Event

    @property
    def buckets(self) -> int:
        """How many buckets there are."""

    @property
    def trouble(self) -> str:
        """Why nothing can be won, empty when it can."""

    def leads(self, bucket: int) -> bool:
        """Say whether what belongs to a bucket may be written at this moment."""

    async def run(self, shares: "Shares") -> None:
        """Stand until resigned or cancelled."""

    def withdraw(self) -> None:
        """Keep what is held, and win nothing more."""

    async def resign(self, shares: "Shares") -> None:
        """Stand no more and give up what is held; all work must have ended."""


class Alone:
    """The one replica there is, which everything belongs to."""

    buckets, trouble = 1, ""

    def __init__(self) -> None:
        self.settled = asyncio.Event()
        self.settled.set()

    def leads(self, _bucket: int) -> bool:
        """Say yes."""
        return True

    async def run(self, _shares: "Shares") -> None:
        """Wait for ever."""
        await asyncio.Event().wait()

    def withdraw(self) -> None:
        """Win nothing more."""

    async def resign(self, _shares: "Shares") -> None:
        """Give up nothing."""


class Shares:
    """Assigns every run to a bucket, a PipelineRun and its children to one, and guards the buckets not held."""

    def __init__(self, leadership: Leadership | None = None, farewell: float = LONGEST_FAREWELL) -> None:
        """Without a leadership all runs are ours; `farewell` bounds in seconds how long a hand-over takes."""
        self.leadership = leadership or Alone()
        self.news = asyncio.Event()
        self.changes: dict[tuple[int, str], int] = defaultdict(int)
        self._farewell = farewell
        self._dropped: Callable[[Callable[[RunKey], bool]], None] = lambda is_dropped: None
        self._turns: dict[int, set[asyncio.Timeout]] = defaultdict(set)
        self._leaving: dict[int, asyncio.Event] = {}

    def on_loss(self, dropped: Callable[[Callable[[RunKey], bool]], None]) -> None:
        """Say what to call with the runs, as a condition, that are no longer ours."""
        self._dropped = dropped

    def bucket(self, key: RunKey) -> int:
        """Return the bucket of a run, the same for a PipelineRun and its children, and in every replica."""
        buckets = self.leadership.buckets
        return zlib.crc32((key.family or key.uid).encode()) % buckets if buckets > 1 else 0

    def is_ours(self, key: RunKey) -> bool:
        """Say whether work on a run may begin."""
        bucket = self.bucket(key)
        return bucket not in self._leaving and self.leadership.leads(bucket)

    def check(self) -> None:
        """Raise EdgeError unless what is about to be written may be: the bucket that it belongs to is held now.

        What belongs to no run may be written by whoever holds any bucket.
        """
        bucket = _bucket.get()
        buckets = range(self.leadership.buckets) if bucket == _NOBODY else (bucket,)
        if not any(self.leadership.leads(each) for each in buckets):
            raise EdgeError("this is another replica's to write: our lease has run out", transient=True)

    @contextmanager
    def writing(self, key: RunKey) -> Iterator[None]:
        """Let everything that is written inside belong to a run."""
        token = _bucket.set(self.bucket(key))
        try:
            yield
        finally:
            _bucket.reset(token)

    async def within(self, key: RunKey, work: Awaitable[Turn]) -> Turn:
        """Do a turn of a run, and cut it off when its bucket is lost."""
        bucket = self.bucket(key)
        scope = asyncio.timeout(None)
        try:
            with self.writing(key):
                async with scope:
                    self._turns[bucket].add(scope)
                    return await work
        except TimeoutError:
            if not scope.expired():
                raise
            return Turn(key, End.LEFT, "it is another replica's now")
        finally:
            self._turns[bucket].discard(scope)
            if bucket in self._leaving and not self._turns[bucket]:
                self._leaving[bucket].set()

    def gained(self, bucket: int) -> None:
        """Begin to work on a bucket."""
        self._note(bucket, GAINED)
        self.news.set()

    def lost(self, bucket: int) -> None:
        """Drop what is queued of a bucket, and cut off what is being done."""
        self._note(bucket, LOST)
        self._drop(bucket)

    def given(self, bucket: int) -> None:
        """Do so for a bucket that is given up by choice, when what was begun has ended or has had its time."""
        self._note(bucket, GIVEN)
        self._drop(bucket)

    def _drop(self, bucket: int) -> None:
        self._leaving.pop(bucket, asyncio.Event()).set()
        for scope in self._turns.pop(bucket, set()):
            scope.reschedule(asyncio.get_running_loop().time())
        self._dropped(lambda key: self.bucket(key) == bucket)

    async def emptied(self, bucket: int) -> None:
        """Begin nothing more in a bucket, and return when what was begun is done or has had its time."""
        self._leaving[bucket] = asyncio.Event()
        self._dropped(lambda key: self.bucket(key) == bucket)
        if not self._turns[bucket]:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(self._farewell):
                await self._leaving[bucket].wait()

    def _note(self, bucket: int, change: str) -> None:
        self.changes[bucket, change] += 1
        log.info("leadership", bucket=f"{bucket:02d}-of-{self.leadership.buckets:02d}", change=change)


class OwnStore:
    """A store for what belongs to one run, for as long as the run is ours."""

    def __init__(self, store: Store, shares: Shares, key: RunKey) -> None:
        self._store = store
        self._shares = shares
        self._key = key

    async def put(self, signed: SignedPayload, origin: Origin) -> Stored:
        """Store it; raise EdgeError, not transient, when the run is another replica's by now."""
        if not self._shares.is_ours(self._key):
            raise EdgeError("the run is another replica's now, which looks after what was stored", transient=False)
        with self._shares.writing(self._key):
            return await self._store.put(signed, origin)
