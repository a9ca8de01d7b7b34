"""A thief's work: what was signed for one image, under the tags of another."""

from chains.artifacts.reference import ImageReference
from tests.peers.bench import NOBODY, Bench

EVERYTHING = (".sig", ".att", "")


async def transplant(
    here: Bench, signed: ImageReference, other: ImageReference, suffixes: tuple[str, ...] = EVERYTHING
) -> None:
    """Put the signatures, attestations and bundles of an image beside another of its repository."""
    tag, stolen = (f"{image.digest.algorithm}-{image.digest.hex}" for image in (other, signed))
    moved = 0
    for suffix in suffixes:
        found = await here.client.get_manifest(signed.repository, stolen + suffix, NOBODY)
        if found is not None:
            await here.client.put_manifest(other.repository, tag + suffix, found.body, found.media_type, NOBODY)
            moved += 1
    assert moved
