"""The work queue."""

import asyncio
import weakref

import pytest

from chains.controller.queue import Lane, RunQueue
from chains.runs.sighting import RunKey


def key(name: str, namespace: str = "a") -> RunKey:
    return RunKey("TaskRun", namespace, name, f"uid-{namespace}-{name}")


class CountedKey(RunKey, frozen=True, weakref=True, gc=True):
    """A key that counts how often it is compared."""

    compared = 0

    def __eq__(self, other: object) -> bool:
        CountedKey.compared += 1
        return isinstance(other, RunKey) and self.uid == other.uid

    def __hash__(self) -> int:
        return hash(self.uid)


def counted(name: str) -> CountedKey:
    return CountedKey("TaskRun", "a", name, f"uid-{name}")


async def taken_at_once(queue: RunQueue, workers: int) -> list[str]:
    """Let that many workers take what they are given, and return the namespaces; none is given back."""
    takers = [asyncio.create_task(queue.take()) for _ in range(workers)]
    await asyncio.sleep(0)
    queue.close()
    return [found.namespace for found in await asyncio.gather(*takers) if found is not None]


async def drained(queue: RunQueue, count: int) -> list[str]:
    taken = []
    for _ in range(count):
        found = await queue.take()
        assert found is not None
        queue.release(found)
        taken.append(f"{found.namespace}/{found.name}")
    return taken


async def test_live_runs_go_before_the_backlog() -> None:
    queue = RunQueue()
    queue.add(key("old"), Lane.BACKLOG)
    queue.add(key("new"), Lane.LIVE)
    assert await drained(queue, 2) == ["a/new", "a/old"]


async def test_a_retry_goes_behind_live_runs_and_in_turn_with_the_backlog() -> None:
    queue = RunQueue()
    for name in ("old-1", "old-2"):
        queue.add(key(name), Lane.BACKLOG)
    for name in ("again-1", "again-2"):
        queue.add_later(key(name), 0.0)
    queue.add(key("new"), Lane.LIVE)
    assert await drained(queue, 5) == ["a/new", "a/again-1", "a/old-1", "a/again-2", "a/old-2"]


@pytest.mark.parametrize("workers", [1, 2, 8])
async def test_retries_that_hang_in_as_many_namespaces_as_there_are_workers_do_not_hold_up_the_backlog(
    workers: int,
) -> None:
    queue = RunQueue(workers=workers)
    for number in range(60):
        for namespace in range(workers):
            queue.add_later(key(str(number), f"silent-{namespace}"), 0.0)
    for number in range(5):
        queue.add(key(str(number), "good"), Lane.BACKLOG)
    served, taken = 0, list[RunKey]()
    for _ in range(40):
        while len(taken) < workers:
            found = await queue.take()
            assert found is not None
            taken.append(found)
        done = taken.pop(0)
        queue.release(done)
        served += done.namespace == "good"
        if done.namespace != "good":
            queue.add_later(done, 0.0)
    assert served == 5


async def test_namespaces_take_turns() -> None:
    queue = RunQueue()
    for name in ("1", "2", "3"):
        queue.add(key(name, "busy"), Lane.LIVE)
    queue.add(key("1", "quiet"), Lane.LIVE)
    assert await drained(queue, 4) == ["busy/1", "quiet/1", "busy/2", "busy/3"]


async def test_a_run_is_queued_once_and_may_move_to_the_live_lane() -> None:
    queue = RunQueue()
    for lane in (Lane.BACKLOG, Lane.BACKLOG, Lane.LIVE, Lane.BACKLOG):
        queue.add(key("x"), lane)
    queue.add(key("y"), Lane.BACKLOG)
    assert len(queue) == 2
    assert await drained(queue, 2) == ["a/x", "a/y"]


async def test_a_run_added_while_it_is_worked_on_comes_again_afterwards() -> None:
    queue = RunQueue()
    queue.add(key("x"), Lane.LIVE)
    held = await queue.take()
    assert held == key("x")
    queue.add(key("x"), Lane.LIVE)
    waiting = asyncio.create_task(queue.take())
    await asyncio.sleep(0)
    assert not waiting.done()
    queue.release(held)
    assert await waiting == key("x")


async def test_a_later_try_comes_when_it_is_due_and_not_twice() -> None:
    queue = RunQueue()
    queue.add_later(key("soon"), 0.0)
    queue.add_later(key("never"), 3600.0)
    assert await drained(queue, 1) == ["a/soon"]
    assert len(queue) == 1
    queue.add(key("never"), Lane.LIVE)
    assert await drained(queue, 1) == ["a/never"]
    assert len(queue) == 0


async def test_a_run_that_is_queued_needs_no_later_try() -> None:
    queue = RunQueue()
    queue.add(key("x"), Lane.LIVE)
    queue.add_later(key("x"), 0.0)
    assert await drained(queue, 1) == ["a/x"]
    assert len(queue) == 0


async def test_a_closed_queue_hands_out_nothing_and_wakes_who_waits() -> None:
    queue = RunQueue()
    waiting = asyncio.create_task(queue.take())
    await asyncio.sleep(0)
    queue.close()
    assert await waiting is None
    queue.add(key("x"), Lane.LIVE)
    assert await queue.take() is None


async def test_a_namespace_has_no_more_than_its_share_of_the_workers() -> None:
    queue = RunQueue(workers=4)
    for name in ("1", "2", "3"):
        queue.add(key(name, "silent"), Lane.LIVE)
    queue.add(key("1", "quiet"), Lane.BACKLOG)
    taken = [await queue.take() for _ in range(3)]
    assert [str(run) for run in taken] == ["TaskRun silent/1", "TaskRun silent/2", "TaskRun quiet/1"]
    waiting = asyncio.create_task(queue.take())
    await asyncio.sleep(0)
    assert not waiting.done()
    queue.release(key("1", "silent"))
    assert await waiting == key("3", "silent")


