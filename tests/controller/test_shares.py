"""Which runs are ours: buckets, the check before every write, and turns that are cut off or finished."""

import asyncio

import pytest

from chains.controller.leader_metrics import LeaderMetrics
from chains.controller.metrics import Metrics
from chains.controller.shares import OwnStore, Shares
from chains.controller.turn import End, Turn
from chains.errors import EdgeError
from chains.payloads.payload import SIMPLE_SIGNING, Origin, Payload, Signature, SignedPayload
from chains.runs.sighting import RunKey
from tests.controller.fakes import FakeStore
from tests.controller.leaders import Decided

SIGNED = SignedPayload(Payload(b"body", SIMPLE_SIGNING, "", "one", ()), Signature(b"raw", "key"), None)
ORIGIN = Origin("TaskRun", "builds", "one", "one", "default")


def key(uid: str, family: str = "", kind: str = "TaskRun") -> RunKey:
    return RunKey(kind, "builds", uid, uid, family)


def of_bucket(shares: Shares, bucket: int) -> RunKey:
    return next(one for one in map(key, map(str, range(100))) if shares.bucket(one) == bucket)


def test_a_pipeline_and_its_children_fall_into_one_bucket_and_families_into_all() -> None:
    shares = Shares(Decided(10))
    parents = [key(f"uid-{number}", kind="PipelineRun") for number in range(200)]
    for parent in parents:
        assert shares.bucket(key("child", parent.uid)) == shares.bucket(parent)
    assert {shares.bucket(parent) for parent in parents} == set(range(10))


def test_a_bucket_is_the_same_in_every_process() -> None:
    assert [Shares(Decided(10)).bucket(key(f"uid-{number}")) for number in range(6)] == [6, 0, 2, 4, 9, 5]


def test_without_an_election_everything_is_ours() -> None:
    shares = Shares()
    assert shares.is_ours(key("any"))
    shares.check()
    with shares.writing(key("any")):
        shares.check()


async def test_a_write_is_refused_as_soon_as_the_bucket_it_belongs_to_is_not_held() -> None:
    leadership = Decided(2, 0, 1)
    shares = Shares(leadership)
    with shares.writing(of_bucket(shares, 0)):
        shares.check()
        leadership.lapse(0)
        with pytest.raises(EdgeError, match="another replica's") as refused:
            shares.check()
        assert refused.value.transient


async def test_what_is_begun_inside_a_turn_is_checked_for_that_turn() -> None:
    leadership = Decided(2, 1)
    shares = Shares(leadership)

    async def asked() -> str:
        try:
            shares.check()
        except EdgeError:
            return "refused"
        return "allowed"

    for bucket, answer in ((0, "refused"), (1, "allowed")):
        with shares.writing(of_bucket(shares, bucket)):
            assert await asyncio.gather(asked(), asked()) == [answer, answer]


def test_what_belongs_to_no_run_is_written_by_whoever_holds_anything() -> None:
    leadership = Decided(2, 1)
    shares = Shares(leadership)
    shares.check()
    leadership.lapse(1)
    with pytest.raises(EdgeError):
        shares.check()


async def test_a_turn_is_cut_off_when_its_bucket_is_lost_and_no_other() -> None:
    shares = Shares(Decided(2, 0, 1))
    begun = asyncio.Semaphore(0)

    async def hang(one: RunKey) -> Turn:
        begun.release()
        await asyncio.sleep(3600)
        return Turn(one, End.SIGNED)

    ours, others = (of_bucket(shares, bucket) for bucket in (0, 1))
    cut = asyncio.create_task(shares.within(ours, hang(ours)))
    kept = asyncio.create_task(shares.within(others, hang(others)))
    await begun.acquire()
    await begun.acquire()
    shares.lost(0)
    async with asyncio.timeout(5):
        assert (await cut).end is End.LEFT
    assert not kept.done()
    kept.cancel()


async def test_a_turn_that_times_out_by_itself_is_a_fault_of_its_own() -> None:
    shares = Shares(Decided(1, 0))

    async def slow() -> Turn:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        await shares.within(key("one"), slow())


async def test_a_bucket_is_emptied_when_what_was_begun_is_done_and_nothing_new_begins() -> None:
    shares = Shares(Decided(1, 0))
    dropped: list[bool] = []
    shares.on_loss(lambda is_dropped: dropped.append(is_dropped(key("one"))))
    go_on, begun = asyncio.Event(), asyncio.Event()

    async def work() -> Turn:
        begun.set()
        await go_on.wait()
        shares.check()
        return Turn(key("one"), End.SIGNED)

    turn = asyncio.create_task(shares.within(key("one"), work()))
    await begun.wait()
    emptied = asyncio.create_task(shares.emptied(0))
    await asyncio.sleep(0)
    assert not shares.is_ours(key("one"))
    assert not emptied.done()
    go_on.set()
    async with asyncio.timeout(5):
        assert (await turn).end is End.SIGNED
        await emptied
    assert dropped == [True]
    shares.lost(0)
    assert shares.is_ours(key("one"))


async def test_a_bucket_is_given_up_after_a_while_even_if_a_turn_hangs() -> None:
    shares = Shares(Decided(1, 0), farewell=0.0)
    begun = asyncio.Event()

    async def hang() -> Turn:
        begun.set()
        await asyncio.sleep(3600)
        return Turn(key("one"), End.SIGNED)

    turn = asyncio.create_task(shares.within(key("one"), hang()))
    await begun.wait()
    async with asyncio.timeout(5):
        await shares.emptied(0)
        shares.lost(0)
        assert (await turn).end is End.LEFT


async def test_what_was_stored_for_a_run_is_looked_after_while_it_is_ours() -> None:
    leadership, kept = Decided(1, 0), FakeStore()
    shares = Shares(leadership)
    store = OwnStore(kept, shares, key("one"))
    assert (await store.put(SIGNED, ORIGIN)).written
    leadership.lapse(0)
    with pytest.raises(EdgeError) as refused:
        await store.put(SIGNED, ORIGIN)
    assert not refused.value.transient
    assert len(kept.kept) == 1


async def test_metrics_tell_which_buckets_are_led_and_how_often_they_changed() -> None:
    leadership = Decided(2, 1)
    shares, metrics = Shares(leadership), Metrics()
    metrics.registry.register(LeaderMetrics(shares))
    shares.gained(1)
    shares.lost(0)
    shares.gained(1)
    shares.given(1)
    text = metrics.text().decode()
    assert 'chains_leader{bucket="00"} 0.0' in text
    assert 'chains_leader{bucket="01"} 1.0' in text
    assert 'chains_leader_transitions_total{bucket="01",change="gained"} 2.0' in text
    assert 'chains_leader_transitions_total{bucket="00",change="lost"} 1.0' in text
    assert 'chains_leader_transitions_total{bucket="01",change="lost"} 0.0' in text
    assert 'chains_leader_transitions_total{bucket="01",change="given"} 1.0' in text
