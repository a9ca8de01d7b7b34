"""Evidence read back: image layouts as a shelf, and the log entries that were asked for."""

from pathlib import Path

from chains.artifacts.reference import Digest, ImageReference
from chains.cli.evidence.names import entry_file, image_folder
from chains.payloads.log_entry_json import read_log_entry
from chains.payloads.payload import LogEntry, SignedPayload
from chains.registry.layout_folder import LayoutFolder


class EvidenceShelf:
    """Where the images of some evidence are kept, and what stands beside each: an OCI image layout apiece."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def tagged(self, image: ImageReference, suffix: str) -> bytes | None:
        """Return the manifest that stood under cosign's tag; None where none did."""
        return await self._layout(image).tagged(image, suffix)

    async def referring(self, image: ImageReference) -> tuple[Digest, ...]:
        """Return the manifests that refer to the image."""
        return await self._layout(image).referring(image)

    async def manifest(self, image: ImageReference, digest: Digest) -> bytes:
        """Return one manifest."""
        return await self._layout(image).manifest(image, digest)

    async def blob(self, image: ImageReference, digest: Digest, most: int) -> bytes:
        """Return one blob."""
        return await self._layout(image).blob(image, digest, most)

    def _layout(self, image: ImageReference) -> LayoutFolder:
        return LayoutFolder(self._folder / image_folder(image))


class KeptEntries:
    """The log entries in some evidence."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def find(self, signed: SignedPayload, public_key: bytes) -> LogEntry | None:
        """Return the entry that was kept for a signature, None where none was."""
        path = self._folder / entry_file(signed)
        return read_log_entry(path.read_bytes()) if path.is_file() else None
