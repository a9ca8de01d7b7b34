"""A turn that hangs is cut off: its worker goes on, nothing goes on behind it, and nothing is taken for done."""

import asyncio
from collections.abc import Mapping

import pytest
from structlog.testing import capture_logs
from yarl import URL

from chains.controller.bound import LONGEST_TURN, bounded
from chains.controller.metrics import Metrics
from chains.controller.service import STALL
from chains.controller.shares import Shares
from chains.controller.turn import End, Turn
from chains.errors import EdgeError
from chains.hosts.reach import Reach
from chains.hosts.transport import Bounds, Transport
from chains.payloads.payload import Origin, SignedPayload, Stored
from chains.registry.refusals import REGISTRY
from chains.runs.hold import Hold
from chains.runs.marks import SIGNED
from chains.runs.sighting import RunKey
from tests.builders import image_results, taskrun_object
from tests.controller.fakes import FakeCluster, FakeStore
from tests.controller.jumping_time import jump, with_jumps
from tests.controller.leaders import Decided
from tests.controller.test_service import SETTINGS, running, until

KEY = RunKey("TaskRun", "builds", "build", "uid-1")


class Hanging(FakeStore):
    """Hangs until told otherwise; counts who waits."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()
        self.hangs, self.waiting = True, 0

    async def put(self, signed: SignedPayload, origin: Origin) -> Stored:
        self.waiting += 1
        try:
            self.asked.set()
            if self.hangs:
                await asyncio.Event().wait()
            return await super().put(signed, origin)
        finally:
            self.waiting -= 1


class HangingMark(FakeCluster):
    """Hangs when the first mark is to be left."""

    def __init__(self, entries: Mapping[str, str]) -> None:
        super().__init__(entries)
        self.asked = asyncio.Event()

    async def mark(self, key: RunKey, annotations: Mapping[str, str | None], hold: Hold | None = None) -> bool:
        if not self.asked.is_set():
            self.asked.set()
            await asyncio.Event().wait()
        return await super().mark(key, annotations, hold)


def test_a_turn_is_cut_off_long_before_the_service_counts_as_dead() -> None:
    assert LONGEST_TURN < STALL / 2


def test_a_turn_that_hangs_in_a_store_is_cut_off_told_of_and_tried_again() -> None:
    async def lived() -> None:
        cluster, store, metrics = FakeCluster(SETTINGS), Hanging(), Metrics()
        key = cluster.put(taskrun_object(results=image_results()))
        async with running(cluster, store, metrics=metrics, seconds=2 * LONGEST_TURN) as (service, turns):
            await store.asked.wait()
            jump(LONGEST_TURN)
            turn = await turns.get()
            assert (turn.key, turn.end, turn.cut) == (key, End.RETRY, "store")
            assert "cut off in the stage store" in turn.sentence
            assert SIGNED not in cluster.annotations(key)
            assert (service.queue.active, service.queue.later, store.waiting) == (0, 1, 0)
            assert 'chains_turns_cut_total{kind="TaskRun",stage="store"} 1.0' in metrics.text().decode()
            [(_, reason, message)] = cluster.events
            assert reason == "Retrying"
            assert "cut off in the stage store" in message
            store.hangs = False
            assert (await until(turns, End.SIGNED)).key == key
        assert cluster.annotations(key)[SIGNED] == "true"

    with capture_logs() as written:
        with_jumps(lived())
    [told] = [line for line in written if line["log_level"] == "warning"]
    assert "cut off in the stage store" in told["why"]


def test_a_turn_that_hangs_in_its_mark_is_no_signed_run_and_stores_nothing_twice() -> None:
    async def lived() -> None:
        cluster, store = HangingMark(SETTINGS), FakeStore()
        key = cluster.put(taskrun_object(results=image_results()))
        async with running(cluster, store, seconds=2 * LONGEST_TURN) as (_, turns):
            await cluster.asked.wait()
            jump(LONGEST_TURN)
            turn = await turns.get()
            assert (turn.end, turn.cut) == (End.RETRY, "mark")
            assert SIGNED not in cluster.annotations(key)
            assert (await until(turns, End.SIGNED)).key == key
        assert len(store.kept) == 2

    with_jumps(lived())


def test_what_is_begun_beside_a_turn_ends_with_it_and_its_bucket_may_be_handed_over() -> None:
    async def lived() -> None:
        shares = Shares(Decided(1, 0))
        ended, begun = [], asyncio.Event()

        async def hanging(name: str) -> None:
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                ended.append(name)

        async def work() -> Turn:
            await asyncio.gather(hanging("one"), hanging("two"))
            return Turn(KEY, End.SIGNED)

        turn = asyncio.create_task(shares.within(KEY, bounded(KEY, work())))
        await begun.wait()
        emptied = asyncio.create_task(shares.emptied(0))
        jump(LONGEST_TURN)
        assert ((await turn).end, (await turn).cut) == (End.RETRY, "elsewhere")
        await emptied
        assert sorted(ended) == ["one", "two"]
        assert asyncio.all_tasks() == {asyncio.current_task()}

    with_jumps(lived())


def test_a_connection_of_a_turn_that_is_cut_off_is_closed() -> None:
    async def lived() -> None:
        asked, closed = asyncio.Event(), asyncio.Event()

        async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            asked.set()
            await reader.read()
            closed.set()
            writer.close()

        server = await asyncio.start_server(silent, "127.0.0.1", 0)
        url = URL(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v2/")
        for_ever = Bounds(connect=1e6, idle=1e6, total=1e6)
        transport = Transport(REGISTRY, Reach(), for_ever)
        async with server:

            async def work() -> Turn:
                await transport.send("GET", url, headers={}, most=1024)
                return Turn(KEY, End.SIGNED)

            turn = asyncio.create_task(bounded(KEY, work()))
            await asked.wait()
            jump(LONGEST_TURN)
            assert (await turn).end is End.RETRY
            await closed.wait()
            await transport.close()

    with_jumps(lived())


async def test_a_timeout_of_somebody_else_is_not_taken_for_the_bound() -> None:
    async def work() -> Turn:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        await bounded(KEY, work())


async def test_trouble_is_passed_on_as_it_is() -> None:
    async def work() -> Turn:
        raise EdgeError("the registry does not answer", transient=True)

    with pytest.raises(EdgeError):
        await bounded(KEY, work())
