"""What is measured: a backlog, a steady stream, and clusters that are full of old runs."""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from tests.bench.controller import Running, controller
from tests.bench.load import RUNS, apply, digest_of, finished, furnish
from tests.bench.stages import Asked, Servers
from tests.bench.watching import Marks, quantile, watched

PORT = 18_080
PATIENCE = 1800.0
_JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Figures:
    """What one measurement came to; a figure that was not taken is None."""

    runs: int
    runs_per_second: float
    cpu_ms: float
    peak_mib: float
    registry_requests: float
    api_requests: float
    p50: float | None = None
    p99: float | None = None
    ready: float | None = None
    pages: int | None = None


async def backlog(folder: Path, servers: Servers, count: int, lead: str = "run") -> Figures:
    """Let the controller start with so many unsigned runs, and sign them all."""
    async with servers.session() as api:
        await furnish(api)
        await apply(api, _names(lead, count), servers.registry)
        async with watched(api) as marks:
            before, began = await servers.asked(), time.monotonic()
            async with controller(folder, servers.kubeconfig, port=PORT) as running:
                assert await marks.until(count, PATIENCE), "not all were signed in time"
                return await _figures(servers, running, before, count, time.monotonic() - began)


async def stream(
    folder: Path, servers: Servers, rate: float, seconds: float, *, old: int = 0, core: int | None = None
) -> Figures:
    """Let runs end at a steady rate, after `old` signed ones that were there at the start."""
    count = round(rate * seconds)
    async with servers.session() as api:
        await furnish(api)
        await apply(api, _names("old", old), servers.registry, signed=True)
        async with watched(api) as marks, controller(folder, servers.kubeconfig, port=PORT, core=core) as running:
            await running.ready()
            spent, before, began = running.cpu, await servers.asked(), time.monotonic()
            await _stream(api, servers.registry, rate, count)
            assert await marks.until(count, PATIENCE), "not all were signed in time"
            wall = time.monotonic() - began
            return await _figures(servers, running, before, count, wall, spent=spent, marks=marks)


async def growth(folder: Path, servers: Servers, old: int, new: int, *, signed: bool, rate: float = 10.0) -> Figures:
    """Start with so many old runs, signed or not, and let new ones end meanwhile; latencies are those of the new."""
    async with servers.session() as api:
        await furnish(api)
        await apply(api, _names("old", old), servers.registry, signed=signed)
        async with watched(api) as marks:
            before, began = await servers.asked(), time.monotonic()
            async with controller(folder, servers.kubeconfig, port=PORT) as running:
                arriving = asyncio.create_task(_stream(api, servers.registry, rate, new))
                await running.ready()
                ready = time.monotonic() - began
                await arriving
                assert await marks.until(new + (0 if signed else old), PATIENCE), "not all were signed in time"
                wall, count = time.monotonic() - began, new + (0 if signed else old)
                marks.signed = {name: at for name, at in marks.signed.items() if name.startswith("new")}
                return await _figures(servers, running, before, count, wall, marks=marks, ready=ready)


async def _stream(api: aiohttp.ClientSession, registry: str, rate: float, count: int) -> None:
    began = time.monotonic()
    posting: set[asyncio.Task[None]] = set()
    for number in range(count):
        await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
        task = asyncio.create_task(_post(api, f"new-{number:06}", f"{registry}/team{number % 20}/app"))
        posting.add(task)
        task.add_done_callback(posting.discard)
    await asyncio.gather(*posting)


async def _post(api: aiohttp.ClientSession, name: str, image: str) -> None:
    async with api.post(RUNS, data=finished(name, image), headers=_JSON) as response:
        assert response.status == 201, await response.text()
        await response.read()


async def _figures(
    servers: Servers,
    running: Running,
    before: Asked,
    count: int,
    wall: float,
    *,
    spent: float = 0.0,
    marks: Marks | None = None,
    ready: float | None = None,
) -> Figures:
    cpu, peak = running.cpu - spent, running.peak_mib
    after = await servers.asked()
    latencies = marks.latencies() if marks is not None else []
    return Figures(
        runs=count,
        runs_per_second=count / wall,
        cpu_ms=1000 * cpu / count,
        peak_mib=peak,
        registry_requests=(after.registry - before.registry) / count,
        api_requests=(_of_controller(after) - _of_controller(before)) / count,
        p50=quantile(latencies, 0.5) if latencies else None,
        p99=quantile(latencies, 0.99) if latencies else None,
        ready=ready,
        pages=after.api.get("list taskruns", 0) - before.api.get("list taskruns", 0) if ready is not None else None,
    )


def _of_controller(asked: Asked) -> int:
    """Count the requests about runs that are not ours: we make runs, and watch them once."""
    return sum(asked.api.get(f"{verb} taskruns", 0) for verb in ("get", "patch", "list", "update"))


def _names(lead: str, count: int) -> list[str]:
    return [f"{lead}-{number:06}" for number in range(count)]


async def one_more(folder: Path, servers: Servers, there: int) -> tuple[float, float]:
    """Attest one image so many times and then once more; return the registry requests and milliseconds of the last."""
    async with servers.session() as api:
        await furnish(api)
        async with watched(api) as marks, controller(folder, servers.kubeconfig, port=PORT) as running:
            await running.ready()
            for number in range(there):
                await _post_shared(api, f"one-{number:06}", servers.registry)
            assert await marks.until(there, PATIENCE), "not all were signed in time"
            before = await servers.asked()
            began = time.monotonic()
            await _post_shared(api, "one-more", servers.registry)
            assert await marks.until(there + 1, PATIENCE), "the last was not signed in time"
            seconds = time.monotonic() - began
            return (await servers.asked()).registry - before.registry, 1000 * seconds


async def _post_shared(api: aiohttp.ClientSession, name: str, registry: str) -> None:
    body = finished(name, f"{registry}/team/shared").replace(digest_of(name).encode(), digest_of("shared").encode())
    async with api.post(RUNS, data=body, headers=_JSON) as response:
        assert response.status == 201, await response.text()
