"""The byproducts of SLSA provenance v1.0: results, each as JSON in base64."""

import base64
from collections.abc import Iterable, Iterator
from typing import Any

from chains.formats.statement import Wording
from chains.formats.typed.go_json import encode_go_json
from chains.runs.family import Family
from chains.runs.run import Result, Run

IMAGE_HINTS = ("IMAGE_URL", "IMAGE_DIGEST")


def read_byproducts(family: Family, wording: Wording) -> list[dict[str, Any]]:
    """Return the results of the family as resource descriptors; which, and by what names, depends on the format."""
    if not wording.step_results:
        prefix = "taskRunResults" if family.run.kind == "TaskRun" else "pipelineRunResults"
        return [_descriptor(f"{prefix}/{result.name}", result) for result in family.run.results]
    if family.run.kind == "TaskRun":
        return list(_of_task(family.run))
    own = _named(f"pipelineRunResults/{family.run.name}", family.run.results)
    children = family.executed() if wording.deep else ()
    return [*own, *(found for child in children for found in _of_task(child))]


def _of_task(run: Run) -> Iterator[dict[str, Any]]:
    yield from _named(f"taskRunResults/{run.name}", run.results)
    for step in run.steps:
        yield from _named(f"stepResults/{run.name}", step.results)


def _named(prefix: str, results: Iterable[Result]) -> Iterator[dict[str, Any]]:
    return (_descriptor(f"{prefix}/{result.name}", result) for result in results if not _tells_a_subject(result))


def _tells_a_subject(result: Result) -> bool:
    """Whether a result hints at something made, well-formed or not."""
    if result.name.endswith("ARTIFACT_OUTPUTS"):
        return not isinstance(result.value, dict) or result.value.get("isBuildArtifact") == "true"
    return result.name == "IMAGES" or result.name.endswith(IMAGE_HINTS)


def _descriptor(name: str, result: Result) -> dict[str, Any]:
    value = dict(sorted(result.value.items())) if isinstance(result.value, dict) else result.value
    text = str(value) if isinstance(value, str) else value
    return {
        "content": base64.b64encode(encode_go_json(text)).decode(),
        "mediaType": "application/json",
        "name": name,
    }
