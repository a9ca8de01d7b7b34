"""One turn of one run."""

import pytest

from chains.config.config import read_config
from chains.controller.reconcile import reconcile
from chains.controller.turn import End
from chains.errors import EdgeError
from chains.pipeline.parts import Parts
from chains.runs.marks import REASON, SIGNED, STORED
from chains.runs.sighting import RunKey
from chains.runs.stamp import stamp_in
from tests.builders import image_results, taskrun_object
from tests.controller.fakes import FakeCluster, FakeSigner, FakeStore, denial, outage

SETTINGS = {"artifacts.taskrun.storage": "oci,tekton"}


def parts(oci: FakeStore | None = None, tekton: FakeStore | None = None, **settings: str) -> Parts:
    config = read_config(SETTINGS | {name.replace("__", "."): value for name, value in settings.items()}).config
    return Parts(config, {"x509": FakeSigner}, {"oci": oci or FakeStore(), "tekton": tekton or FakeStore()})


async def test_a_finished_run_is_stored_everywhere_and_then_marked() -> None:
    cluster, oci, tekton = FakeCluster(), FakeStore(), FakeStore(annotations={"chains.tekton.dev/payload-x": "e30="})
    key = cluster.put(taskrun_object(results=image_results()))
    turn = await reconcile(key, cluster, parts(oci, tekton))
    assert turn.end is End.SIGNED
    assert (len(oci.kept), len(tekton.kept)) == (2, 1)
    marks = cluster.annotations(key)
    assert stamp_in({STORED: marks.pop(STORED)}) is not None
    assert marks == {SIGNED: "true", "chains.tekton.dev/payload-x": "e30="}


async def test_a_run_without_anything_to_sign_is_marked_with_the_reason() -> None:
    cluster = FakeCluster()
    key = cluster.put(taskrun_object())
    turn = await reconcile(key, cluster, parts(artifacts__taskrun__storage="oci"))
    assert turn.end is End.NOTHING_TO_SIGN
    assert cluster.annotations(key)[SIGNED] == "true"
    assert "names an artifact" in cluster.annotations(key)[REASON]


@pytest.mark.parametrize("mark", ["true", "failed"])
async def test_a_settled_run_is_left_alone(mark: str) -> None:
    cluster, oci = FakeCluster(), FakeStore()
    key = cluster.put(taskrun_object(results=image_results(), annotations={SIGNED: mark}))
    assert (await reconcile(key, cluster, parts(oci))).end is End.LEFT
    assert oci.kept == []


async def test_a_run_that_is_not_done_is_held_once_and_then_left_alone() -> None:
    cluster = FakeCluster()
    key = cluster.put(taskrun_object(done=False))
    assert (await reconcile(key, cluster, parts())).end is End.HELD
    assert cluster.finalizers(key) == ["chains.tekton.dev/taskrun"]
    assert (await reconcile(key, cluster, parts())).end is End.LEFT


async def test_a_run_of_a_foreign_controller_is_signed_only_when_configured() -> None:
    cluster = FakeCluster()
    found = taskrun_object(results=image_results())
    found["spec"]["managedBy"] = "example.com/queue"
    key = cluster.put(found)
    assert (await reconcile(key, cluster, parts())).end is End.LEFT
    allowed = parts(**{"filter__managed-by": "example.com/queue"})
    assert (await reconcile(key, cluster, allowed)).end is End.SIGNED


async def test_an_outage_leaves_no_mark_and_asks_for_another_turn() -> None:
    cluster = FakeCluster()
    key = cluster.put(taskrun_object(results=image_results()))
    turn = await reconcile(key, cluster, parts(FakeStore(outage(7.0), outage())))
    assert (turn.end, turn.retry_after) == (End.RETRY, 7.0)
    assert cluster.annotations(key) == {}
    assert (await reconcile(key, cluster, parts())).end is End.SIGNED


async def test_a_denial_is_marked_failed_with_the_reason() -> None:
    cluster = FakeCluster()
    key = cluster.put(taskrun_object(results=image_results()))
    turn = await reconcile(key, cluster, parts(FakeStore(denial(), denial())))
    assert turn.end is End.FAILED
    assert cluster.annotations(key)[SIGNED] == "failed"
    assert "403" in cluster.annotations(key)[REASON]


async def test_one_failing_store_does_not_keep_the_other_from_its_payload() -> None:
    cluster, tekton = FakeCluster(), FakeStore()
    key = cluster.put(taskrun_object(results=image_results()))
    turn = await reconcile(key, cluster, parts(FakeStore(outage(), outage()), tekton))
    assert turn.end is End.RETRY
    assert len(tekton.kept) == 1


