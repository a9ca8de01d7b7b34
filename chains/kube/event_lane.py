"""Events on their way: behind everything else, a few a second, each story told once and then counted."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import structlog

from chains.errors import ChainsError
from chains.kube.client import KubeClient
from chains.kube.events import WARNING, Involved, amend_event, cut, record_event

MOST_PENDING = 1000
REMEMBERED = 4096
PAUSE = 0.05
BURST = 25

Story = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Pending:
    """One story of one object: what is to be told of it now, and how often it happened since it was last told."""

    involved: Involved
    type: str
    reason: str
    message: str
    count: int = 1

    @property
    def story(self) -> Story:
        """What is counted as the same: the object and the reason; the newest message stands."""
        return self.involved.namespace, self.involved.uid or self.involved.name, self.reason


@dataclass(slots=True)
class _Told:
    """An Event that the API holds."""

    name: str
    count: int


class EventLane:
    """Takes Events at once and sends them one after another, so that nobody waits for them; best effort.

    `wanted` is `all`, `warnings` or `none`. What happens again before it is sent, or after, is one Event that is
    counted. Past `MOST_PENDING` the newest are dropped, and so is what the API refuses; `dropped` counts both.
    """

    def __init__(self, client: KubeClient, *, wanted: str = "warnings", pause: float = PAUSE) -> None:
        self.wanted = wanted
        self.dropped = 0
        self._client = client
        self._pause = pause
        self._pending: OrderedDict[Story, Pending] = OrderedDict()
        self._told: OrderedDict[Story, _Told] = OrderedDict()
        self._wake = asyncio.Event()
        self._quiet = asyncio.Event()
        self._quiet.set()

    def note(self, involved: Involved, type_: str, reason: str, message: str) -> None:
        """Have an Event sent, if its kind is wanted."""
        if self.wanted == "none" or (self.wanted == "warnings" and type_ != WARNING):
            return
        news = Pending(involved, type_, reason, cut(message))
        before = self._pending.get(news.story)
        if before is None and len(self._pending) >= MOST_PENDING:
            self.dropped += 1
            return
        self._pending[news.story] = news if before is None else replace(news, count=before.count + 1)
        self._quiet.clear()
        self._wake.set()

    async def run(self) -> None:
        """Send what comes, for ever: `BURST` at once, then one each `pause` seconds."""
        spare = BURST
        while True:
            if not self._pending:
                self._quiet.set()
                self._wake.clear()
                await self._wake.wait()
                spare = BURST
            _, next_one = self._pending.popitem(last=False)
            await self._send(next_one)
            spare -= 1
            if spare < 0:
                await asyncio.sleep(self._pause)

    async def drain(self) -> None:
        """Wait until nothing is left to send."""
        await self._quiet.wait()

    async def _send(self, news: Pending) -> None:
        try:
            await self._tell(news)
        except ChainsError as error:
            self.dropped += 1
            structlog.get_logger().debug("an event was dropped", reason=news.reason, why=str(error))

    async def _tell(self, news: Pending) -> None:
        told = self._told.pop(news.story, None)
        now = datetime.now(UTC)
        if told is not None:
            told.count += news.count
            if await amend_event(self._client, news.involved.namespace, told.name, news.message, told.count, now):
                self._remember(news.story, told)
                return
        name = await record_event(
            self._client, news.involved, news.type, news.reason, news.message, count=news.count, now=now
        )
        self._remember(news.story, _Told(name, news.count))

    def _remember(self, story: Story, told: _Told) -> None:
        self._told[story] = told
        if len(self._told) > REMEMBERED:
            self._told.popitem(last=False)


@asynccontextmanager
async def event_lane(client: KubeClient) -> AsyncGenerator[EventLane, None]:
    """Run a lane until the body ends, which waits for its `drain` if the last words are to be heard."""
    lane = EventLane(client)
    running = asyncio.create_task(lane.run())
    try:
        yield lane
    finally:
        running.cancel()
