"""What is kept of runs that were deleted unsigned: it is bounded in bytes and in time, and nothing is lost unsaid."""

import asyncio

import msgspec

from chains.controller.intake import MOST_BYTES, Intake
from chains.controller.queue import Lane, RunQueue
from chains.controller.state import State
from chains.controller.turn import End
from chains.payloads.payload import Origin, SignedPayload, Stored
from chains.runs.sighting import RunKey
from tests.builders import image_results, taskrun_object
from tests.controller.fakes import FakeCluster, FakeStore, outage
from tests.controller.test_service import SETTINGS, running, until


class Dead(FakeStore):
    """Never takes anything."""

    async def put(self, signed: SignedPayload, origin: Origin) -> Stored:
        raise outage()


def deleted(intake: Intake, uid: str, size: int) -> RunKey:
    found = taskrun_object(uid, uid=uid, results=image_results(), script="x" * size)
    intake.see("TaskRun", msgspec.Raw(msgspec.json.encode(found)), Lane.LIVE, gone=True)
    return RunKey("TaskRun", "builds", uid, uid)


def test_of_the_last_states_so_many_bytes_are_kept_and_the_oldest_given_up_aloud() -> None:
    lost: list[tuple[RunKey, str]] = []
    queue = RunQueue()
    intake = Intake(queue, State(), give_up=lambda key, why: lost.append((key, why)))
    keys = [deleted(intake, str(number), MOST_BYTES // 4) for number in range(10)]
    kept = [key for key in keys if intake.has_last_state(key)]
    assert kept == keys[-3:]
    assert [key for key, _ in lost] == keys[:-3]
    assert "more than 16 MiB" in lost[0][1]
    assert (len(queue), set(intake.pasts)) == (3, set(kept))
    for key in kept:
        intake.forget(key)
    assert [intake.has_last_state(deleted(intake, str(n), MOST_BYTES // 4)) for n in range(3)] == [True] * 3
    assert len(lost) == 7, "what is done with counts no longer"


def test_a_run_larger_than_all_that_may_be_kept_is_signed_still() -> None:
    intake = Intake(RunQueue(), State())
    assert intake.has_last_state(deleted(intake, "huge", MOST_BYTES + 1))


async def test_a_deleted_run_that_cannot_be_signed_within_the_horizon_is_given_up_with_an_event() -> None:
    cluster = FakeCluster(SETTINGS | {"finalizers.horizon": "1s"})
    async with running(cluster, Dead()) as (service, turns):
        key = cluster.put(taskrun_object(results=image_results()))
        await until(turns, End.RETRY)
        cluster.delete(key)
        while not any(reason == "DeletedUnsigned" for _, reason, _ in cluster.events):
            await until(turns, End.RETRY)
        assert (len(service.queue), service.queue.oldest()) == (0, 0.0)
    assert "the registry does not answer" in cluster.events[-1][2]


async def test_a_run_in_progress_that_waits_for_a_configuration_and_is_deleted_is_waited_for_no_longer() -> None:
    cluster = FakeCluster()
    async with running(cluster, FakeStore()) as (service, turns):
        while len(service.state.watch_troubles) < 2 or any(service.state.watch_troubles.values()):
            await asyncio.sleep(0.01)
        key = cluster.put(taskrun_object(done=False))
        await until(turns, End.BLOCKED)
        assert service.queue.oldest() > 0
        cluster.delete(key)
        while service.queue.oldest():
            await asyncio.sleep(0.01)
