"""The service with an election: what it takes up, what it drops, and how it ends."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from chains.controller.service import Scope, Service
from chains.controller.shares import Shares
from chains.controller.turn import End, Turn
from chains.payloads.payload import Origin, SignedPayload, Stored
from chains.runs.glance import Glance
from chains.runs.marks import REASON, SIGNED
from chains.runs.sighting import ConfigSighting, RunKey
from tests.builders import image_results, taskrun_object
from tests.controller.fakes import FakeCluster, FakeStore
from tests.controller.leaders import Decided
from tests.controller.test_service import SETTINGS, OneStore, until


class Slow(FakeStore):
    """Tells when it is asked, and waits until it may go on."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.may = asyncio.Event(), asyncio.Event()

    async def put(self, signed: SignedPayload, origin: Origin) -> Stored:
        self.asked.set()
        await self.may.wait()
        return await super().put(signed, origin)


class Counting(FakeCluster):
    """Counts the rounds through its runs by kind, once they are over."""

    def __init__(self, entries: Mapping[str, str]) -> None:
        super().__init__(entries)
        self.rounds: Counter[str] = Counter()

    async def glances(self, kind: str, namespace: str | None) -> AsyncIterator[Glance]:
        async for seen in super().glances(kind, namespace):
            yield seen
        self.rounds[kind] += 1


@asynccontextmanager
async def sharing(
    cluster: FakeCluster, store: FakeStore, leadership: Decided
) -> AsyncIterator[tuple[Service, asyncio.Queue[Turn]]]:
    turns: asyncio.Queue[Turn] = asyncio.Queue()
    stop = asyncio.Event()
    service = Service(
        cluster, OneStore(store), Scope(workers=4), calm=0.0, observe=turns.put_nowait, shares=Shares(leadership)
    )
    task = asyncio.create_task(service.run(stop))
    try:
        async with asyncio.timeout(30):
            yield service, turns
    finally:
        stop.set()
        await task
    assert leadership.resigned.is_set()


def put(cluster: FakeCluster, uid: str, **more: object) -> RunKey:
    return cluster.put(taskrun_object(f"run-{uid}", uid=uid, results=image_results(), **more))


async def seen(service: Service) -> None:
    """Wait until all that is there has been seen."""
    while service.unready():
        await asyncio.sleep(0)


async def test_who_holds_nothing_is_ready_and_writes_nothing() -> None:
    cluster, store = FakeCluster(SETTINGS), FakeStore()
    key = put(cluster, "one")
    async with sharing(cluster, store, Decided(1)) as (service, _):
        await seen(service)
        put(cluster, "two")
        assert service.unready() == ()
        assert len(service.queue) == 0
    assert not store.kept
    assert SIGNED not in cluster.annotations(key)
    assert not cluster.finalizers(key)


async def test_only_the_runs_of_the_buckets_held_are_signed() -> None:
    cluster, store, leadership = FakeCluster(SETTINGS), FakeStore(), Decided(2, 0)
    keys = [put(cluster, str(number)) for number in range(20)]
    shares = Shares(leadership)
    async with sharing(cluster, store, leadership) as (_, turns):
        ours = {key for key in keys if shares.bucket(key) == 0}
        assert {(await until(turns, End.SIGNED)).key for _ in ours} == ours
    assert {key for key in keys if cluster.annotations(key).get(SIGNED)} == ours
    assert 0 < len(ours) < len(keys)


async def test_the_runs_of_a_bucket_that_is_won_are_taken_up_and_signed_once() -> None:
    cluster, store, leadership = FakeCluster(SETTINGS), FakeStore(), Decided(1)
    old = put(cluster, "old")
    async with sharing(cluster, store, leadership) as (service, turns):
        await seen(service)
        late = put(cluster, "late")
        leadership.give(0)
        assert {(await until(turns, End.SIGNED)).key for _ in range(2)} == {old, late}
    assert len(store.kept) == 4


