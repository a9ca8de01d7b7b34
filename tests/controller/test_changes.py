"""What a change brings about: blocked runs go on, failed runs are driven again, forged marks are struck."""

import asyncio

import pytest

from chains.config.config import read_config
from chains.controller.patrol import Patrol
from chains.controller.reconcile import reconcile
from chains.controller.settling import Settling
from chains.controller.turn import End
from chains.payloads.payload import Origin, SignedPayload, Stored
from chains.pipeline.plan import plan_run
from chains.pipeline.sign import sign_plan
from chains.runs.authors import is_forged, mark_authors
from chains.runs.marks import REASON, SIGNED, STORED
from chains.runs.sighting import ConfigSighting, RunKey
from tests.builders import image_results, taskrun, taskrun_object
from tests.controller.fakes import FakeCluster, FakeSigner, FakeStore, denial, outage
from tests.controller.test_service import SETTINGS, running, until

PLACES = (("TaskRun", None), ("PipelineRun", None))


async def test_failed_runs_are_driven_again_after_the_configuration_changed() -> None:
    cluster, store = FakeCluster(SETTINGS), FakeStore(denial(), denial())
    key = cluster.put(taskrun_object(results=image_results()))
    async with running(cluster, store) as (_, turns):
        await until(turns, End.FAILED)
        cluster.settings.put_nowait(ConfigSighting(SETTINGS | {"builder.id": "https://example.com/mended"}))
        assert (await until(turns, End.SIGNED)).key == key
    assert cluster.annotations(key).keys() == {SIGNED, STORED}


async def test_runs_that_somebody_else_gave_up_keep_their_mark() -> None:
    cluster = FakeCluster()
    theirs = cluster.put(taskrun_object("theirs", uid="1", annotations={SIGNED: "failed"}))
    ours = cluster.put(taskrun_object("ours", uid="2", annotations={SIGNED: "failed", REASON: "403"}))
    rounds = Patrol(cluster, PLACES, lambda: 3600.0, calm=0.0)
    rounds.note_change()
    task = asyncio.create_task(rounds.drive_failed())
    async with asyncio.timeout(20):
        while SIGNED in cluster.annotations(ours):
            await asyncio.sleep(0.01)
    task.cancel()
    assert cluster.annotations(theirs) == {SIGNED: "failed"}


async def test_a_run_held_beyond_the_horizon_is_freed_with_an_event() -> None:
    cluster = FakeCluster()
    found = taskrun_object(results=image_results())
    found["metadata"] |= {"finalizers": ["chains.tekton.dev/taskrun"], "deletionTimestamp": "2026-01-01T00:00:00Z"}
    key = cluster.put(found)
    task = asyncio.create_task(Patrol(cluster, PLACES, lambda: 1.0, calm=0.0).free_overdue())
    async with asyncio.timeout(20):
        while not cluster.events:
            await asyncio.sleep(0.01)
    task.cancel()
    assert key not in cluster
    assert cluster.events[0][1] == "FreedUnsigned"


def marked_by(manager: str) -> dict[str, object]:
    found = taskrun_object(results=image_results(), annotations={SIGNED: "true"})
    owned = {"f:metadata": {"f:annotations": {f"f:{SIGNED}": {}}}}
    found["metadata"]["managedFields"] = [
        {"manager": "somebody", "operation": "Update", "fieldsV1": {"f:metadata": {"f:labels": {}}}},
        {"manager": manager, "operation": "Update", "fieldsV1": owned},
    ]
    return found


@pytest.mark.parametrize(
    ("manager", "forged"), [("kubectl-annotate", True), ("tekton-chains-controller", False), ("ci-bot", False)]
)
async def test_a_mark_of_an_untrusted_manager_does_not_stop_signing(manager: str, forged: bool) -> None:
    cluster, store = FakeCluster(SETTINGS | {"marks.trusted-managers": "ci-bot"}), FakeStore()
    async with running(cluster, store) as (service, turns):
        while service.state.parts is None:
            await asyncio.sleep(0)
        key = cluster.put(marked_by(manager))
        other = cluster.put(taskrun_object("other", uid="other", results=image_results()))
        signed = {(await until(turns, End.SIGNED)).key for _ in range(2 if forged else 1)}
        assert signed == ({key, other} if forged else {other})
    told = [reason for _, reason, _ in cluster.events if reason != "Signed"]
    assert told == (["ForgedMark"] if forged else [])


