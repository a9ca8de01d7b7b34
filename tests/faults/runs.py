"""The runs that fault scenarios apply: finished builds told apart by one parameter."""

from typing import Any

NAMESPACE = "builds"
MARK = "fault-mark"
_TIMES = {"startTime": "2026-05-01T08:00:00Z", "completionTime": "2026-05-01T08:02:03Z"}
_STEP = {"name": "build", "imageID": "docker.io/library/bash@sha256:" + "b2" * 32}
_SPEC = {"steps": [{"name": "build", "image": "bash", "script": "make"}]}


def taskrun(name: str, images: tuple[str, ...], *, done: bool = True, parent: dict[str, Any] | None = None) -> Any:
    """A TaskRun that built these images (`host/repository@sha256:...`); a child when it has a parent's metadata."""
    metadata: dict[str, Any] = {"name": name, "namespace": NAMESPACE, "annotations": {"example.com/kept": name}}
    if parent is not None:
        metadata["labels"] = {"tekton.dev/pipelineRun": parent["name"], "tekton.dev/pipelineTask": name}
        metadata["ownerReferences"] = [_owner(parent)]
    return {
        "apiVersion": "tekton.dev/v1",
        "kind": "TaskRun",
        "metadata": metadata,
        "spec": {"params": [{"name": MARK, "value": name}], "serviceAccountName": "default", "taskSpec": _SPEC},
        "status": _status(done, [("IMAGES", "\n".join(images))] if images else [])
        | {"steps": [_STEP], "taskSpec": _SPEC},
    }


def pipelinerun(name: str, images: tuple[str, ...], children: tuple[str, ...], *, done: bool = True) -> Any:
    """A PipelineRun whose own results name these images, with child TaskRuns of these names."""
    tasks = [{"name": child, "taskSpec": _SPEC} for child in children]
    references = [
        {"apiVersion": "tekton.dev/v1", "kind": "TaskRun", "name": child, "pipelineTaskName": child}
        for child in children
    ]
    params = [{"name": MARK, "value": name}]
    return {
        "apiVersion": "tekton.dev/v1",
        "kind": "PipelineRun",
        "metadata": {"name": name, "namespace": NAMESPACE, "annotations": {"example.com/kept": name}},
        "spec": {"params": params, "pipelineSpec": {"tasks": tasks}},
        "status": _status(done, [("IMAGES", "\n".join(images))])
        | {"childReferences": references, "pipelineSpec": {"tasks": tasks}},
    }


def finished(found: dict[str, Any]) -> dict[str, Any]:
    """The same run after it succeeded."""
    conditions = [{"type": "Succeeded", "status": "True", "reason": "Succeeded"}]
    return {**found, "status": {**found["status"], **_TIMES, "conditions": conditions}}


def _status(done: bool, results: list[tuple[str, str]]) -> dict[str, Any]:
    state = {"type": "Succeeded", "status": "True" if done else "Unknown", "reason": "Succeeded" if done else "Running"}
    told = [{"name": name, "type": "string", "value": value} for name, value in results]
    return {"conditions": [state], "results": told, "taskResults": told} | (_TIMES if done else {})


def _owner(parent: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "tekton.dev/v1",
        "kind": "PipelineRun",
        "name": parent["name"],
        "uid": parent["uid"],
        "controller": True,
    }
