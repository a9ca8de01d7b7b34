"""The samples' PipelineRuns are finished and whole, and their TaskRuns are theirs."""

import re
from datetime import datetime

import pytest

from tests.samples.builders import FILES, RunObject, objects

PATHS = [path for path in FILES if objects(path, "PipelineRun")]
EACH = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
RESULT = re.compile(r"\$\(tasks\.([a-z-]+)\.results\.([A-Za-z_-]+)\)")


def pipelinerun(path) -> RunObject:
    """The one PipelineRun of a file."""
    (run,) = objects(path, "PipelineRun")
    return run


def tasks(run: RunObject) -> dict[str, RunObject]:
    """The pipeline's tasks by name, those of `finally` last."""
    spec = run["status"]["pipelineSpec"]
    return {task["name"]: task for task in (*spec["tasks"], *spec.get("finally", ()))}


def children(path) -> dict[str, RunObject]:
    """The TaskRuns of a file by the pipeline task that they ran; of a matrix the first."""
    found = objects(path, "TaskRun")
    return {run["metadata"]["labels"]["tekton.dev/pipelineTask"]: run for run in reversed(found)}


def test_three_stories_have_a_pipelinerun() -> None:
    assert [path.name for path in PATHS] == [
        "buildah-kyverno-pipeline.yaml",
        "kurator-pipeline.yaml",
        "release-pipeline.yaml",
    ]


@EACH
def test_a_pipelinerun_owns_every_taskrun_of_its_file(path) -> None:
    run = pipelinerun(path)
    owner = {
        "apiVersion": "tekton.dev/v1",
        "kind": "PipelineRun",
        "name": run["metadata"]["name"],
        "uid": run["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }
    for child in objects(path, "TaskRun"):
        assert child["metadata"]["ownerReferences"] == [owner]
        labels = child["metadata"]["labels"]
        assert labels["tekton.dev/pipelineRun"] == owner["name"]
        assert labels["tekton.dev/pipeline"] == run["metadata"]["labels"]["tekton.dev/pipeline"]


@EACH
def test_its_child_references_are_its_taskruns_in_order_and_what_is_no_taskrun(path) -> None:
    run = pipelinerun(path)
    references = run["status"]["childReferences"]
    ours = [(r["name"], r["pipelineTaskName"]) for r in references if r["kind"] == "TaskRun"]
    found = [child["metadata"] for child in objects(path, "TaskRun")]
    assert ours == [(child["name"], child["labels"]["tekton.dev/pipelineTask"]) for child in found]
    for reference in references:
        wanted = f"{run['metadata']['name']}-{reference['pipelineTaskName']}"
        assert re.fullmatch(rf"{re.escape(wanted)}(-\d)?", reference["name"])
    others = [(r["apiVersion"], r["kind"]) for r in references if r["kind"] != "TaskRun"]
    assert others == ([("tekton.dev/v1beta1", "CustomRun")] if path.name == "release-pipeline.yaml" else [])


@EACH
def test_every_task_of_the_pipeline_ran_or_was_skipped(path) -> None:
    run = pipelinerun(path)
    ran = list(dict.fromkeys(reference["pipelineTaskName"] for reference in run["status"]["childReferences"]))
    skipped = [task["name"] for task in run["status"].get("skippedTasks", ())]
    assert sorted(ran + skipped) == sorted(tasks(run))
    (condition,) = run["status"]["conditions"]
    assert condition["message"] == f"Tasks Completed: {len(ran)} (Failed: 0, Cancelled 0), Skipped: {len(skipped)}"
    assert condition["reason"] == ("Completed" if skipped else "Succeeded")


@EACH
def test_a_pipelinerun_began_before_its_taskruns_and_ended_after_them(path) -> None:
    run = pipelinerun(path)
    moments = [run["metadata"]["creationTimestamp"], run["status"]["startTime"]]
    ends = [child["status"]["completionTime"] for child in objects(path, "TaskRun")]
    moments += [objects(path, "TaskRun")[0]["status"]["startTime"], max(ends)]
    moments += [run["status"]["completionTime"], run["status"]["conditions"][0]["lastTransitionTime"]]
    read = [datetime.fromisoformat(moment) for moment in moments]
    assert read == sorted(read)
    versions = [int(child["metadata"]["resourceVersion"]) for child in objects(path)]
    assert versions == sorted(set(versions))


@EACH
def test_its_results_are_those_of_its_tasks(path) -> None:
    run, ran = pipelinerun(path), children(path)
    declared = {result["name"]: result["value"] for result in run["status"]["pipelineSpec"]["results"]}
    for result in run["status"]["results"]:
        task, name = RESULT.fullmatch(declared.pop(result["name"])).groups()
        results = {r["name"]: r["value"] for r in ran[task]["status"]["results"]}
        assert result["value"] == results[name]
    assert declared == {}


@EACH
def test_its_taskruns_got_what_the_pipeline_says(path) -> None:
    run, ran = pipelinerun(path), children(path)
    account = run["spec"]["taskRunTemplate"]["serviceAccountName"]
    for name, child in ran.items():
        task = tasks(run)[name]
        assert child["spec"]["serviceAccountName"] == account
        assert child["spec"].get("taskRef") == task.get("taskRef")
        given = {p["name"]: p["value"] for p in child["spec"].get("params", ())}
        written = {p["name"]: p["value"] for p in task.get("params", ()) if not p["value"].startswith("$(")}
        assert written.items() <= given.items()
        named = {p["name"] for p in (*task.get("params", ()), *task.get("matrix", {}).get("params", ()))}
        assert named == given.keys()
        workspaces = [workspace["name"] for workspace in task.get("workspaces", ())]
        assert workspaces == [workspace["name"] for workspace in child["spec"].get("workspaces", ())]


@EACH
def test_parameters_and_workspaces_are_those_the_pipeline_declares(path) -> None:
    run = pipelinerun(path)
    spec = run["status"]["pipelineSpec"]
    known = {parameter["name"]: parameter for parameter in spec["params"]}
    given = {parameter["name"] for parameter in run["spec"]["params"]}
    assert given <= known.keys()
    assert {name for name, parameter in known.items() if "default" not in parameter} <= given
    assert [w["name"] for w in run["spec"]["workspaces"]] == [w["name"] for w in spec["workspaces"]]


def test_a_walk_throughs_taskruns_are_labelled_with_the_task_they_refer_to() -> None:
    for path in PATHS[:2]:
        for child in objects(path, "TaskRun"):
            labels = child["metadata"]["labels"]
            named = (labels.get("tekton.dev/task"), labels.get("tekton.dev/clusterTask"))
            assert child["spec"]["taskRef"]["name"] in named