async def test_by_default_every_mark_counts() -> None:
    cluster, store = FakeCluster(SETTINGS), FakeStore()
    cluster.put(marked_by("kubectl-annotate"))
    async with running(cluster, store) as (_, turns):
        cluster.put(taskrun_object("other", uid="other", results=image_results()))
        assert (await until(turns, End.SIGNED)).key.name == "other"
    assert len(store.kept) == 2


def test_a_mark_without_any_recorded_author_is_forged() -> None:
    run = taskrun(results=image_results(), annotations={SIGNED: "true"})
    assert mark_authors(run.text) == frozenset()
    assert is_forged(run.text, frozenset({"ci-bot"}))


async def test_what_was_stored_is_put_again_after_a_quiet_time() -> None:
    store, settling = FakeStore(), Settling()
    plan = plan_run(taskrun(results=image_results()), read_config(SETTINGS).config)
    receipts = await sign_plan(plan, {"x509": FakeSigner()}, {"oci": store})
    assert isinstance(receipts[0].origin, Origin)
    settling.note(receipts, store, 0.01)
    settling.note(receipts, store, 0.0)
    task = asyncio.create_task(settling.run())
    async with asyncio.timeout(20):
        while len(store.kept) < 4:
            await asyncio.sleep(0.01)
    task.cancel()
    assert len(store.kept) == 4


async def test_a_round_survives_an_api_that_fails_and_is_gone_again() -> None:
    cluster = FakeCluster()
    key = cluster.put(taskrun_object(annotations={SIGNED: "failed", REASON: "403"}))
    cluster.mark_errors.append(outage())
    rounds = Patrol(cluster, PLACES, lambda: 3600.0, calm=0.0)
    rounds.note_change()
    task = asyncio.create_task(rounds.drive_failed())
    async with asyncio.timeout(20):
        while SIGNED in cluster.annotations(key):
            await asyncio.sleep(0.01)
    assert not task.done()
    task.cancel()


async def test_a_configuration_that_arrives_during_a_turn_is_not_missed() -> None:
    gate, reading = asyncio.Event(), asyncio.Event()

    class Slow(FakeCluster):
        async def read(self, key: RunKey) -> bytes | None:
            reading.set()
            await gate.wait()
            return await super().read(key)

    cluster = Slow()
    cluster.put(taskrun_object(results=image_results()))
    async with running(cluster, FakeStore()) as (service, turns):
        await reading.wait()
        cluster.settings.put_nowait(ConfigSighting(SETTINGS))
        while service.state.parts is None:
            await asyncio.sleep(0)
        gate.set()
        await until(turns, End.SIGNED)


async def test_a_run_that_cannot_be_read_is_marked_and_let_go() -> None:
    cluster = FakeCluster()
    found = taskrun_object(startTime="yesterday")
    found["metadata"]["finalizers"] = ["chains.tekton.dev/taskrun"]
    key = cluster.put(found)
    assert (await reconcile(key, cluster, None)).end is End.FAILED
    assert cluster.finalizers(key) == []


async def test_what_had_to_be_put_back_is_looked_at_once_more() -> None:
    class Dropping(FakeStore):
        async def put(self, signed: SignedPayload, origin: Origin) -> Stored:
            await super().put(signed, origin)
            return Stored(("fake/1",), written=len(self.kept) < 4)

    store, settling = Dropping(), Settling()
    plan = plan_run(taskrun(results=image_results()), read_config(SETTINGS | {"artifacts.oci.signer": "none"}).config)
    receipts = await sign_plan(plan, {"x509": FakeSigner()}, {"oci": store})
    settling.note(receipts, store, 0.01)
    task = asyncio.create_task(settling.run())
    async with asyncio.timeout(20):
        while len(store.kept) < 4:
            await asyncio.sleep(0.01)
    task.cancel()
    assert len(store.kept) == 4
