"""Builders of runs and their parts for tests."""

from collections.abc import Mapping
from typing import Any

import msgspec

from chains.runs.run import Run, parse_run

DIGEST = "sha256:" + "a1" * 32
OTHER_DIGEST = "sha256:" + "b2" * 32


def taskrun_object(
    name: str = "build",
    *,
    namespace: str = "builds",
    uid: str = "uid-1",
    results: Mapping[str, Any] | None = None,
    annotations: Mapping[str, str] | None = None,
    done: bool = True,
    **status: Any,
) -> dict[str, Any]:
    """A TaskRun as the API returns it, by default one that succeeded and says nothing of what it built."""
    return {
        "apiVersion": "tekton.dev/v1",
        "kind": "TaskRun",
        "metadata": {"name": name, "namespace": namespace, "uid": uid, "annotations": dict(annotations or {})},
        "spec": {"params": [], "serviceAccountName": "builder"},
        "status": {
            "conditions": [{"type": "Succeeded", "status": "True" if done else "Unknown"}],
            "startTime": "2026-05-01T08:00:00Z",
            "completionTime": "2026-05-01T08:02:03Z",
            "steps": [{"name": "build", "imageID": f"docker.io/library/bash@{OTHER_DIGEST}"}],
            "taskSpec": {"steps": [{"name": "build", "script": "make"}]},
            "results": [{"name": n, "type": "string", "value": v} for n, v in (results or {}).items()],
            **status,
        },
    }


def image_results(url: str = "registry.example.com/team/app", digest: str = DIGEST) -> dict[str, str]:
    """The results of a task that built one image."""
    return {"IMAGE_URL": url, "IMAGE_DIGEST": digest}


def parsed(found: Mapping[str, Any]) -> Run:
    """Parse an object as the watch would hand it over."""
    return parse_run(msgspec.json.encode(found))


def taskrun(**parts: Any) -> Run:
    """A parsed TaskRun; see `taskrun_object`."""
    return parsed(taskrun_object(**parts))
