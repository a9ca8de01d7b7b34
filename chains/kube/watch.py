"""Following a resource for ever: list, watch, and begin again where it broke off."""

import asyncio
import random
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

import msgspec
from tenacity import AsyncRetrying, RetryCallState, wait_random_exponential

from chains.errors import EdgeError
from chains.kube.client import PAGE_SIZE, KubeClient
from chains.kube.refusals import ExpiredError
from chains.kube.resources import Resource
from chains.kube.wire import Change, Found, identity

_CHANGES = frozenset({"ADDED", "MODIFIED", "DELETED"})


@dataclass(frozen=True, slots=True)
class Synced:
    """The list has been yielded to its end: what came as ADDED since it began is all there is."""

    resource_version: str


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The API could not be followed, and why; it is tried again after `pause` seconds."""

    reason: str
    pause: float


@dataclass(frozen=True, slots=True)
class Resumed:
    """The API is followed again from where that broke off: nothing was missed."""


Followed = Change | Synced | Disconnected | Resumed


@dataclass(frozen=True, slots=True)
class Pace:
    """How big a page is and, in seconds, how long things last.

    A watch lasts between two bounds and counts as dead when silent for `grace` longer; one that ends sooner than
    `shortest_quiet_watch` with nothing said is trouble; pauses grow from the first to the longest. After trouble a
    watch lasts for `trial`: that it then ends in peace shows, where nothing happens, that it works again.
    """

    page_size: int = PAGE_SIZE
    shortest_watch: int = 240
    longest_watch: int = 300
    trial: int = 2
    grace: float = 15.0
    shortest_quiet_watch: float = 1.0
    first_pause: float = 1.0
    longest_pause: float = 30.0


async def follow(
    client: KubeClient,
    resource: Resource,
    *,
    namespace: str | None = None,
    field_selector: str = "",
    metadata_first: bool = False,
    pace: Pace | None = None,
) -> AsyncGenerator[Followed, None]:
    """Yield every object there is as `Found`, then `Synced`, then every change; never raise EdgeError, never end.

    With `metadata_first` the objects before `Synced` have their metadata only.

    Trouble of any kind, a lacking permission too, is yielded as `Disconnected` and tried again after a pause that
    grows and is jittered. A watch that ends resumes at the last version seen, and `Resumed` is yielded if that was for
    trouble; where the API has forgotten that version (410), the list comes again. Nothing is kept of the objects, so
    what is deleted while the list is out of reach is never told as DELETED: whoever remembers names drops at `Synced`
    those that did not come since the `Disconnected`.
    Close the iterator (`contextlib.aclosing`), or its connection stays open.
    """
    follower = _Follower(client, resource, namespace, field_selector, pace or Pace(), metadata_first=metadata_first)
    while True:
        try:
            async with aclosing(follower.turn()) as followed:
                async for seen in followed:
                    yield seen
        except EdgeError as trouble:
            pause = follower.pause(trouble)
            yield Disconnected(str(trouble), pause)
            await asyncio.sleep(pause)


class _Follower:
    """Where one `follow` stands: the version to go on from, and how often it has failed in a row."""

    def __init__(
        self,
        client: KubeClient,
        resource: Resource,
        namespace: str | None,
        field_selector: str,
        pace: Pace,
        *,
        metadata_first: bool,
    ) -> None:
        self._client = client
        self._resource = resource
        self._namespace = namespace
        self._field_selector = field_selector
        self._pace = pace
        self._metadata_first = metadata_first
        self._version = ""
        self._latest: msgspec.Raw | None = None
        self._failures = 0
        self._troubled = False

    async def turn(self) -> AsyncGenerator[Followed, None]:
        """List unless there is a version to go on from, then watch once."""
        if not self._version:
            async with aclosing(self._listed()) as listed:
                async for seen in listed:
                    yield seen
        async with aclosing(self._watched()) as watched:
            async for change in watched:
                yield change

    async def _listed(self) -> AsyncGenerator[Followed, None]:
        version = ""
        pages = self._client.list_pages(
            self._resource,
            self._namespace,
            limit=self._pace.page_size,
            metadata_only=self._metadata_first,
            field_selector=self._field_selector,
        )
        async with aclosing(pages):
            async for page in pages:
                version = page.resource_version
                for item in page.items:
                    yield Found("ADDED", item)
        if not version:
            raise EdgeError(f"the list of {self._resource.plural} has no resourceVersion to watch from", transient=True)
        self._version, self._troubled = version, False
        yield Synced(version)

    async def _watched(self) -> AsyncGenerator[Change | Resumed, None]:
        seconds = self._seconds()
        begun = asyncio.get_running_loop().time()
        lines = self._client.watch(
            self._resource,
            self._namespace,
            resource_version=self._version,
            seconds=seconds,
            silence=seconds + self._pace.grace,
            field_selector=self._field_selector,
        )
        quiet = True
        try:
            async with aclosing(lines):
                async for line in lines:
                    quiet, self._failures, self._latest = False, 0, line.object
                    if self._troubled:
                        self._troubled = False
                        yield Resumed()
                    if line.type in _CHANGES:
                        yield line
        finally:
            self._advance()
        if quiet and asyncio.get_running_loop().time() - begun < self._pace.shortest_quiet_watch:
            raise EdgeError(f"the watch of {self._resource.plural} was closed as soon as it began", transient=True)
        self._failures = 0
        if self._troubled:
            self._troubled = False
            yield Resumed()

    def _seconds(self) -> int:
        if self._troubled:
            return self._pace.trial
        return random.randint(self._pace.shortest_watch, self._pace.longest_watch)  # noqa: S311 (jitter, no secret)

    def _advance(self) -> None:
        """Read the version of the last line only now: on every line it would double the cost of a watch."""
        latest, self._latest = self._latest, None
        if latest is None:
            return
        try:
            self._version = identity(latest).resource_version
        except msgspec.DecodeError:
            self._version = ""

    def pause(self, trouble: EdgeError) -> float:
        """Count a failure and return how many seconds to wait, as the API asked or longer every time."""
        if isinstance(trouble, ExpiredError):
            self._version = ""
        self._failures += 1
        self._troubled = True
        state = RetryCallState(AsyncRetrying(), None, (), {})
        state.attempt_number = self._failures
        wait = wait_random_exponential(
            self._pace.first_pause, self._pace.longest_pause, min=self._pace.first_pause / 10
        )
        return max(wait(state), trouble.retry_after or 0.0)
