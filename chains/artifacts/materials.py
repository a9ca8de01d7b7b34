"""What a run used: the images of its steps and sidecars, its sources and its declared inputs."""

import re

from chains.artifacts.hints import Hints, read_git
from chains.artifacts.merge import merge_artifacts
from chains.artifacts.reference import Artifact, shown
from chains.runs.run import Run, Step

_DIGEST = re.compile(r"([a-z0-9]+):([0-9a-f]+)", re.ASCII)


def read_materials(run: Run, hints: Hints) -> tuple[tuple[Artifact, ...], tuple[str, ...]]:
    """Return a TaskRun's materials, and why an image of it is not among them.

    Order: step images, sidecar images, the git source, `*ARTIFACT_INPUTS` results.
    """
    images: list[Artifact] = []
    reasons: list[str] = []
    for step in (*run.steps, *run.sidecars):
        image = step_image(step)
        if image is None:
            reasons.append(
                f"step {shown(step.name)} has the image id {shown(step.image_id)}, which has no digest: "
                "it is left out of the materials (the step never started, or its image exists on the node only)"
            )
        else:
            images.append(image)
    results = {result.name: result.value for result in run.results}
    git = read_git((run.defaults, run.params, results))
    return merge_artifacts([*images, *([git] if git else []), *hints.inputs]), tuple(reasons)


def step_image(step: Step) -> Artifact | None:
    """Return the image a step ran, as `oci://NAME` with its digest, or None when its id has no digest."""
    name, _, digest = step.image_id.removeprefix("docker-pullable://").partition("@")
    match = _DIGEST.fullmatch(digest)
    if match is None:
        return None
    return Artifact(f"oci://{name}", {match[1]: match[2]})
