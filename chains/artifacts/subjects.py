"""What a run made: the subjects of its attestation, and which of them can carry one in a registry."""

from chains.artifacts.hints import Hints
from chains.artifacts.merge import merge_artifacts
from chains.artifacts.reference import Artifact, ImageReference
from chains.errors import InputError


def read_subjects(hints: Hints) -> tuple[Artifact, ...]:
    """Return images, then ARTIFACT_URI pairs, then ARTIFACT_OUTPUTS objects, each artifact once."""
    images = [Artifact(image.name, {image.digest.algorithm: image.digest.hex}) for image in hints.images]
    return merge_artifacts([*images, *hints.artifacts, *hints.outputs])


def attachable_image(artifact: Artifact) -> ImageReference | None:
    """Return the image a subject is, if it names its registry and has a sha256: only that can carry an attestation."""
    digits = artifact.digests.get("sha256")
    if digits is None or "/" not in artifact.uri:
        return None
    try:
        reference = ImageReference.parse(f"{artifact.uri}@sha256:{digits}")
    except InputError:
        return None
    named = artifact.uri.split("/")[0]
    known = {reference.repository.registry, "docker.io"}
    return reference if named in known or "://" in artifact.uri else None