async def test_without_a_key_nothing_is_marked() -> None:
    def no_key() -> FakeSigner:
        raise EdgeError("there is no key to sign with", transient=True)

    cluster = FakeCluster()
    key = cluster.put(taskrun_object(results=image_results()))
    keyless = Parts(parts().config, {"x509": no_key}, parts().stores)
    turn = await reconcile(key, cluster, keyless)
    assert (turn.end, turn.sentence) == (End.BLOCKED, "there is no key to sign with")
    assert cluster.annotations(key) == {}


async def test_all_artifacts_of_a_run_are_signed_by_one_key_however_often_it_is_rotated() -> None:
    cluster, asked = FakeCluster(), []

    def rotating() -> FakeSigner:
        asked.append(FakeSigner())
        return asked[-1]

    key = cluster.put(taskrun_object(results=image_results()))
    await reconcile(key, cluster, Parts(parts().config, {"x509": rotating}, parts().stores))
    assert len(asked) == 1
    assert len(asked[0].messages) == 2


async def test_a_run_that_was_replaced_by_another_of_its_name_is_gone() -> None:
    cluster, oci = FakeCluster(), FakeStore()
    cluster.put(taskrun_object(results=image_results(), uid="new"))
    turn = await reconcile(RunKey("TaskRun", "builds", "build", "old"), cluster, parts(oci))
    assert turn.end is End.GONE
    assert oci.kept == []


async def test_a_run_that_cannot_be_read_is_marked_failed() -> None:
    cluster = FakeCluster()
    key = cluster.put(taskrun_object(startTime="yesterday"))
    turn = await reconcile(key, cluster, parts())
    assert turn.end is End.FAILED
    assert "status.startTime" in cluster.annotations(key)[REASON]


async def test_an_api_outage_while_marking_is_tried_again() -> None:
    cluster = FakeCluster()
    key = cluster.put(taskrun_object(results=image_results()))
    cluster.mark_errors.append(outage())
    assert (await reconcile(key, cluster, parts())).end is End.RETRY
    assert (await reconcile(key, cluster, parts())).end is End.SIGNED


async def test_a_mark_that_the_api_refuses_for_good_is_replaced_by_one_that_says_so() -> None:
    cluster = FakeCluster()
    key = cluster.put(taskrun_object(results=image_results()))
    cluster.mark_errors.append(EdgeError("metadata.annotations: too long", transient=False))
    assert (await reconcile(key, cluster, parts())).end is End.FAILED
    assert cluster.annotations(key) == {SIGNED: "failed", REASON: "metadata.annotations: too long"}


async def test_a_run_too_full_even_for_the_mark_that_says_so_is_let_go_and_told_of() -> None:
    cluster = FakeCluster()
    key = cluster.put(taskrun_object(results=image_results()))
    found = cluster.objects["TaskRun", key.namespace, key.name]
    found["metadata"]["finalizers"] = ["chains.tekton.dev/taskrun"]
    cluster.mark_errors += [EdgeError("metadata.annotations: too long", transient=False)] * 2
    turn = await reconcile(key, cluster, parts())
    assert turn.end is End.FAILED
    assert turn.sentence.startswith("it cannot be marked as failed: metadata.annotations: too long")
    assert cluster.finalizers(key) == []
    assert SIGNED not in cluster.annotations(key)


def pipelinerun_object() -> dict[str, object]:
    found = taskrun_object("release", uid="uid-p")
    children = [
        {"kind": "TaskRun", "name": "build", "pipelineTaskName": "build"},
        {"kind": "CustomRun", "name": "gate"},
    ]
    spec = {"tasks": [{"name": "build"}]}
    found["status"] |= {"childReferences": children, "pipelineSpec": spec}
    return found | {"kind": "PipelineRun"}


async def test_a_pipelinerun_waits_for_its_taskruns_and_for_nothing_else() -> None:
    cluster = FakeCluster()
    whole = taskrun_object(results=image_results())
    owner = {"kind": "PipelineRun", "name": "release", "uid": "uid-p", "controller": True}
    whole["metadata"]["ownerReferences"] = [owner]
    child, parent = cluster.put(whole), cluster.put(pipelinerun_object())
    assert (await reconcile(parent, cluster, parts())).end is End.WAITING
    await reconcile(child, cluster, parts())
    assert (await reconcile(parent, cluster, parts())).end is End.SIGNED


async def test_a_pipelinerun_whose_child_was_pruned_is_attested_and_says_so() -> None:
    cluster = FakeCluster()
    parent = cluster.put(pipelinerun_object())
    turn = await reconcile(parent, cluster, parts())
    assert turn.end is End.SIGNED
    assert any("build was not found" in reason for reason in turn.reasons)
