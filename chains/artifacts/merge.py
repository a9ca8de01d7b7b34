"""Telling artifacts apart: the same URI with a digest in common is one artifact."""

from collections.abc import Iterable

from chains.artifacts.reference import Artifact


def merge_artifacts(artifacts: Iterable[Artifact]) -> tuple[Artifact, ...]:
    """Return each artifact once, in order of first appearance, with the digests of its later mentions merged in."""
    merged: list[Artifact] = []
    places: dict[tuple[str, str, str], int] = {}
    for artifact in artifacts:
        marks = [(artifact.uri, algorithm, digits) for algorithm, digits in artifact.digests.items()]
        place = next((places[mark] for mark in marks if mark in places), None)
        if place is None:
            place = len(merged)
            merged.append(artifact)
        else:
            earlier = merged[place]
            merged[place] = Artifact(earlier.uri, {**earlier.digests, **artifact.digests})
        for mark in marks:
            places.setdefault(mark, place)
    return tuple(merged)
