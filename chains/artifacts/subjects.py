"""What a run made: the subjects of its attestation, and which of them can carry one in a registry."""

from chains.artifacts.hints import Hints, read_hints
from chains.artifacts.merge import merge_artifacts
from chains.artifacts.reference import Artifact, ImageReference
from chains.errors import InputError
from chains.runs.family import Family


def read_subjects(family: Family, deep: bool) -> tuple[Artifact, ...]:
    """Return the subjects of a family, each artifact once; `deep` adds what the children made, before the run's own."""
    members = [*(family.executed() if deep else ()), family.run]
    return merge_artifacts(artifact for member in members for artifact in hinted_subjects(read_hints(member.results)))


def hinted_subjects(hints: Hints) -> list[Artifact]:
    """Return images, then ARTIFACT_URI pairs, then ARTIFACT_OUTPUTS objects."""
    return [*image_subjects(hints), *hints.artifacts, *hints.outputs]


def image_subjects(hints: Hints) -> list[Artifact]:
    """Return the images by their normalised names."""
    return [Artifact(image.name, {image.digest.algorithm: image.digest.hex}) for image in hints.images]


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
