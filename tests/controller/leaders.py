"""An election decided by the test."""

import asyncio

from chains.controller.shares import Shares


class Decided:
    """Gives buckets and takes them; `lapse` lets a hold end without a word, as the clock does."""

    def __init__(self, buckets: int = 2, *held: int, settled: bool = True) -> None:
        self.buckets = buckets
        self.trouble = ""
        self.settled = asyncio.Event()
        self.resigned = asyncio.Event()
        self.withdrawn = False
        self.led = set(held)
        self._shares: Shares | None = None
        if settled:
            self.settled.set()

    def leads(self, bucket: int) -> bool:
        return bucket in self.led

    async def run(self, shares: Shares) -> None:
        self._shares = shares
        await asyncio.Event().wait()

    def withdraw(self) -> None:
        self.withdrawn = True

    async def resign(self, shares: Shares) -> None:
        self.led.clear()
        self.resigned.set()

    def give(self, bucket: int) -> None:
        assert self._shares is not None
        self.led.add(bucket)
        self._shares.gained(bucket)

    def take(self, bucket: int) -> None:
        assert self._shares is not None
        self.led.discard(bucket)
        self._shares.lost(bucket)

    def lapse(self, bucket: int) -> None:
        self.led.discard(bucket)

    async def empty(self, bucket: int) -> None:
        assert self._shares is not None
        await self._shares.emptied(bucket)
