"""One watch: what happens to the objects of a collection, line by line."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from chains.demo.kubernetes.history import Event
from chains.demo.kubernetes.lists import whole_number
from chains.demo.kubernetes.objects import Version, at_revision, encode
from chains.demo.kubernetes.representations import Representation
from chains.demo.kubernetes.selectors import Selector, parse_selector
from chains.demo.kubernetes.status import StatusError, version_too_old
from chains.demo.kubernetes.storage import Store

DEFAULT_SECONDS = 1800
_BATCH = 200

Stop = Literal["cut", "close"] | StatusError


class CutError(Exception):
    """The connection of a watch shall break."""


@dataclass(frozen=True, slots=True)
class WatchOptions:
    """What a watch was asked for; `revision` 0 begins with the objects there are, unless `initial` says otherwise."""

    selector: Selector
    revision: int
    seconds: int
    bookmarks: bool
    initial: bool | None


def read_watch_options(query: Mapping[str, str]) -> WatchOptions:
    """Read the query of a watch."""
    initial = {"true": True, "1": True, "false": False, "0": False}.get(query.get("sendInitialEvents", ""))
    match = query.get("resourceVersionMatch", "")
    if (initial is not None and match != "NotOlderThan") or (initial is None and match):
        why = "sendInitialEvents and resourceVersionMatch=NotOlderThan are only allowed together for watch"
        raise StatusError(
            422, "Invalid", f'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: {why}'
        )
    return WatchOptions(
        parse_selector(query),
        whole_number(query, "resourceVersion"),
        whole_number(query, "timeoutSeconds") or DEFAULT_SECONDS,
        query.get("allowWatchBookmarks") in ("true", "1"),
        initial,
    )


class Watch:
    """Follows the log of a store; `position` is the revision up to which all has been told."""

    def __init__(self, store: Store, namespace: str, options: WatchOptions, shown: Representation) -> None:
        self.store = store
        self.position = options.revision
        self._prefix = f"{namespace}/" if namespace else ""
        self._namespace = namespace
        self._options = options
        self._shown = shown
        self._pulse = asyncio.Event()
        self._stop: Stop | None = None
        self._bookmark_due = False

    def stop(self, how: Stop) -> None:
        """End: with the connection cut, closed, or after an ERROR line."""
        self._stop = how
        self._pulse.set()

    def tell_position(self) -> None:
        """Send a bookmark now, if bookmarks are allowed."""
        self._bookmark_due = True
        self._pulse.set()

    async def lines(self, bookmark_seconds: float, may_bookmark: Callable[[], bool]) -> AsyncGenerator[bytes, None]:
        """Yield one or more lines at a time until the time is over; raise CutError when cut."""
        self.store.listeners.add(self._pulse)
        try:
            for piece in self._beginning():
                yield piece
            async for piece in self._following(bookmark_seconds, may_bookmark):
                yield piece
        except StatusError as error:
            yield b'{"type":"ERROR","object":%b}\n' % encode(error.status)
        finally:
            self.store.listeners.discard(self._pulse)

    def _beginning(self) -> list[bytes]:
        options, history = self._options, self.store.history
        if self.position and options.initial is None:
            if self.position < history.floor:
                raise version_too_old(self.position, history.floor)
            return []
        # From here on nothing may be awaited before the objects are taken, or an event would come twice or never.
        self.position = self.store.revisions.current
        if options.initial is False:
            return []
        found = [each for each in self.store.scan(self._namespace).found if options.selector.matches(each)]
        pieces = [
            b"".join(self._shown.event("ADDED", each) for each in found[start : start + _BATCH])
            for start in range(0, len(found), _BATCH)
        ]
        if options.initial and options.bookmarks:
            pieces.append(self._shown.bookmark(self.position, initial_end=True))
        return pieces

    async def _following(
        self, bookmark_seconds: float, may_bookmark: Callable[[], bool]
    ) -> AsyncGenerator[bytes, None]:
        clock = asyncio.get_running_loop().time
        deadline = clock() + self._options.seconds
        next_bookmark = clock() + bookmark_seconds
        while True:
            self._pulse.clear()
            news = self._news() if self._stop in (None, "close") else b""
            if news:
                yield news
                continue
            if self._stop is not None:
                _end(self._stop)
                return
            if self._bookmark_due or clock() >= min(next_bookmark, deadline):
                next_bookmark, self._bookmark_due = clock() + bookmark_seconds, False
                if self._options.bookmarks and may_bookmark():
                    yield self._shown.bookmark(self.position)
            if clock() >= deadline:
                return
            await self._pulsed(min(deadline, next_bookmark) - clock())

    async def _pulsed(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._pulse.wait()
        except TimeoutError:
            return

    def _news(self) -> bytes:
        """Return the lines for what happened since the position, and move it."""
        history = self.store.history
        if self.position < history.dropped:
            raise version_too_old(self.position, history.floor)
        events = history.since(self.position)
        self.position = max(self.position, self.store.revisions.current)
        return b"".join(map(self._line, events))

    def _line(self, event: Event) -> bytes:
        if not event.key.startswith(self._prefix):
            return b""
        was, now = self._chosen(event.before), self._chosen(event.after)
        if now is not None:
            return self._shown.event("MODIFIED" if was is not None else "ADDED", now)
        if was is not None:
            return self._shown.event("DELETED", event.gone or at_revision(was, event.revision))
        return b""

    def _chosen(self, version: Version | None) -> Version | None:
        return version if version is not None and self._options.selector.matches(version) else None


def _end(how: Stop) -> None:
    if isinstance(how, StatusError):
        raise how
    if how == "cut":
        raise CutError
