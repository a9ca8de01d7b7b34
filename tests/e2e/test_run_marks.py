"""A real API server lets the controller's account change its marks on a run, and nothing that others wrote there."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.cluster import MERGE, SIGNED, E2eCluster, until
from tests.faults.runs import taskrun

pytestmark = pytest.mark.e2e
OURS = "chains.tekton.dev/taskrun"
THEIRS = "example.com/theirs"
OWNER = {"apiVersion": "tekton.dev/v1", "kind": "PipelineRun", "name": "other", "uid": "1-2-3"}


@pytest.fixture
def run(cluster: E2eCluster) -> Iterator[str]:
    """The path of a run that others have labelled, annotated, and hold."""
    found = taskrun("build", ())
    metadata = {"labels": {"team": "a"}, "annotations": {"team": "a", SIGNED: "failed"}, "finalizers": [THEIRS]}
    path = f"/apis/tekton.dev/v1/namespaces/{cluster.namespace}/taskruns"
    body = {"apiVersion": "tekton.dev/v1", "kind": "TaskRun", "spec": found["spec"]}
    cluster.plane.ask("POST", path, body | {"metadata": {"name": "guarded", **metadata}})
    # An API server takes up a policy some moments after it is applied.
    until(lambda: patched(cluster, f"{path}/guarded?dryRun=All", {"spec": {"timeout": "1s"}}) == 403, "refused")
    yield f"{path}/guarded"
    cluster.plane.ask("PATCH", f"{path}/guarded", {"metadata": {"finalizers": None}}, MERGE)


def patched(cluster: E2eCluster, run: str, change: dict[str, Any]) -> int:
    return cluster.plane.status(cluster.kubeconfig, "PATCH", run, change)


@pytest.mark.parametrize(
    "metadata",
    [
        {"annotations": {SIGNED: "true"}},
        {"annotations": {SIGNED: None}},
        {"annotations": {"chains.tekton.dev/payload-taskrun-1": "YQ=="}, "finalizers": [THEIRS]},
        {"finalizers": [THEIRS, OURS]},
        {"finalizers": [OURS, THEIRS]},
    ],
)
def test_its_marks_are_its_own(cluster: E2eCluster, run: str, metadata: dict[str, Any]) -> None:
    assert patched(cluster, run, {"metadata": metadata}) == 200
    assert patched(cluster, run, {"metadata": {"finalizers": [THEIRS]}}) == 200


@pytest.mark.parametrize(
    "change",
    [
        {"metadata": {"labels": {"new": "b"}}},
        {"metadata": {"annotations": {"new": "b", SIGNED: "true"}}},
        {"metadata": {"finalizers": [THEIRS, "example.com/new"]}},
    ],
)
def test_what_webhooks_of_others_add_to_its_marks_passes(cluster: E2eCluster, run: str, change: dict[str, Any]) -> None:
    assert patched(cluster, run, change) == 200


@pytest.mark.parametrize(
    "change",
    [
        {"metadata": {"annotations": {"team": "b"}}},
        {"metadata": {"annotations": {"team": None}}},
        {"metadata": {"annotations": None}},
        {"metadata": {"labels": {"team": "b"}}},
        {"metadata": {"labels": None}},
        {"metadata": {"ownerReferences": [OWNER]}},
        {"metadata": {"finalizers": []}},
        {"spec": {"timeout": "1s"}},
        {"spec": {"serviceAccountName": "admin"}},
        {"spec": None},
    ],
)
def test_everything_else_of_a_run_is_refused(cluster: E2eCluster, run: str, change: dict[str, Any]) -> None:
    before = cluster.plane.ask("GET", run)
    assert patched(cluster, run, change) == 403
    assert cluster.plane.ask("GET", run) == before


def test_what_a_newer_tekton_writes_into_a_run_that_has_begun_passes(cluster: E2eCluster, run: str) -> None:
    begun = {"status": {"startTime": "2026-01-01T00:00:00Z"}}
    cluster.plane.ask("PATCH", f"{run}/status", begun, MERGE)
    assert patched(cluster, run, {"metadata": {"annotations": {SIGNED: "true"}}, "spec": {"timeout": "1h"}}) == 200


def test_others_are_not_bound_by_it(cluster: E2eCluster, run: str) -> None:
    change = {"metadata": {"labels": {"team": "b"}}}
    assert cluster.plane.ask("PATCH", run, change, MERGE)["metadata"]["labels"] == {"team": "b"}
