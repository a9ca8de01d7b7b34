"""The service as a whole, on a cluster in memory."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from chains.config.config import read_config
from chains.controller.metrics import Metrics
from chains.controller.outcomes import FIRST_RETRY, LONGEST_RETRY, backoff
from chains.controller.service import Scope, Service
from chains.controller.turn import End, Turn
from chains.errors import InputError
from chains.pipeline.parts import Parts
from chains.runs.marks import SIGNED
from chains.runs.sighting import ConfigSighting
from tests.builders import image_results, taskrun_object
from tests.controller.fakes import FakeCluster, FakeSigner, FakeStore
from tests.controller.test_reconcile import pipelinerun_object

SETTINGS = {"artifacts.taskrun.storage": "oci"}


class OneStore:
    """A workshop with one signer, and one store by both names; `recovered` says that a host works again."""

    def __init__(self, store: FakeStore) -> None:
        self.recovered = asyncio.Event()
        self._store = store

    def choose(self, entries: Mapping[str, str]) -> Parts:
        reading = read_config(entries)
        if reading.problems:
            raise InputError("; ".join(reading.problems))
        return Parts(reading.config, {"x509": FakeSigner}, {"oci": self._store, "tekton": self._store})

    async def refresh_keys(self) -> str:
        return ""

    async def chance(self) -> bool:
        await self.recovered.wait()
        self.recovered.clear()
        return True

    def troubled(self) -> frozenset[str]:
        return frozenset()


@asynccontextmanager
async def running(
    cluster: FakeCluster, store: FakeStore | OneStore, *, metrics: Metrics | None = None, seconds: float = 30.0
) -> AsyncIterator[tuple[Service, asyncio.Queue[Turn]]]:
    turns: asyncio.Queue[Turn] = asyncio.Queue()
    stop = asyncio.Event()
    workshop = OneStore(store) if isinstance(store, FakeStore) else store
    service = Service(cluster, workshop, Scope(workers=4), calm=0.0, observe=turns.put_nowait, metrics=metrics)
    task = asyncio.create_task(service.run(stop))
    try:
        async with asyncio.timeout(seconds):
            yield service, turns
    finally:
        stop.set()
        await task


async def until(turns: asyncio.Queue[Turn], end: End) -> Turn:
    while (turn := await turns.get()).end is not end:
        pass
    return turn


async def test_runs_that_are_there_and_runs_that_come_are_signed() -> None:
    cluster, store = FakeCluster(SETTINGS), FakeStore()
    old = cluster.put(taskrun_object("old", uid="1", results=image_results()))
    async with running(cluster, store) as (_, turns):
        assert (await until(turns, End.SIGNED)).key == old
        new = cluster.put(taskrun_object("new", uid="2", results=image_results()))
        assert (await until(turns, End.SIGNED)).key == new
    assert cluster.annotations(old)[SIGNED] == cluster.annotations(new)[SIGNED] == "true"


async def test_its_own_marks_cause_no_more_work() -> None:
    cluster, store = FakeCluster(SETTINGS), FakeStore()
    async with running(cluster, store) as (service, turns):
        for number in range(20):
            cluster.put(taskrun_object(f"run-{number}", uid=str(number), results=image_results()))
        for _ in range(20):
            assert (await turns.get()).end is End.SIGNED
        cluster.put(taskrun_object("last", uid="last", results=image_results()))
        assert (await turns.get()).key.name == "last"
        assert len(service.queue) == 0


async def test_a_refused_configuration_keeps_the_last_good_one() -> None:
    cluster, store = FakeCluster(SETTINGS), FakeStore()
    async with running(cluster, store) as (service, turns):
        cluster.put(taskrun_object("one", uid="1", results=image_results()))
        await until(turns, End.SIGNED)
        cluster.settings.put_nowait(ConfigSighting({"artifacts.taskrun.format": "rubbish"}))
        cluster.settings.put_nowait(ConfigSighting(None))
        cluster.put(taskrun_object("two", uid="2", results=image_results()))
        await until(turns, End.SIGNED)
        assert service.state.unready() == ()
    assert len(store.kept) == 4


async def test_without_a_configuration_it_is_not_ready_and_loses_nothing() -> None:
    cluster, store = FakeCluster(), FakeStore()
    cluster.settings.put_nowait(ConfigSighting({"artifacts.oci.format": "rubbish"}))
    key = cluster.put(taskrun_object(results=image_results()))
    async with running(cluster, store) as (service, turns):
        assert (await until(turns, End.BLOCKED)).key == key
        assert any("artifacts.oci.format" in trouble for trouble in service.state.unready())
        cluster.settings.put_nowait(ConfigSighting(SETTINGS))
        assert (await until(turns, End.SIGNED)).key == key


async def test_a_changed_configuration_applies_to_the_next_run() -> None:
    cluster, store = FakeCluster(SETTINGS), FakeStore()
    async with running(cluster, store) as (service, turns):
        cluster.put(taskrun_object("one", uid="1", results=image_results()))
        await until(turns, End.SIGNED)
        before = service.state.parts
        cluster.settings.put_nowait(ConfigSighting(SETTINGS | {"artifacts.oci.signer": "none"}))
        while service.state.parts is before:
            await asyncio.sleep(0)
        cluster.put(taskrun_object("two", uid="2", results=image_results()))
        turn = await until(turns, End.SIGNED)
    assert [receipt.request.kind for receipt in turn.receipts] == ["taskrun"]


async def test_a_fault_of_ours_costs_neither_the_service_nor_the_run() -> None:
    class Faulty(FakeStore):
        async def put(self, signed: object, origin: object) -> object:  # type: ignore[override]
            raise RuntimeError("a bug")

    cluster = FakeCluster(SETTINGS)
    key = cluster.put(taskrun_object(results=image_results()))
    async with running(cluster, Faulty()) as (service, turns):
        turn = await until(turns, End.RETRY)
        assert turn.key == key
        assert "RuntimeError" in turn.sentence
        assert len(service.queue) == 1
    assert SIGNED not in cluster.annotations(key)


async def test_a_pipelinerun_is_woken_by_the_mark_of_its_last_child() -> None:
    cluster, store = FakeCluster(SETTINGS), FakeStore()
    child = taskrun_object(results=image_results(), done=False)
    child["metadata"]["ownerReferences"] = [
        {"kind": "PipelineRun", "name": "release", "uid": "uid-p", "controller": True, "apiVersion": "tekton.dev/v1"}
    ]
    cluster.put(child)
    parent = cluster.put(pipelinerun_object())
    async with running(cluster, store) as (_, turns):
        assert (await until(turns, End.WAITING)).key == parent
        child["status"]["conditions"][0]["status"] = "True"
        cluster.put(child)
        assert (await until(turns, End.SIGNED)).key.kind == "TaskRun"
        assert (await until(turns, End.SIGNED)).key == parent


def test_waits_double_up_to_a_quarter_of_an_hour_and_are_spread() -> None:
    waits = [backoff(attempt) for attempt in range(1, 40)]
    assert FIRST_RETRY / 2 <= waits[0] <= FIRST_RETRY
    assert LONGEST_RETRY / 2 <= waits[-1] <= LONGEST_RETRY
    assert len({backoff(30) for _ in range(10)}) > 1
