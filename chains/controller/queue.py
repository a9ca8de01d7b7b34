"""The work queue: each run at most once, live runs first, retries and the backlog in turn, namespaces too."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from enum import IntEnum

from chains.controller.agenda import Agenda
from chains.controller.places import Places
from chains.runs.sighting import RunKey


class Lane(IntEnum):
    """Which runs go first; of the two that are not live, the one that went last lets the other go before it."""

    LIVE = 0
    RETRY = 1
    BACKLOG = 2


RETRIES_FIRST = Lane.LIVE, Lane.RETRY, Lane.BACKLOG
BACKLOG_FIRST = Lane.LIVE, Lane.BACKLOG, Lane.RETRY


class RunQueue:
    """Runs waiting for a worker, and those waiting for their next try.

    A run that is added again while a worker has it is queued once more when the worker is done with it. Namespaces take
    turns, and have their `Places`: one whose registries are silent must not hold up the others.
    """

    def __init__(self, workers: int = 1 << 30, clock: Callable[[], float] = time.monotonic) -> None:
        """`workers` is how many take runs at once; `clock` gives seconds."""
        self._clock = clock
        self._moved = clock()
        self._places = Places(workers)
        # Of each lane by namespace; both are left and entered at any place in one step.
        self._lanes: tuple[OrderedDict[str, OrderedDict[RunKey, None]], ...] = tuple(OrderedDict() for _ in Lane)
        self._order = RETRIES_FIRST
        self._waiting: dict[RunKey, Lane] = {}
        self._active: set[RunKey] = set()
        self._again: dict[RunKey, Lane] = {}
        self._later = Agenda()
        self._since: dict[RunKey, float] = {}
        self._wake = asyncio.Event()
        self._closed = False

    def __len__(self) -> int:
        return len(self._waiting) + len(self._active) + len(self._later)

    @property
    def active(self) -> int:
        """How many runs a worker has."""
        return len(self._active)

    @property
    def later(self) -> int:
        """How many runs wait for their next try."""
        return len(self._later)

    def waits(self, key: RunKey) -> bool:
        """Whether a run waits for its next try, and for nothing else."""
        return key in self._later

    def depth(self, lane: Lane) -> int:
        """Return how many runs wait in a lane."""
        return sum(map(len, self._lanes[lane].values()))

    def age(self, lane: Lane) -> float:
        """Return for how many seconds the oldest run of a lane is known to need work."""
        return max((self.waited(next(iter(keys))) or 0.0 for keys in self._lanes[lane].values()), default=0.0)

    def oldest(self) -> float:
        """Return for how many seconds the oldest run of all is known to need work."""
        return self.waited(next(iter(self._since), None)) or 0.0

    def waited(self, key: RunKey | None) -> float | None:
        """Return for how many seconds a run is known to need work, None when it needs none."""
        since = self._since.get(key) if key is not None else None
        return None if since is None else self._clock() - since

    def still(self) -> float:
        """Return for how many seconds runs that may be taken have waited while no worker took or gave back one."""
        may_be_taken = any(not self._places.has_most(name) for lane in self._lanes for name in lane)
        return self._clock() - self._moved if may_be_taken else 0.0

    def forget(self, key: RunKey) -> None:
        """Say that a run needs no work any more, unless it is queued again already."""
        if key not in self._waiting:
            self._since.pop(key, None)

    def add(self, key: RunKey, lane: Lane) -> None:
        """Queue a run now; what waits for a later try is tried now."""
        self._later.strike(key)
        self._since.setdefault(key, self._clock())
        if key in self._active:
            self._again[key] = min(lane, self._again.get(key, lane))
            return
        waiting = self._waiting.get(key)
        if waiting is not None and waiting <= lane:
            return
        if waiting is not None:
            self._leave(waiting, key)
        if not self._waiting:
            self._moved = self._clock()
        self._waiting[key] = lane
        self._lanes[lane].setdefault(key.namespace, OrderedDict())[key] = None
        self._wake.set()

    def add_later(self, key: RunKey, seconds: float) -> None:
        """Queue a run after a delay, unless it is queued already."""
        if key in self._waiting:
            return
        self._later.put(key, self._clock() + seconds)
        self._wake.set()

    def drop(self, is_dropped: Callable[[RunKey], bool]) -> None:
        """Forget what waits and is so; what a worker has is not queued again."""
        self._later.drop(is_dropped)
        for remembered in (self._waiting, self._again, self._since):
            for key in [key for key in remembered if is_dropped(key)]:
                remembered.pop(key)
        for lane in self._lanes:
            for namespace, keys in list(lane.items()):
                for key in [key for key in keys if key not in self._waiting]:
                    del keys[key]
                if not keys:
                    del lane[namespace]

    def close(self) -> None:
        """Hand out no more runs."""
        self._closed = True
        self._wake.set()

    async def take(self) -> RunKey | None:
        """Wait for the next run and hold it until `release`; return None once the queue is closed."""
        while not self._closed:
            self._promote()
            key = self._next()
            if key is not None:
                self._active.add(key)
                self._moved = self._clock()
                self._places.take(key.namespace)
                return key
            await self._until_woken()
        return None

    def release(self, key: RunKey) -> None:
        """Give a run back; if it was added meanwhile, it is queued again."""
        self._active.discard(key)
        self._moved = self._clock()
        if self._places.release(key.namespace) and self._waiting:
            self._wake.set()
        lane = self._again.pop(key, None)
        if lane is not None:
            self.add(key, lane)

    def _leave(self, lane: Lane, key: RunKey) -> None:
        keys = self._lanes[lane][key.namespace]
        del keys[key]
        if not keys:
            del self._lanes[lane][key.namespace]

    def _promote(self) -> None:
        for key in self._later.take_due(self._clock()):
            self.add(key, Lane.RETRY)

    def _next(self) -> RunKey | None:
        for lane in self._order:
            namespace = next(filter(self._places.is_open, self._lanes[lane]), None)
            if namespace is not None:
                key = next(iter(self._lanes[lane][namespace]))
                self._lanes[lane].move_to_end(namespace)
                self._leave(lane, key)
                del self._waiting[key]
                if lane is not Lane.LIVE:
                    self._order = RETRIES_FIRST if lane is Lane.BACKLOG else BACKLOG_FIRST
                return key
        return None

    async def _until_woken(self) -> None:
        self._wake.clear()
        due = self._later.next()
        wait = None if due is None else due - self._clock()
        try:
            async with asyncio.timeout(wait):
                await self._wake.wait()
        except TimeoutError:
            return
