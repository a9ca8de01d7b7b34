"""The samples' TaskRuns are finished and whole, as the Kubernetes API returns them."""

import re
from datetime import datetime

import pytest

from tests.samples.builders import FILES, every_object, named, objects

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
RUNS = pytest.mark.parametrize("run", every_object("TaskRun"), ids=named)
NAMESPACES = {
    "buildah-kyverno-pipeline.yaml": "workshop",
    "buildah-taskrun.yaml": "builds",
    "go-binary-taskrun.yaml": "builds",
    "kaniko-taskrun.yaml": "builds",
    "ko-images-taskrun.yaml": "builds",
    "kurator-pipeline.yaml": "kurator-pipeline",
    "release-pipeline.yaml": "builds",
}


def test_each_file_keeps_to_its_namespace() -> None:
    found = {path.name: {run["metadata"]["namespace"] for run in objects(path)} for path in FILES}
    assert found == {name: {namespace} for name, namespace in NAMESPACES.items()}


@RUNS
def test_a_sample_is_a_taskrun_with_the_metadata_of_a_stored_object(run) -> None:
    assert (run["apiVersion"], run["kind"]) == ("tekton.dev/v1", "TaskRun")
    assert run.keys() == {"apiVersion", "kind", "metadata", "spec", "status"}
    assert UUID.fullmatch(run["metadata"]["uid"])
    assert run["metadata"]["resourceVersion"].isdigit()
    assert run["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "tekton-pipelines"


@RUNS
def test_a_sample_has_finished_in_the_order_of_its_times(run) -> None:
    status = run["status"]
    (condition,) = status["conditions"]
    assert (condition["type"], condition["status"], condition["reason"]) == ("Succeeded", "True", "Succeeded")
    steps = [step["terminated"] for step in status["steps"]]
    moments = [run["metadata"]["creationTimestamp"], status["startTime"]]
    moments += [step[end] for step in steps for end in ("startedAt", "finishedAt")]
    moments += [status["completionTime"], condition["lastTransitionTime"]]
    assert [datetime.fromisoformat(m) for m in moments] == sorted(datetime.fromisoformat(m) for m in moments)


@RUNS
def test_the_steps_that_ran_are_the_steps_of_the_task(run) -> None:
    status = run["status"]
    assert [step["name"] for step in status["steps"]] == [step["name"] for step in status["taskSpec"]["steps"]]
    for step in status["steps"]:
        assert step["container"] == f"step-{step['name']}"
        assert DIGEST.fullmatch(step["imageID"].partition("@")[2])
        assert step["terminated"]["exitCode"] == 0


@RUNS
def test_results_and_parameters_are_those_the_task_declares(run) -> None:
    spec = run["status"]["taskSpec"]
    declared = {result["name"]: result["type"] for result in spec.get("results", ())}
    assert {result["name"]: result["type"] for result in run["status"].get("results", ())} == declared
    given = {parameter["name"] for parameter in run["spec"].get("params", ())}
    known = {parameter["name"]: parameter for parameter in spec.get("params", ())}
    assert given <= known.keys()
    assert {name for name, parameter in known.items() if "default" not in parameter} <= given


@RUNS
def test_workspaces_are_those_the_task_declares(run) -> None:
    declared = {workspace["name"]: workspace for workspace in run["status"]["taskSpec"].get("workspaces", ())}
    bound = {workspace["name"] for workspace in run["spec"].get("workspaces", ())}
    assert bound <= declared.keys()
    assert {name for name, workspace in declared.items() if not workspace.get("optional")} <= bound


def test_no_two_samples_share_a_uid() -> None:
    uids = [run["metadata"]["uid"] for run in every_object()]
    assert len(uids) == len(set(uids))
