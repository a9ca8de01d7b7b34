"""What is stored of one resource, under one counter of revisions for the whole cluster."""

import asyncio
from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from heapq import merge
from itertools import islice
from typing import Any

from chains.demo.kubernetes.history import Event, History
from chains.demo.kubernetes.objects import Version, at_revision, serialise
from chains.demo.kubernetes.resources import Resource


class Revisions:
    """Counts writes, as etcd does for the whole cluster."""

    def __init__(self) -> None:
        self.current = 0

    def next(self) -> int:
        self.current += 1
        return self.current


@dataclass(frozen=True, slots=True)
class Scan:
    """The objects found in a range, in order of their keys, and how many there are in all."""

    found: Iterator[Version]
    count: int


class Store:
    """The objects of one resource and their recent past; whoever listens is woken at every write."""

    def __init__(self, resource: Resource, revisions: Revisions, history: History) -> None:
        self.resource = resource
        self.revisions = revisions
        self.history = history
        self.listeners: set[asyncio.Event] = set()
        self._versions: dict[str, Version] = {}
        self._keys: list[str] = []

    def __len__(self) -> int:
        return len(self._keys)

    def get(self, key: str) -> Version | None:
        return self._versions.get(key)

    def draft(self, found: Mapping[str, Any]) -> Version:
        """Write an object down as the next write would."""
        return serialise(self.resource, found, self.revisions.current + 1)

    def put(self, version: Version) -> None:
        """Store a draft that nothing has been written since, in place of the object with its key."""
        self.revisions.next()
        before = self._versions.get(version.key)
        if before is None:
            insort(self._keys, version.key)
        self._versions[version.key] = version
        self._tell(Event(version.revision, version.key, before, version))

    def remove(self, key: str) -> Version:
        """Remove an object that is there and return it as its deletion is told."""
        before = self._versions.pop(key)
        del self._keys[bisect_left(self._keys, key)]
        gone = at_revision(before, self.revisions.next())
        self._tell(Event(gone.revision, key, before, None, gone))
        return gone

    def scan(self, namespace: str = "", after: str = "", revision: int | None = None) -> Scan:
        """Find the objects (of a namespace), those beyond the key `after`, as they are or were at a revision."""
        lowest, highest = (f"{namespace}/", f"{namespace}0") if namespace else ("", None)
        start = max(lowest, after + "\0") if after else lowest
        first = bisect_left(self._keys, start)
        last = len(self._keys) if highest is None else bisect_left(self._keys, highest)
        past = {} if revision is None else self.history.undo(revision)
        if not past:
            return Scan(map(self._versions.__getitem__, islice(self._keys, first, last)), max(last - first, 0))
        past = {key: held for key, held in past.items() if key >= start and (highest is None or key < highest)}
        since = sum(held is None for key, held in past.items() if key in self._versions)
        gone = sorted(key for key, held in past.items() if held is not None and key not in self._versions)
        keys = merge(islice(self._keys, first, last), gone)
        versions = (past[key] if key in past else self._versions[key] for key in keys)
        return Scan((held for held in versions if held is not None), last - first - since + len(gone))

    def _tell(self, event: Event) -> None:
        self.history.append(event)
        for listener in self.listeners:
            listener.set()
