"""The recent past of one resource: what watches and paged lists look back on."""

from bisect import bisect_right
from operator import attrgetter

import msgspec

from chains.demo.kubernetes.objects import Version

_REVISION = attrgetter("revision")


class Event(msgspec.Struct, frozen=True, gc=False):
    """One write: the object before and after it, None where there was or is none.

    `gone` is the last state of a deleted object under the revision of its deletion.
    """

    revision: int
    key: str
    before: Version | None
    after: Version | None
    gone: Version | None = None


class History:
    """A bounded log of events.

    Everything up to the revision `floor` is forgotten; `dropped` is the last event that this has really cost.
    """

    def __init__(self, size: int, floor: int = 0) -> None:
        self._size = max(size, 1)
        self._events: list[Event] = []
        self.floor = floor
        self.dropped = 0

    def append(self, event: Event) -> None:
        self._events.append(event)
        # Forgetting by halves keeps the cost of each event constant.
        if len(self._events) >= 2 * self._size:
            self.compact(self._events[-self._size - 1].revision)

    def since(self, revision: int) -> list[Event]:
        """Return the events after a revision, which must not lie below the floor."""
        return self._events[bisect_right(self._events, revision, key=_REVISION) :]

    def undo(self, revision: int) -> dict[str, Version | None]:
        """Return what was at `revision` under each key that has changed since."""
        past: dict[str, Version | None] = {}
        for event in self.since(revision):
            past.setdefault(event.key, event.before)
        return past

    def compact(self, revision: int) -> None:
        """Forget the events up to and with a revision."""
        if revision <= self.floor:
            return
        kept = self.since(revision)
        if len(kept) < len(self._events):
            self.dropped = self._events[len(self._events) - len(kept) - 1].revision
        self._events, self.floor = kept, revision
