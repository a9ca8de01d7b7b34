"""Runs in awkward places: moved between lanes, impostors, two keys, refusals that hold up nobody else."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from chains.config.config import read_config
from chains.controller.intake import Intake
from chains.controller.past import Past
from chains.controller.patrol import Patrol
from chains.controller.queue import Lane, RunQueue
from chains.controller.reconcile import reconcile
from chains.controller.settling import Settling
from chains.controller.state import State
from chains.controller.turn import End
from chains.errors import EdgeError
from chains.payloads.payload import Origin, Signature, SignedPayload, Stored
from chains.pipeline.parts import Parts
from chains.runs.hold import Hold
from chains.runs.marks import REASON, SIGNED
from chains.runs.sighting import RunKey
from tests.builders import image_results, taskrun_object
from tests.controller.fakes import FakeCluster, FakeSigner, FakeStore, outage
from tests.controller.test_holding import child_of
from tests.controller.test_reconcile import parts, pipelinerun_object

PLACES = (("TaskRun", None), ("PipelineRun", None))


def key(name: str, namespace: str = "builds") -> RunKey:
    return RunKey("TaskRun", namespace, name, name)


async def test_the_last_run_of_a_namespace_may_change_lanes() -> None:
    queue = RunQueue()
    queue.add(key("a", "one"), Lane.BACKLOG)
    queue.add(key("b", "two"), Lane.BACKLOG)
    queue.add(key("a", "one"), Lane.LIVE)
    assert [await queue.take(), await queue.take()] == [key("a", "one"), key("b", "two")]


async def test_another_run_of_a_childs_name_is_no_child() -> None:
    cluster = FakeCluster()
    cluster.put(taskrun_object(results=image_results()))
    parent = cluster.put(pipelinerun_object())
    turn = await reconcile(parent, cluster, parts())
    assert turn.end is End.SIGNED
    assert any("build was not found" in reason for reason in turn.reasons)


async def test_a_child_that_is_too_old_to_be_signed_does_not_keep_its_parent_waiting() -> None:
    cluster = FakeCluster()
    parent = pipelinerun_object()
    child = child_of(parent, completionTime="2020-01-01T00:00:00Z")
    cluster.put(child)
    turn = await reconcile(cluster.put(parent), cluster, parts(), oldest=datetime(2021, 1, 1, tzinfo=UTC))
    assert turn.end is not End.WAITING


class Numbered(FakeSigner):
    """Signs with its number."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number

    async def sign(self, message: bytes) -> Signature:
        return Signature(b"%d:" % self.number + message[:16], f"SHA256:{self.number}")


async def test_what_one_key_has_begun_no_other_ends() -> None:
    numbers = iter(range(10))
    store, cluster, past = FakeStore(), FakeCluster(), Past()
    run = cluster.put(taskrun_object(results=image_results()))
    config = read_config({"artifacts.taskrun.storage": "oci"}).config

    class Once(FakeStore):
        async def put(self, signed: SignedPayload, origin: Origin) -> Stored:
            if store.kept:
                self._errors = [outage()] if len(store.kept) == 1 and not self.kept else []
            if self._errors:
                self.kept.append((origin, signed))
                raise self._errors.pop()
            return await store.put(signed, origin)

    live = Parts(config, {"x509": lambda: Numbered(next(numbers))}, {"oci": Once()})
    assert (await reconcile(run, cluster, live, past)).end is End.RETRY
    assert (await reconcile(run, cluster, live, past)).end is End.SIGNED
    assert {signed.signature.key_id for _, signed in store.kept} == {"SHA256:0"}


async def test_one_run_that_is_refused_holds_up_no_other_of_a_round() -> None:
    class Refusing(FakeCluster):
        async def mark(self, key: RunKey, annotations: Mapping[str, str | None], hold: Hold | None = None) -> bool:
            if key.name == "a-poison":
                raise EdgeError("403: denied by policy", transient=True)
            return await super().mark(key, annotations, hold)

    cluster = Refusing()
    for name in ("a-poison", "good"):
        cluster.put(taskrun_object(name, uid=name, annotations={SIGNED: "failed", REASON: "403"}))
    good = key("good")
    rounds = Patrol(cluster, PLACES, lambda: 3600.0, calm=0.0)
    rounds.note_change()
    task = asyncio.create_task(rounds.drive_failed())
    async with asyncio.timeout(20):
        while SIGNED in cluster.annotations(good):
            await asyncio.sleep(0)
    task.cancel()


async def test_a_change_does_not_cut_short_a_wait_that_was_asked_for() -> None:
    queue, cluster = RunQueue(), FakeCluster()
    intake = Intake(queue, State())
    found = taskrun_object(results=image_results())
    run = cluster.put(found)
    intake.past(run).not_before = asyncio.get_running_loop().time() + 3600.0
    queue.add_later(run, 3600.0)
    text = await cluster.read(run)
    assert text is not None
    intake.see("TaskRun", text, Lane.LIVE, gone=False)
    assert queue.waits(run)
    intake.past(run).not_before = 0.0
    intake.see("TaskRun", text, Lane.LIVE, gone=False)
    assert await queue.take() == run


async def test_too_much_to_look_at_again_is_dropped_rather_than_tried_without_pause() -> None:
    class Dead(FakeStore):
        async def put(self, signed: SignedPayload, origin: Origin) -> Stored:
            self.kept.append((origin, signed))
            raise outage()

    cluster, store, settling = FakeCluster(), Dead(), Settling(most=1)
    run = cluster.put(taskrun_object(results=image_results()))
    turn = await reconcile(run, cluster, parts(artifacts__taskrun__storage="oci"))
    for _ in range(10):
        settling.note(turn.receipts, store, 3600.0)
    task = asyncio.create_task(settling.run())
    for _ in range(1000):
        await asyncio.sleep(0)
    task.cancel()
    assert len(store.kept) == 20, "each once"


@pytest.mark.parametrize("seconds", [0, 3600])
async def test_a_deleted_run_is_freed_whatever_its_parent_is_like(seconds: int) -> None:
    cluster = FakeCluster()
    parent = pipelinerun_object()
    parent["status"]["startTime"] = "yesterday"  # type: ignore[index]
    child = child_of(parent)
    deleted = {"finalizers": ["chains.tekton.dev/taskrun"], "deletionTimestamp": datetime.now(UTC).isoformat()}
    child["metadata"] |= deleted | {"annotations": {SIGNED: "true"}}
    cluster.put(parent)
    turn = await reconcile(cluster.put(child), cluster, parts(), Past(leaving_since=0.0), clock=lambda: float(seconds))
    assert turn.end is (End.FREED if seconds else End.RETRY)