async def test_what_failed_in_a_bucket_is_driven_again_when_it_is_won_after_the_change() -> None:
    cluster, store, leadership = Counting(SETTINGS), FakeStore(), Decided(1)
    failed = put(cluster, "failed", annotations={SIGNED: "failed", REASON: "the registry said 403"})
    async with sharing(cluster, store, leadership) as (service, turns):
        await seen(service)
        cluster.settings.put_nowait(ConfigSighting({**SETTINGS, "builder.id": "https://builder.example.com"}))
        while not cluster.rounds["TaskRun"]:
            await asyncio.sleep(0)
        assert cluster.annotations(failed)[SIGNED] == "failed", "it is another replica's"
        leadership.give(0)
        assert (await until(turns, End.SIGNED)).key == failed


async def test_a_turn_in_hand_ends_at_the_loss_and_is_taken_up_when_the_bucket_is_back() -> None:
    cluster, store, leadership = FakeCluster(SETTINGS), Slow(), Decided(1, 0)
    key = put(cluster, "one")
    async with sharing(cluster, store, leadership) as (service, turns):
        await store.asked.wait()
        leadership.take(0)
        assert (await turns.get()).end is End.LEFT
        assert len(service.queue) == 0
        assert not store.kept
        store.may.set()
        leadership.give(0)
        assert (await until(turns, End.SIGNED)).key == key
    assert len(store.kept) == 2


async def test_what_is_queued_is_dropped_with_its_bucket() -> None:
    cluster, store, leadership = FakeCluster(SETTINGS), Slow(), Decided(1, 0)
    for number in range(12):
        put(cluster, str(number))
    async with sharing(cluster, store, leadership) as (service, turns):
        await store.asked.wait()
        await seen(service)
        leadership.take(0)
        assert len(service.queue) == service.queue.active > 0
        while len(service.queue):
            assert (await turns.get()).end is End.LEFT
        assert service.queue.oldest() == 0.0
    assert not store.kept


async def test_a_hand_over_finishes_what_was_begun() -> None:
    cluster, store, leadership = FakeCluster(SETTINGS), Slow(), Decided(1, 0)
    key = put(cluster, "one")
    async with sharing(cluster, store, leadership) as (_, turns):
        await store.asked.wait()
        emptied = asyncio.create_task(leadership.empty(0))
        store.may.set()
        await emptied
        assert (await turns.get()).end is End.SIGNED
    assert cluster.annotations(key)[SIGNED] == "true"


async def test_who_is_told_to_end_wins_nothing_more_while_it_finishes_what_it_began() -> None:
    cluster, store, leadership, stop = FakeCluster(SETTINGS), Slow(), Decided(1, 0), asyncio.Event()
    key = put(cluster, "one")
    service = Service(cluster, OneStore(store), Scope(workers=4), calm=0.0, shares=Shares(leadership))
    running = asyncio.create_task(service.run(stop))
    await store.asked.wait()
    assert not leadership.withdrawn
    stop.set()
    while not leadership.withdrawn:
        await asyncio.sleep(0)
    assert not leadership.resigned.is_set()
    store.may.set()
    await running
    assert cluster.annotations(key)[SIGNED] == "true"


async def test_a_round_after_a_change_leaves_the_runs_of_others_alone() -> None:
    cluster, store, leadership = FakeCluster(SETTINGS), FakeStore(), Decided(2, 0)
    keys = [put(cluster, str(number), annotations={SIGNED: "failed", REASON: "403"}) for number in range(12)]
    shares = Shares(leadership)
    ours = {key for key in keys if shares.bucket(key) == 0}
    async with sharing(cluster, store, leadership) as (service, turns):
        await seen(service)
        cluster.settings.put_nowait(ConfigSighting(SETTINGS | {"builder.id": "https://example.com/other"}))
        assert {(await until(turns, End.SIGNED)).key for _ in ours} == ours
    assert {key for key in keys if cluster.annotations(key)[SIGNED] == "failed"} == set(keys) - ours


async def test_watches_wait_for_the_first_look_at_the_leases() -> None:
    cluster, store, leadership = FakeCluster(SETTINGS), FakeStore(), Decided(1, settled=False)
    key = put(cluster, "one")
    async with sharing(cluster, store, leadership) as (service, turns):
        leadership.trouble = "leases cannot be had"
        assert "leases cannot be had" in service.unready()
        leadership.led.add(0)
        leadership.trouble = ""
        leadership.settled.set()
        assert (await until(turns, End.SIGNED)).key == key
    assert len(store.kept) == 2
