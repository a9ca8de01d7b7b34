"""What a run used: the images of its steps and sidecars, its sources and its declared inputs."""

import re
from collections.abc import Iterator

from chains.artifacts.hints import read_git, read_hints
from chains.artifacts.merge import merge_artifacts
from chains.artifacts.reference import Artifact, shown
from chains.runs.family import Family
from chains.runs.run import Run, Step

_DIGEST = re.compile(r"([a-z0-9]+):([0-9a-f]+)", re.ASCII)


def read_materials(family: Family, *, deep: bool) -> tuple[Artifact, ...]:
    """Return the materials of a family, each once; `deep` adds the children's git sources and declared inputs."""
    return merge_artifacts(
        _task_materials(family.run) if family.run.pipeline is None else _materials(family, deep=deep)
    )


def _task_materials(run: Run) -> Iterator[Artifact]:
    yield from container_images(run)
    yield from git_sources(run)
    yield from read_hints(run.results).inputs


def _materials(family: Family, *, deep: bool) -> Iterator[Artifact]:
    yield from definition(family.run)
    for child in family.executed():
        yield from container_images(child)
        yield from definition(child)
    yield from read_hints(family.run.results).inputs
    for child in family.executed() if deep else ():
        yield from git_sources(child)
        yield from read_hints(child.results).inputs
    yield from git_sources(family.run)


def definition(run: Run) -> tuple[Artifact, ...]:
    """Return where the run's task or pipeline was fetched from, if the run says so."""
    source = run.ref_source
    return () if source is None else (Artifact(source.uri, dict(source.digest)),)


def git_sources(run: Run) -> tuple[Artifact, ...]:
    """Return the git source that the run's parameters or results name, if they do."""
    results = {result.name: result.value for result in run.results}
    git = read_git((run.defaults, run.params, results))
    return () if git is None else (git,)


def container_images(run: Run) -> tuple[Artifact, ...]:
    """Return the images that the run's steps and sidecars ran, those with a digest."""
    images = (step_image(step) for step in (*run.steps, *run.sidecars))
    return tuple(image for image in images if image is not None)


def images_left_out(run: Run) -> tuple[str, ...]:
    """Say of each image without a digest why it is no material."""
    return tuple(
        f"step {shown(step.name)} of {run} has the image id {shown(step.image_id)}, which has no digest: it is left "
        "out of the materials (the step never started, or its image exists on the node only)"
        for step in (*run.steps, *run.sidecars)
        if step_image(step) is None
    )


def step_image(step: Step) -> Artifact | None:
    """Return the image a step ran, as `oci://NAME` with its digest, or None when its id has no digest."""
    name, _, digest = step.image_id.removeprefix("docker-pullable://").partition("@")
    match = _DIGEST.fullmatch(digest)
    if match is None:
        return None
    return Artifact(f"oci://{name}", {match[1]: match[2]})
