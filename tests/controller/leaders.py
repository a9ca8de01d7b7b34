"""An election decided by the test."""

import asyncio

from chains.controller.shares import Watcher


class Decided:
    """Gives buckets and takes them; `lapse` lets a hold end without a word, as the clock does."""

    def __init__(self, buckets: int = 2, *held: int, settled: bool = True) -> None:
        self.buckets = buckets
        self.trouble = ""
        self.settled = asyncio.Event()
        self.resigned = asyncio.Event()
        self.led = set(held)
        self._holder: Watcher | None = None
        if settled:
            self.settled.set()

    def leads(self, bucket: int) -> bool:
        return bucket in self.led

    async def run(self, holder: Watcher) -> None:
        self._holder = holder
        await asyncio.Event().wait()

    async def resign(self, holder: Watcher) -> None:
        self.led.clear()
        self.resigned.set()

    def give(self, bucket: int) -> None:
        assert self._holder is not None
        self.led.add(bucket)
        self._holder.gained(bucket)

    def take(self, bucket: int) -> None:
        assert self._holder is not None
        self.led.discard(bucket)
        self._holder.lost(bucket)

    def lapse(self, bucket: int) -> None:
        self.led.discard(bucket)

    async def empty(self, bucket: int) -> None:
        assert self._holder is not None
        await self._holder.emptied(bucket)