async def test_what_is_released_lets_a_run_of_its_namespace_go_to_any_worker_that_waits() -> None:
    queue = RunQueue(workers=2)
    queue.add(key("1"), Lane.LIVE)
    assert await queue.take() == key("1")
    queue.add(key("2"), Lane.LIVE)
    waiting = [asyncio.create_task(queue.take()) for _ in range(2)]
    await asyncio.sleep(0)
    queue.release(key("1"))
    done, rest = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    assert [task.result() for task in done] == [key("2")]
    queue.close()
    assert await rest.pop() is None


async def test_what_is_dropped_is_neither_handed_out_nor_tried_later_nor_queued_again() -> None:
    queue = RunQueue()
    for name in ("drop-1", "keep-1", "drop-2"):
        queue.add(key(name), Lane.BACKLOG)
        queue.add(key(name, "only-" + name), Lane.LIVE)
    queue.add(key("drop-active", "z"), Lane.LIVE)
    while (active := await queue.take()) is not None and active.name != "drop-active":
        queue.release(active)
        queue.add(active, Lane.LIVE)
    queue.add(key("drop-active", "z"), Lane.LIVE)
    queue.add_later(key("drop-later"), 0.0)
    queue.drop(lambda one: one.name.startswith("drop"))
    queue.release(key("drop-active", "z"))
    assert sorted(await drained(queue, 2)) == ["a/keep-1", "only-keep-1/keep-1"]
    assert len(queue) == 0


async def test_a_queue_whose_namespaces_have_their_share_does_not_stand_still() -> None:
    now = [0.0]
    queue = RunQueue(workers=2, clock=lambda: now[0])
    queue.add(key("1", "silent"), Lane.LIVE)
    queue.add(key("2", "silent"), Lane.LIVE)
    await queue.take()
    now[0] = 100.0
    assert queue.still() == 0.0
    queue.add(key("1", "quiet"), Lane.LIVE)
    assert queue.still() == 100.0


async def test_who_comes_third_is_not_behind_two_namespaces_that_hang() -> None:
    queue = RunQueue(workers=64)
    for number in range(100):
        queue.add(key(str(number), "silent-1"), Lane.LIVE)
        queue.add(key(str(number), "silent-2"), Lane.LIVE)
    hanging = [asyncio.create_task(queue.take()) for _ in range(64)]
    await asyncio.sleep(0)
    assert sum(task.done() for task in hanging) == 56
    queue.add(key("1", "third"), Lane.BACKLOG)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    [third] = [found for task in hanging if task.done() and (found := task.result()) and found.namespace == "third"]
    assert third == key("1", "third")
    queue.close()
    await asyncio.gather(*hanging)


async def test_one_namespace_has_half_of_the_workers_and_many_have_all() -> None:
    queue, many = RunQueue(workers=64), RunQueue(workers=64)
    for number in range(100):
        queue.add(key(str(number)), Lane.LIVE)
        many.add(key("1", str(number)), Lane.LIVE)
    assert len(await taken_at_once(queue, 64)) == 32
    assert len(await taken_at_once(many, 64)) == 64


async def test_few_workers_work_and_two_leave_one_for_another_namespace() -> None:
    for workers, expected in ((1, 1), (2, 1), (3, 1), (4, 2)):
        queue = RunQueue(workers=workers)
        for number in range(4):
            queue.add(key(str(number)), Lane.LIVE)
        assert len(await taken_at_once(queue, workers)) == expected


async def test_a_place_given_back_wakes_who_waits_behind_the_places_that_are_kept() -> None:
    queue = RunQueue(workers=8)
    for number in range(4):
        queue.add(key(str(number), "one"), Lane.LIVE)
        queue.add(key(str(number), "two"), Lane.LIVE)
    held = [await queue.take() for _ in range(7)]
    waiting = asyncio.create_task(queue.take())
    await asyncio.sleep(0)
    assert not waiting.done()
    assert held[0] is not None
    queue.release(held[0])
    assert await waiting == key("3", "two")


async def test_moving_many_runs_to_the_live_lane_looks_at_none_of_the_others() -> None:
    queue, keys = RunQueue(), [counted(str(number)) for number in range(2000)]
    for one in keys:
        queue.add(one, Lane.BACKLOG)
    CountedKey.compared = 0
    for one in reversed(keys):
        queue.add(one, Lane.LIVE)
    assert CountedKey.compared < 10 * len(keys)
    assert (await drained(queue, 2)) == ["a/1999", "a/1998"]


async def test_runs_that_are_due_later_again_and_again_leave_nothing_behind() -> None:
    queue, left = RunQueue(), []
    queue.add_later(key("other"), 3600.0)
    for _ in range(2000):
        one = counted("waiting")
        left.append(weakref.ref(one))
        queue.add_later(one, 3600.0)
        queue.add(one, Lane.LIVE)
        del one
        await drained(queue, 1)
    assert sum(reference() is not None for reference in left) < 200
    assert len(queue) == queue.later == 1


async def test_what_was_struck_off_does_not_hide_what_is_due() -> None:
    now = [0.0]
    queue = RunQueue(clock=lambda: now[0])
    for seconds in (5.0, 1.0, 3.0):
        queue.add_later(key("x"), seconds)
    queue.add_later(key("y"), 4.0)
    now[0] = 3.0
    assert await drained(queue, 1) == ["a/x"]
    now[0] = 5.0
    assert await drained(queue, 1) == ["a/y"]
    assert len(queue) == 0
