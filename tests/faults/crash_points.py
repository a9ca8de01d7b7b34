"""Every crash point: each write of the controller is numbered, and it dies just before or just after the i-th."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from aiohttp import web
from aiohttp.typedefs import Handler

from chains.demo.faults import Faults
from tests.faults.dump import AGENT
from tests.faults.invariants import Findings
from tests.faults.runs import finished, pipelinerun, taskrun
from tests.faults.scene import Scene, scene

Side = Literal["before", "after"]
THEIRS = "example.com/theirs"
LONGEST = 300.0
_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})


@dataclass(frozen=True)
class CrashPoint:
    """Death just before or after the `write`-th write since the controller started, counted from 1."""

    write: int
    side: Side

    def __str__(self) -> str:
        return f"{self.side} write {self.write}"


class Writes(Faults):
    """Numbers the writes of the controller in both servers, and kills it at the one that is armed."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0
        self.performed: list[str] = []
        self.struck = asyncio.Event()
        self._point: CrashPoint | None = None
        self._kill: Callable[[], None] = lambda: None

    def arm(self, point: CrashPoint | None, kill: Callable[[], None]) -> None:
        """Count from nothing again, and kill at this point."""
        self.count, self._point, self._kill = 0, point, kill
        self.struck.clear()

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Count a write of the controller; everybody else's requests pass."""
        if request.method not in _WRITES or request.headers.get("User-Agent") == AGENT:
            return await handler(request)
        await request.read()
        self.count += 1
        self.performed.append(f"{request.method} {request.path}")
        strikes = self._point is not None and self.count == self._point.write and not self.struck.is_set()
        if not strikes:
            return await handler(request)
        assert self._point is not None
        if self._point.side == "after":
            await handler(request)
        self._kill()
        self.struck.set()
        if request.transport is not None:
            request.transport.abort()
        return web.Response()


@dataclass(frozen=True)
class Case:
    """What came of one life with one or more deaths."""

    findings: Findings
    writes: int
    deaths: int
    recovery: float


async def live_and_die(folder: Path, points: tuple[CrashPoint, ...]) -> Case:
    """Apply the workload, die at each point in turn, live on, and check; with no points count the writes."""
    async with asyncio.timeout(LONGEST):
        return await _live_and_die(folder, points)


async def _live_and_die(folder: Path, points: tuple[CrashPoint, ...]) -> Case:
    writes, findings, deaths, fell = Writes(), Findings(), 0, time.monotonic()
    where = ", then ".join(map(str, points))
    async with scene(folder, faults=writes) as here:
        await _apply_workload(here)
        growing = asyncio.create_task(_grow(here))
        controller = here.controller("--workers", "4")
        for point in points:
            writes.arm(point, controller.kill)
            await controller.start()
            await _struck_or_settled(here, writes)
            if not writes.struck.is_set():
                break
            fell, deaths = time.monotonic(), deaths + 1
            await controller.ended()
            findings.add(await here.check(midway=True), f"dead {where}")
        if not controller.running:
            writes.arm(None, controller.kill)
            await controller.start()
        await growing
        await here.settled(60)
        recovery = time.monotonic() - fell
        findings.add(await here.check(), where)
        findings.add(await _deletable(here), where)
        return Case(findings, writes.count, deaths, recovery)


async def _struck_or_settled(here: Scene, writes: Writes) -> None:
    struck = asyncio.create_task(writes.struck.wait())
    settled = asyncio.create_task(here.settled(60))
    await asyncio.wait((struck, settled), return_when=asyncio.FIRST_COMPLETED)
    for task in (struck, settled):
        task.cancel()
    await asyncio.gather(struck, settled, return_exceptions=True)


async def _apply_workload(here: Scene) -> None:
    """Apply four TaskRuns, one with two images and two of one digest, and a PipelineRun with a child.

    One TaskRun is still in progress and is deleted meanwhile; one digest carries layers of somebody else.
    """
    shared = here.image("team/shared", "shared")
    await here.signed_by_others(shared, 2)
    pair = (here.image("team/pair", "left"), here.image("team/pair", "right"))
    await here.apply(taskrun("pair", pair), pair)
    for name in ("first", "second"):
        found = taskrun(name, (shared,))
        found["metadata"]["finalizers"] = [THEIRS]
        await here.apply(found, (shared,))
    made = here.image("team/released", "released")
    parent = await here.apply(pipelinerun("release", (made,), ("child",)), (made,))
    await here.apply(taskrun("child", (made,), parent=parent["metadata"]), (made,))
    early = here.image("team/early", "early")
    await here.apply(taskrun("early", (early,), done=False), (early,), deleted=True)


async def _grow(here: Scene) -> None:
    """Delete the run in progress once it is held, and let it finish."""
    await here.held("early")
    await here.delete("taskruns", "early")
    found = here.run("TaskRun", "early")
    assert found is not None
    await here.kubernetes.apply(finished(found), field_manager="tekton")


async def _deletable(here: Scene) -> Findings:
    """Delete every run that is left; all must go, but for those that others hold."""
    for kind, name in tuple(here.expected):
        if not here.expected[kind, name].finalizers:
            await here.delete("taskruns" if kind == "TaskRun" else "pipelineruns", name)
    await here.settled(15)
    held = [run for run in here.expected.values() if run.deleted and not here.is_settled(run)]
    return Findings(stuck=[f"{run} cannot be deleted any more" for run in held])
