"""Answers remembered for a while, a bounded number of them, each asked for once at a time."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar
from weakref import WeakValueDictionary

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Remembered(Generic[K, V]):
    """Remembers up to `size` answers for `ttl` seconds each; the least recently used goes first."""

    def __init__(self, ttl: float, size: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._ttl = ttl
        self._size = size
        self._clock = clock
        self._answers: OrderedDict[K, tuple[float, V]] = OrderedDict()
        self._asking: WeakValueDictionary[K, asyncio.Lock] = WeakValueDictionary()

    async def get(self, key: K, ask: Callable[[], Awaitable[V]]) -> V:
        """Return the answer remembered, or ask; an error is not remembered."""
        lock = self._asking.setdefault(key, asyncio.Lock())
        async with lock:
            held = self._answers.get(key)
            if held is not None and self._clock() < held[0]:
                self._answers.move_to_end(key)
                return held[1]
            answer = await ask()
            self._answers[key] = (self._clock() + self._ttl, answer)
            self._answers.move_to_end(key)
            while len(self._answers) > self._size:
                self._answers.popitem(last=False)
            return answer

    def remembered(self, key: K) -> V | None:
        """Return what is remembered, however old, without asking."""
        held = self._answers.get(key)
        return None if held is None else held[1]

    def forget(self, key: K) -> None:
        """Ask again the next time."""
        self._answers.pop(key, None)
