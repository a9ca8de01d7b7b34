"""A write that had to wait for its turn asks for its permit after the wait: what was lost meanwhile is not written."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from aiohttp import web

from chains.controller.patrol import Patrol
from chains.controller.shares import Shares
from chains.errors import EdgeError
from chains.kube.client import KubeClient
from chains.kube.cluster import KubeCluster
from chains.kube.connection import Connection, Surroundings
from chains.kube.event_lane import EventLane
from chains.kube.resources import EVENTS, TASK_RUNS
from chains.runs.glance import Glance, glance
from chains.runs.marks import REASON, SIGNED
from chains.runs.sighting import RunKey
from tests.controller.leaders import Decided
from tests.kube.builders import ScriptedApi, found, line, run, served, streamed, write_kubeconfig

KEY = RunKey("TaskRun", "builds", "one", "uid-one")
RUN, SLOW = TASK_RUNS.path("builds", "one"), TASK_RUNS.path("builds", "slow")


class Gate:
    """An API where one read is answered when the test says so."""

    def __init__(self) -> None:
        self.asked, self.open = asyncio.Event(), asyncio.Event()
        self.script = ScriptedApi().on("GET", SLOW, self._slow)
        self.script.on("PATCH", RUN, found({})).on("POST", EVENTS.path("builds"), found({}, 201))

    async def _slow(self, request: web.Request) -> web.StreamResponse:
        self.asked.set()
        await self.open.wait()
        return await found({})(request)

    @property
    def writes(self) -> list[str]:
        return [asked.method for asked in self.script.asked if asked.method != "GET"]


@asynccontextmanager
async def one_place(folder: Path, gate: Gate, shares: Shares) -> AsyncIterator[KubeClient]:
    """Give a client of one place, which a read has."""
    async with served(gate.script):
        path = write_kubeconfig(folder, {"server": gate.script.host}, {"token": "first"})
        connection = await Connection.open(str(path), Surroundings({}), permit=shares.check)
        client = KubeClient(connection, places=1)
        reading = asyncio.create_task(client.get(SLOW))
        await gate.asked.wait()
        try:
            yield client
        finally:
            gate.open.set()
            await reading
            await client.close()


async def lost_while_waiting(gate: Gate, leadership: Decided, write: Awaitable[object]) -> None:
    """Let a write wait, the lease run out, and the way become free."""
    task = asyncio.ensure_future(write)
    for _ in range(5):
        await asyncio.sleep(0)
    assert not task.done()
    leadership.lapse(0)
    gate.open.set()
    await task


Write = Callable[[KubeClient, Shares], Awaitable[object]]


async def marked(client: KubeClient, shares: Shares) -> None:
    with shares.writing(KEY):
        await KubeCluster(client, "tekton-chains").mark(KEY, {SIGNED: "true"})


async def held(client: KubeClient, shares: Shares) -> None:
    with shares.writing(KEY):
        await client.merge_patch(RUN, b"{}")


async def replaced(client: KubeClient, _: Shares) -> None:
    await client.replace(RUN, b"{}")


@pytest.mark.parametrize("write", [marked, held, replaced])
async def test_a_mark_that_waited_beyond_the_lease_does_not_go_out(tmp_path: Path, write: Write) -> None:
    gate, leadership = Gate(), Decided(1, 0)
    shares = Shares(leadership)
    async with one_place(tmp_path, gate, shares) as client:
        with pytest.raises(EdgeError, match="another replica's to write"):
            await lost_while_waiting(gate, leadership, write(client, shares))
    assert gate.writes == []


async def test_an_event_that_waited_beyond_the_lease_is_dropped(tmp_path: Path) -> None:
    gate, leadership = Gate(), Decided(1, 0)
    async with one_place(tmp_path, gate, Shares(leadership)) as client:
        lane = EventLane(client)
        KubeCluster(client, "tekton-chains", lane).tell(KEY, "Failed", "denied")
        sending = asyncio.create_task(lane.run())
        await lost_while_waiting(gate, leadership, lane.drain())
        sending.cancel()
    assert lane.dropped == 1
    assert gate.writes == []


class OneFailed(KubeCluster):
    """Lists one run that was given up, without asking."""

    async def glances(self, kind: str, namespace: str | None) -> AsyncGenerator[Glance, None]:
        failed = run("one")
        failed["metadata"]["annotations"] = {SIGNED: "failed", REASON: "403"}
        yield glance(kind, msgspec.Raw(json.dumps(failed).encode()))


async def test_a_mark_of_a_round_that_waited_beyond_the_lease_does_not_go_out(tmp_path: Path) -> None:
    gate, leadership = Gate(), Decided(1, 0)
    shares = Shares(leadership)
    async with one_place(tmp_path, gate, shares) as client:
        patrol = Patrol(OneFailed(client, "tekton-chains"), (("TaskRun", None),), lambda: 1e9, 0.0, shares)
        patrol.note_change()
        driving = asyncio.create_task(patrol.drive_failed())
        await lost_while_waiting(gate, leadership, in_line(client))
        driving.cancel()
    assert gate.writes == []


async def in_line(client: KubeClient) -> None:
    """Read once everybody who waits now has had the place."""
    for _ in range(3):
        await asyncio.sleep(0)
    await client.get(SLOW)


async def test_watches_take_no_place(tmp_path: Path) -> None:
    gate = Gate()
    gate.script.on("GET", TASK_RUNS.path("builds"), streamed(line("ADDED", "one", 2), end="open"))
    async with one_place(tmp_path, gate, Shares()) as client:
        watch = client.watch(TASK_RUNS, "builds", resource_version="1", seconds=60, silence=60)
        async with aclosing(watch) as changes:
            assert (await anext(changes)).type == "ADDED"
            gate.open.set()
            assert await client.get(SLOW) is not None
