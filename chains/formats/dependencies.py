"""The resolvedDependencies of SLSA provenance v1.0: definitions, images, sources and declared inputs."""

import base64
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from chains.artifacts.hints import read_git, read_hints
from chains.artifacts.materials import container_images, definition, git_sources
from chains.artifacts.merge import merge_artifacts
from chains.artifacts.reference import Artifact
from chains.formats.own_json import own_json
from chains.formats.statement import Wording
from chains.formats.typed.go_json import encode_go_json
from chains.formats.typed.round_trip import round_trip
from chains.runs.family import Family
from chains.runs.marks import lasting_annotations
from chains.runs.run import Run

INPUT = "inputs/result"
# These are kept beside an equal dependency: each stands for a role of its own.
ROLES = ("task", "pipeline")
STEP_ACTION = "stepAction/"
CHANGING = ("finalizers", "generation", "managedFields", "resourceVersion")


@dataclass(frozen=True, slots=True)
class Dependency:
    """A resource descriptor: any of its members may be empty."""

    name: str
    artifact: Artifact
    content: bytes = b""

    @property
    def identity(self) -> tuple[object, ...]:
        """What makes it the same dependency under another name."""
        return (self.artifact.uri, tuple(sorted(self.artifact.digests.items())), self.content)

    def descriptor(self) -> dict[str, Any]:
        """Return it as the predicate has it, without empty members."""
        members = {
            "name": self.name,
            "uri": self.artifact.uri,
            "digest": self.artifact.digests,
            "content": base64.b64encode(self.content).decode(),
        }
        return {name: value for name, value in members.items() if value}


def read_dependencies(family: Family, wording: Wording) -> list[Dependency]:
    """Return what the run was made from, each dependency once."""
    if family.run.kind == "TaskRun":
        own = [Dependency("task", source) for source in definition(family.run)]
        return own + _distinct(_of_task(family.run, wording))
    return _distinct(_of_pipeline(family, wording))


def _of_task(run: Run, wording: Wording) -> Iterator[Dependency]:
    yield from (Dependency("", image) for image in container_images(run))
    if wording.step_results:
        yield from _inputs(_step_inputs(run))
        yield from _step_actions(run)
    yield from _inputs([*git_sources(run), *read_hints(run.results).inputs])


def _of_pipeline(family: Family, wording: Wording) -> Iterator[Dependency]:
    yield from (Dependency("pipeline", source) for source in definition(family.run))
    for child in family.executed():
        yield from _task_of_pipeline(child, wording)
        if wording.step_results:
            yield from _step_actions(child)
        yield from (Dependency("", image) for image in container_images(child))
    deep = list(family.executed()) if wording.deep else []
    if wording.step_results:
        yield from _inputs(artifact for child in deep for artifact in _step_inputs(child))
    yield from _inputs(read_hints(family.run.results).inputs)
    yield from _inputs(a for child in deep for a in (*git_sources(child), *read_hints(child.results).inputs))
    yield from _inputs(git_sources(family.run))


def _task_of_pipeline(child: Run, wording: Wording) -> Iterator[Dependency]:
    source = definition(child)
    if wording.whole_runs:
        yield Dependency("pipelineTask", source[0] if source else Artifact("", {}), _whole_run(child))
    elif source:
        yield Dependency("pipelineTask", source[0])


def _whole_run(run: Run) -> bytes:
    """Return a child run as JSON, without what changes after it ended: marks, versions, finalizers, field managers."""
    found = round_trip(own_json(run), "tekton.TaskRun")
    metadata = {name: value for name, value in found["metadata"].items() if name not in CHANGING}
    if "annotations" in metadata:
        metadata["annotations"] = dict(sorted(lasting_annotations(run).items()))
    return encode_go_json({**found, "metadata": metadata})


def _step_inputs(run: Run) -> tuple[Artifact, ...]:
    gits = (read_git([{result.name: result.value for result in step.results}]) for step in run.steps)
    inputs = (artifact for step in run.steps for artifact in read_hints(step.results).inputs)
    return merge_artifacts([*(git for git in gits if git is not None), *inputs])


def _step_actions(run: Run) -> Iterator[Dependency]:
    for step in run.steps:
        if step.ref_source is not None:
            yield Dependency(STEP_ACTION + step.name, Artifact(step.ref_source.uri, dict(step.ref_source.digest)))


def _inputs(artifacts: Iterable[Artifact]) -> Iterator[Dependency]:
    return (Dependency(INPUT, artifact) for artifact in artifacts)


def _distinct(dependencies: Iterable[Dependency]) -> list[Dependency]:
    kept: list[Dependency] = []
    seen: set[tuple[object, ...]] = set()
    for dependency in dependencies:
        has_role = dependency.name in ROLES or dependency.name.startswith(STEP_ACTION)
        if has_role or dependency.identity not in seen:
            kept.append(dependency)
        seen.add(dependency.identity)
    return kept
