"""When each run was made and when it was marked, as one watch on the runs' metadata tells."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import msgspec

from tests.bench.load import RUNS

_METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json"


class _Metadata(msgspec.Struct):
    name: str = ""
    annotations: dict[str, str] = {}


class _Object(msgspec.Struct):
    metadata: _Metadata


class _Line(msgspec.Struct):
    object: _Object


_LINE = msgspec.json.Decoder(_Line)


class Marks:
    """The monotonic times, in seconds, at which each run was first seen and first seen signed."""

    def __init__(self) -> None:
        self.seen: dict[str, float] = {}
        self.signed: dict[str, float] = {}
        self._news = asyncio.Event()

    def note(self, line: bytes) -> None:
        """Read one line of the watch."""
        metadata = _LINE.decode(line).object.metadata
        now = time.monotonic()
        if metadata.name:
            self.seen.setdefault(metadata.name, now)
        if metadata.annotations.get("chains.tekton.dev/signed") == "true":
            self.signed.setdefault(metadata.name, now)
            self._news.set()

    async def until(self, count: int, seconds: float) -> bool:
        """Wait until so many runs are signed; return whether that came about in time."""
        try:
            async with asyncio.timeout(seconds):
                while len(self.signed) < count:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            return False
        return True

    def latencies(self) -> list[float]:
        """Return the seconds from the first sight of each signed run to its mark, sorted."""
        return sorted(self.signed[name] - self.seen[name] for name in self.signed)


def quantile(values: list[float], share: float) -> float:
    """Return a quantile of sorted values, that of one value being itself."""
    if len(values) < 2:
        return values[0] if values else float("nan")
    return statistics.quantiles(values, n=1000, method="inclusive")[round(share * 1000) - 1]


@asynccontextmanager
async def watched(api: aiohttp.ClientSession) -> AsyncIterator[Marks]:
    """Watch the runs from now on."""
    async with api.get(RUNS, params={"limit": "1"}) as response:
        version = (await response.json())["metadata"]["resourceVersion"]
    marks = Marks()
    task = asyncio.create_task(_watch(api, version, marks))
    try:
        yield marks
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _watch(api: aiohttp.ClientSession, version: str, marks: Marks) -> None:
    asked = {"watch": "true", "resourceVersion": version, "timeoutSeconds": "7200"}
    timeout = aiohttp.ClientTimeout(total=None)
    async with api.get(RUNS, params=asked, headers={"Accept": _METADATA}, timeout=timeout, read_bufsize=2**22) as lines:
        async for line in lines.content:
            marks.note(line)
