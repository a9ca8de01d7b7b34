"""The watches that run in a server, and what can be done to them on purpose."""

import asyncio
from collections.abc import Iterator

from chains.demo.kubernetes.status import StatusError, version_too_old
from chains.demo.kubernetes.watch import Watch


class Watches:
    """Every running watch; each method acts on those of one resource (`taskruns`), or on all.

    With `bookmarks` False no watch tells any. `opened` counts the watches there ever were.
    """

    def __init__(self) -> None:
        self.bookmarks = True
        self.opened = 0
        self._running: set[Watch] = set()
        self._changed = asyncio.Event()

    def count(self, plural: str = "") -> int:
        """Return how many run."""
        return sum(1 for _ in self._of(plural))

    async def running(self, count: int, plural: str = "") -> None:
        """Wait until exactly so many run."""
        while self.count(plural) != count:
            self._changed.clear()
            await self._changed.wait()

    def cut(self, plural: str = "") -> None:
        """Break the connections."""
        for watch in self._of(plural):
            watch.stop("cut")

    def close(self, plural: str = "") -> None:
        """End watches as when their time is over."""
        for watch in self._of(plural):
            watch.stop("close")

    def expire(self, plural: str = "") -> None:
        """End watches with an ERROR that says 410: their resourceVersion is too old."""
        for watch in self._of(plural):
            watch.stop(version_too_old(watch.position, watch.position + 1))

    def fail(self, error: StatusError, plural: str = "") -> None:
        """End watches with an ERROR of any kind."""
        for watch in self._of(plural):
            watch.stop(error)

    def bookmark(self, plural: str = "") -> None:
        """Send a bookmark now where bookmarks are allowed."""
        for watch in self._of(plural):
            watch.tell_position()

    def add(self, watch: Watch) -> None:
        """Count a watch among the running ones."""
        self._running.add(watch)
        self.opened += 1
        self._changed.set()

    def remove(self, watch: Watch) -> None:
        """Count a watch no longer."""
        self._running.discard(watch)
        self._changed.set()

    def _of(self, plural: str) -> Iterator[Watch]:
        return (watch for watch in tuple(self._running) if plural in ("", watch.store.resource.plural))
