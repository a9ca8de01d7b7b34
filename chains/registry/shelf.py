"""Where an image and what stands beside it are kept, whatever that is."""

from typing import Protocol

from chains.artifacts.reference import Digest, ImageReference


class Shelf(Protocol):
    """Manifests and blobs around an image, each checked against its digest."""

    async def tagged(self, image: ImageReference, suffix: str) -> bytes | None:
        """Return the manifest of cosign's tag for the image, such as `.sig`; None when there is none."""

    async def referring(self, image: ImageReference) -> tuple[Digest, ...]:
        """Return the manifests that name the image as their subject, in the order they are listed."""

    async def manifest(self, image: ImageReference, digest: Digest) -> bytes:
        """Return one manifest; raise UnreadableError when it is missing."""

    async def blob(self, image: ImageReference, digest: Digest, most: int) -> bytes:
        """Return one blob of at most `most` bytes; raise UnreadableError when it is missing or larger."""
