"""Finalizers: a run is held until it is signed, and never longer than need be."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chains.controller.past import Past
from chains.controller.reconcile import CHILD_GRACE, reconcile
from chains.controller.turn import End
from chains.runs.hold import FINALIZERS, OURS
from chains.runs.marks import SIGNED
from tests.builders import image_results, taskrun_object
from tests.controller.fakes import FakeCluster, FakeStore, denial, outage
from tests.controller.test_reconcile import parts, pipelinerun_object

OURS_FOR_TASKS = FINALIZERS["TaskRun"]


def held(*finalizers: str, **more: Any) -> dict[str, Any]:
    found = taskrun_object(results=image_results(), **more)
    found["metadata"]["finalizers"] = list(finalizers or (OURS_FOR_TASKS,))
    return found


def child_of(parent: dict[str, Any], **more: Any) -> dict[str, Any]:
    found = held(**more)
    metadata = parent["metadata"]
    found["metadata"]["ownerReferences"] = [
        {"kind": "PipelineRun", "name": metadata["name"], "uid": metadata["uid"], "controller": True}
    ]
    return found


def deleted_ago(found: dict[str, Any], age: timedelta) -> dict[str, Any]:
    found["metadata"]["deletionTimestamp"] = (datetime.now(UTC) - age).isoformat().replace("+00:00", "Z")
    return found


async def test_signing_frees_a_run_in_the_same_patch_and_leaves_other_finalizers() -> None:
    cluster = FakeCluster()
    key = cluster.put(held("example.com/first", OURS_FOR_TASKS, "example.com/last"))
    assert (await reconcile(key, cluster, parts())).end is End.SIGNED
    assert cluster.finalizers(key) == ["example.com/first", "example.com/last"]
    assert cluster.annotations(key)[SIGNED] == "true"


@pytest.mark.parametrize("left", sorted(OURS))
async def test_finalizers_that_tekton_chains_left_are_freed(left: str) -> None:
    cluster = FakeCluster()
    key = cluster.put(held(left))
    await reconcile(key, cluster, parts())
    assert cluster.finalizers(key) == []


async def test_a_run_that_is_deleted_before_its_turn_is_signed_first() -> None:
    cluster, oci = FakeCluster(), FakeStore()
    key = cluster.put(held())
    cluster.delete(key)
    assert key in cluster
    assert (await reconcile(key, cluster, parts(oci))).end is End.SIGNED
    assert len(oci.kept) == 2
    assert key not in cluster


async def test_a_run_that_is_deleted_before_it_is_done_is_let_go() -> None:
    cluster = FakeCluster()
    key = cluster.put(held(done=False))
    cluster.delete(key)
    assert (await reconcile(key, cluster, parts())).end is End.FREED
    assert key not in cluster


async def test_a_failed_run_is_freed() -> None:
    cluster = FakeCluster()
    key = cluster.put(held())
    assert (await reconcile(key, cluster, parts(FakeStore(denial(), denial())))).end is End.FAILED
    assert cluster.finalizers(key) == []


async def test_an_outage_keeps_a_run_held() -> None:
    cluster = FakeCluster()
    key = cluster.put(held())
    cluster.delete(key)
    assert (await reconcile(key, cluster, parts(FakeStore(outage(), outage())))).end is End.RETRY
    assert key in cluster


async def test_without_a_configuration_settled_runs_are_freed_all_the_same() -> None:
    cluster = FakeCluster()
    key = cluster.put(held(annotations={SIGNED: "true"}))
    cluster.delete(key)
    assert (await reconcile(key, cluster, None)).end is End.FREED
    assert key not in cluster


async def test_runs_that_are_not_to_be_signed_are_not_held() -> None:
    cluster = FakeCluster()
    key = cluster.put(taskrun_object(done=False))
    off = parts(artifacts__taskrun__storage="", artifacts__oci__storage="")
    assert (await reconcile(key, cluster, off)).end is End.LEFT
    assert cluster.finalizers(key) == []


async def test_a_child_is_held_until_its_parent_is_attested() -> None:
    cluster = FakeCluster()
    parent = pipelinerun_object()
    parent_key, child_key = cluster.put(parent), cluster.put(child_of(parent))
    assert (await reconcile(child_key, cluster, parts())).end is End.SIGNED
    assert cluster.finalizers(child_key) == [OURS_FOR_TASKS]
    cluster.delete(child_key)
    assert (await reconcile(child_key, cluster, parts())).end is End.WAITING
    assert (await reconcile(parent_key, cluster, parts())).end is End.SIGNED
    assert child_key not in cluster


@pytest.mark.parametrize("hours", [-1, 0, 1])
async def test_a_child_that_is_deleted_waits_for_its_parent_so_long_by_our_clock_whatever_the_nodes(hours: int) -> None:
    cluster, past, now = FakeCluster(), Past(), [1000.0]
    parent = pipelinerun_object()
    cluster.put(parent)
    child = cluster.put(deleted_ago(child_of(parent, annotations={SIGNED: "true"}), timedelta(hours=hours)))
    ends = []
    for waited in (0.0, CHILD_GRACE - 1, CHILD_GRACE):
        now[0] = 1000.0 + waited
        ends.append((await reconcile(child, cluster, parts(), past, clock=lambda: now[0])).end)
    assert ends == [End.WAITING, End.WAITING, End.FREED]
    assert child not in cluster


async def test_a_child_whose_parent_is_gone_is_let_go_at_once() -> None:
    cluster = FakeCluster()
    child = cluster.put(child_of(pipelinerun_object(), annotations={SIGNED: "true"}))
    cluster.delete(child)
    assert (await reconcile(child, cluster, parts())).end is End.FREED


async def test_where_pipelineruns_are_not_attested_a_child_is_freed_when_it_is_signed() -> None:
    cluster = FakeCluster()
    parent = pipelinerun_object()
    cluster.put(parent)
    child = cluster.put(child_of(parent))
    await reconcile(child, cluster, parts(artifacts__pipelinerun__storage=""))
    assert cluster.finalizers(child) == []


async def test_a_run_that_vanished_is_signed_from_its_last_state() -> None:
    cluster, oci = FakeCluster(), FakeStore()
    key = cluster.put(taskrun_object(results=image_results()))
    past = Past(last_state=await cluster.read(key))
    cluster.delete(key)
    assert key not in cluster
    assert (await reconcile(key, cluster, parts(oci), past)).end is End.SIGNED
    assert len(oci.kept) == 2


async def test_a_retry_repeats_only_what_is_missing() -> None:
    cluster, past = FakeCluster(), Past()
    key = cluster.put(taskrun_object(results=image_results()))
    tekton, flaky = FakeStore(), FakeStore(outage())
    assert (await reconcile(key, cluster, parts(flaky, tekton), past)).end is End.RETRY
    assert (await reconcile(key, cluster, parts(flaky, tekton), past)).end is End.SIGNED
    assert (len(flaky.kept), len(tekton.kept)) == (2, 1)
