"""The sockets of an examination: where images are, and who keeps what was read of them."""

from typing import Protocol

from chains.artifacts.image_name import ImageName
from chains.artifacts.reference import ImageReference
from chains.registry.client import Manifest
from chains.registry.remembering_shelf import RememberingShelf
from chains.registry.stored_images import StoredImages
from chains.runs.sighting import RunKey


class Source(Protocol):
    """Has images, and what stands beside them."""

    async def manifest(self, name: ImageName) -> Manifest:
        """Return the image's manifest; raise ImageNotFoundError when it does not exist."""

    def remembered(self) -> tuple[RememberingShelf, StoredImages]:
        """Return a shelf for one image that fetches everything once, and the finder of candidates on it."""


class Keeper(Protocol):
    """Is told of everything that the audit rests on, as it was read."""

    def saw_run(self, key: RunKey, text: bytes) -> None:
        """Keep a run."""

    def saw_image(self, image: ImageReference, manifest: Manifest, shelf: RememberingShelf) -> None:
        """Keep an image's manifest, and what stands beside it."""


class NothingKept:
    """Keeps nothing."""

    def saw_run(self, key: RunKey, text: bytes) -> None:
        """Forget a run."""

    def saw_image(self, image: ImageReference, manifest: Manifest, shelf: RememberingShelf) -> None:
        """Forget an image."""
