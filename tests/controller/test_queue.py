"""The work queue."""

import asyncio

from chains.controller.queue import Lane, RunQueue
from chains.runs.sighting import RunKey


def key(name: str, namespace: str = "a") -> RunKey:
    return RunKey("TaskRun", namespace, name, f"uid-{namespace}-{name}")


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
    queue = RunQueue(share=2)
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
    queue = RunQueue(share=1)
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
    queue = RunQueue(share=1, clock=lambda: now[0])
    queue.add(key("1", "silent"), Lane.LIVE)
    queue.add(key("2", "silent"), Lane.LIVE)
    await queue.take()
    now[0] = 100.0
    assert queue.still() == 0.0
    queue.add(key("1", "quiet"), Lane.LIVE)
    assert queue.still() == 100.0
