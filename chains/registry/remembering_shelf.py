"""A shelf that fetches everything once, and remembers the manifests that it gave out."""

import hashlib
from collections.abc import Iterator

from chains.artifacts.reference import Digest, ImageReference
from chains.registry.shelf import Shelf


class RememberingShelf:
    """What stands beside one image, for as long as the image is looked at."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._tagged: dict[str, bytes | None] = {}
        self._manifests: dict[Digest, bytes] = {}
        self._referring: tuple[Digest, ...] | None = None
        self._blobs: dict[Digest, bytes] = {}

    def seen(self) -> Iterator[tuple[str, bytes]]:
        """Yield the manifests that were given out, by the end of their tag or by their digest."""
        yield from ((suffix, body) for suffix, body in self._tagged.items() if body is not None)
        yield from ((str(digest), body) for digest, body in self._manifests.items())

    def fetched(self) -> Iterator[tuple[Digest, bytes]]:
        """Yield everything that was fetched, with its digest: manifests, then blobs."""
        yield from ((_sha256(body), body) for body in self._tagged.values() if body is not None)
        yield from self._manifests.items()
        yield from self._blobs.items()

    async def tagged(self, image: ImageReference, suffix: str) -> bytes | None:
        """Return the manifest of cosign's tag for the image; None when there is none."""
        if suffix not in self._tagged:
            self._tagged[suffix] = await self._shelf.tagged(image, suffix)
        return self._tagged[suffix]

    async def referring(self, image: ImageReference) -> tuple[Digest, ...]:
        """Return the manifests that name the image as their subject."""
        if self._referring is None:
            self._referring = await self._shelf.referring(image)
        return self._referring

    async def manifest(self, image: ImageReference, digest: Digest) -> bytes:
        """Return one manifest."""
        if digest not in self._manifests:
            self._manifests[digest] = await self._shelf.manifest(image, digest)
        return self._manifests[digest]

    async def blob(self, image: ImageReference, digest: Digest, most: int) -> bytes:
        """Return one blob of at most `most` bytes."""
        if digest not in self._blobs:
            self._blobs[digest] = await self._shelf.blob(image, digest, most)
        return self._blobs[digest]


def _sha256(body: bytes) -> Digest:
    return Digest("sha256", hashlib.sha256(body).hexdigest())
