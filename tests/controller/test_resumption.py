"""What was stored shortly before a restart is looked at once more; what waits for a host is tried when it recovers."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from chains.config.config import read_config
from chains.controller.reconcile import reconcile
from chains.controller.resumption import LATELY, sign_again
from chains.controller.settling import Settling
from chains.controller.turn import End
from chains.payloads.payload import Origin, Signature, SignedPayload, Stored
from chains.pipeline.parts import Parts
from chains.runs.hold import Hold
from chains.runs.marks import SIGNED, STORED, UNSETTLED
from chains.runs.sighting import ConfigSighting, RunKey
from chains.runs.stamp import Stamp, stamp_in, stored_within
from tests.builders import image_results, taskrun_object
from tests.controller.fakes import FakeCluster, FakeSigner, FakeStore, outage
from tests.controller.test_reconcile import parts
from tests.controller.test_service import OneStore, running, until

SETTINGS = {"artifacts.taskrun.storage": "oci", "storage.oci.quiet-time": "1s"}


async def signed_before(cluster: FakeCluster) -> RunKey:
    """A run that another life of the service has signed just now."""
    key = cluster.put(taskrun_object(results=image_results()))
    assert (await reconcile(key, cluster, parts(artifacts__taskrun__storage="oci"))).end is End.SIGNED
    return key


async def test_a_restarted_service_puts_what_was_stored_lately_once_more() -> None:
    cluster, store = FakeCluster(SETTINGS), FakeStore()
    key = await signed_before(cluster)
    async with running(cluster, store) as (_, turns):
        assert (await until(turns, End.RESUMED)).key == key
        while len(store.kept) < 2:
            await asyncio.sleep(0)
    assert len({signed.payload.media_type for _, signed in store.kept}) == 2, "the attestation and the signature"


async def test_what_was_stored_long_ago_is_left_alone() -> None:
    cluster, store = FakeCluster(SETTINGS), FakeStore()
    key = await signed_before(cluster)
    old = Stamp(datetime.now(UTC) - LATELY - timedelta(seconds=1), "0")
    cluster.annotations(key)[STORED] = str(old)
    async with running(cluster, store) as (_, turns):
        other = cluster.put(taskrun_object("other", uid="2", results=image_results()))
        assert (await turns.get()).key == other


class OtherKey(FakeSigner):
    """Signs as another key would."""

    async def sign(self, message: bytes) -> Signature:
        return Signature(b"other:" + message[:16], "SHA256:other")


def with_other_key() -> Parts:
    return Parts(read_config(SETTINGS).config, {"x509": OtherKey}, {"oci": FakeStore()})


@pytest.mark.parametrize(
    "changed", [parts(artifacts__taskrun__storage="oci", builder__id="https://example.com/other"), with_other_key()]
)
async def test_what_would_be_other_bytes_by_now_is_not_signed_again(changed: Parts) -> None:
    cluster = FakeCluster()
    key = await signed_before(cluster)
    turn = await sign_again(key, cluster, changed)
    assert (turn.end, turn.receipts) == (End.LEFT, ())
    assert "something changed since" in turn.sentence


async def test_without_a_configuration_it_waits() -> None:
    cluster = FakeCluster()
    assert (await sign_again(await signed_before(cluster), cluster, None)).end is End.BLOCKED


async def test_a_run_that_is_gone_is_forgotten() -> None:
    turn = await sign_again(RunKey("TaskRun", "builds", "gone", "uid"), FakeCluster(), parts())
    assert turn.end is End.GONE


async def test_no_quiet_time_leaves_no_stamp() -> None:
    cluster = FakeCluster()
    key = cluster.put(taskrun_object(results=image_results()))
    config = read_config(SETTINGS | {"storage.oci.quiet-time": "0s"}).config
    await reconcile(key, cluster, Parts(config, {"x509": FakeSigner}, {"oci": FakeStore()}))
    assert cluster.annotations(key) == {SIGNED: "true"}


def test_a_stamp_is_read_as_it_was_written() -> None:
    stamp = Stamp(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "ab" * 32)
    assert str(stamp).startswith("2026-01-02T03:04:05Z ")
    assert stamp_in({STORED: str(stamp)}) == stamp


@pytest.mark.parametrize("text", ["", "yesterday abc", "2026-01-02T03:04:05 ab", "2026-01-02T03:04:05Z", "\x00 \x00"])
def test_what_is_no_stamp_is_none(text: str) -> None:
    assert stamp_in({STORED: text}) is None
    assert not stored_within(LATELY, {STORED: text})


async def test_what_waits_for_its_next_try_is_tried_when_a_host_recovers() -> None:
    cluster, workshop = FakeCluster(SETTINGS), OneStore(FakeStore(*(outage() for _ in range(10))))
    cluster.put(taskrun_object(results=image_results()))
    async with running(cluster, workshop) as (_, turns):
        while (turn := await turns.get()).end is End.RETRY:
            workshop.recovered.set()
    assert turn.end is End.SIGNED


async def test_a_wait_that_was_asked_for_outlasts_the_recovery_of_a_host() -> None:
    cluster, workshop = FakeCluster(SETTINGS), OneStore(FakeStore(outage(retry_after=3600.0)))
    cluster.put(taskrun_object(results=image_results()))
    async with running(cluster, workshop) as (_, turns):
        await until(turns, End.RETRY)
        workshop.recovered.set()
        other = cluster.put(taskrun_object("other", uid="2", results=image_results()))
        assert (await turns.get()).key == other


async def test_a_run_that_is_resigned_before_it_is_looked_at_once_more_is_signed() -> None:
    cluster, store = FakeCluster(), FakeStore()
    key = await signed_before(cluster)
    async with running(cluster, store) as (service, turns):
        while service.state.watch_troubles.get("TaskRun in all namespaces", "not yet"):
            await asyncio.sleep(0)
        await cluster.mark(key, UNSETTLED)
        cluster.settings.put_nowait(ConfigSighting(SETTINGS))
        assert (await until(turns, End.SIGNED)).key == key


async def test_a_last_state_that_comes_during_a_turn_is_not_forgotten() -> None:
    reading, gate = asyncio.Event(), asyncio.Event()

    class Slow(FakeCluster):
        async def mark(self, key: RunKey, annotations: Mapping[str, str | None], hold: Hold | None = None) -> bool:
            reading.set()
            await gate.wait()
            return await super().mark(key, annotations, hold)

    cluster, store = Slow(SETTINGS | {"artifacts.taskrun.storage": "tekton"}), FakeStore()
    async with running(cluster, store) as (_, turns):
        key = cluster.put(taskrun_object(results=image_results()))
        await reading.wait()
        cluster.delete(key)
        gate.set()
        assert (await until(turns, End.GONE)).key == key
        assert (await until(turns, End.SIGNED)).key == key


async def test_one_that_hangs_does_not_hold_up_what_is_due_later() -> None:
    looked = asyncio.Event()

    class Hanging(FakeStore):
        async def put(self, signed: SignedPayload, origin: Origin) -> Stored:
            await asyncio.Event().wait()
            raise AssertionError

    class Quick(FakeStore):
        async def put(self, signed: SignedPayload, origin: Origin) -> Stored:
            looked.set()
            return await super().put(signed, origin)

    cluster = FakeCluster()
    key = cluster.put(taskrun_object(results=image_results()))
    turn = await reconcile(key, cluster, parts(artifacts__taskrun__storage="oci"))
    settling = Settling()
    settling.note(turn.receipts, Hanging(), 0.01)
    settling.note(turn.receipts, Quick(), 0.02)
    task = asyncio.create_task(settling.run())
    async with asyncio.timeout(20):
        await looked.wait()
    task.cancel()
