"""Where an image and what stands beside it are kept: a folder in the OCI image layout, as `save` writes it."""

import asyncio
import hashlib
from pathlib import Path

import msgspec

from chains.artifacts.reference import HEX_LENGTH, Digest, ImageReference, Repository
from chains.errors import InputError
from chains.hosts.errors import UnreadableError

KIND = "kind"
IMAGE = "dev.cosignproject.cosign/image"
IMAGE_INDEX = "dev.cosignproject.cosign/imageIndex"
KINDS = {".sig": "dev.cosignproject.cosign/sigs", ".att": "dev.cosignproject.cosign/atts"}
LARGEST_MANIFEST = 4 << 20
MOST_BLOBS = 10_000


class Entry(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """A descriptor of the layout's index."""

    media_type: str
    size: int
    digest: str
    annotations: dict[str, str] | None = None


class _Index(msgspec.Struct, frozen=True):
    manifests: list[Entry] = []


class _Subject(msgspec.Struct, frozen=True):
    digest: str = ""


class _Referrer(msgspec.Struct, frozen=True):
    subject: _Subject | None = None


class LayoutFolder:
    """Reads one saved image; nothing outside the folder is looked at."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def image(self) -> ImageReference:
        """Return the image that was saved; raise InputError when the folder holds none."""
        found = self._entry(IMAGE) or self._entry(IMAGE_INDEX)
        if found is None:
            raise InputError(f"the folder {self._path} holds no image: `chains save --dir` writes one")
        return ImageReference(Repository("", str(self._path)), Digest.parse(found.digest))

    async def tagged(self, image: ImageReference, suffix: str) -> bytes | None:
        """Return the manifest saved for the image under a kind; None when there is none."""
        found = self._entry(KINDS[suffix])
        return None if found is None else await self.manifest(image, Digest.parse(found.digest))

    async def referring(self, image: ImageReference) -> tuple[Digest, ...]:
        """Return the blobs that are manifests with the image as their subject."""
        return await asyncio.to_thread(self._referring, image)

    async def manifest(self, image: ImageReference, digest: Digest) -> bytes:
        """Return one manifest."""
        return await self.blob(image, digest, LARGEST_MANIFEST)

    async def blob(self, image: ImageReference, digest: Digest, most: int) -> bytes:
        """Return one blob, checked against its digest."""
        return await asyncio.to_thread(self._blob, digest, most)

    def _blob(self, digest: Digest, most: int) -> bytes:
        path = self._path / "blobs" / digest.algorithm / digest.hex
        try:
            with path.open("rb") as file:
                body = file.read(most + 1)
        except OSError as error:
            raise UnreadableError(f"{self._path} has no blob {digest}", transient=False) from error
        if len(body) > most:
            raise UnreadableError(f"the blob {digest} has more than {most} bytes", transient=False)
        if hashlib.new(digest.algorithm, body).hexdigest() != digest.hex:
            raise UnreadableError(f"the blob {digest} holds other bytes", transient=False)
        return body

    def _referring(self, image: ImageReference) -> tuple[Digest, ...]:
        blobs = sorted(path for name in HEX_LENGTH for path in (self._path / "blobs" / name).glob("*"))[:MOST_BLOBS]
        small = (Digest(path.parent.name, path.name) for path in blobs if path.stat().st_size <= LARGEST_MANIFEST)
        return tuple(digest for digest in small if self._refers(digest, str(image.digest)))

    def _refers(self, digest: Digest, subject: str) -> bool:
        try:
            referrer = msgspec.json.decode(self._blob(digest, LARGEST_MANIFEST), type=_Referrer)
        except (UnreadableError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return False
        return referrer.subject is not None and referrer.subject.digest == subject

    def _entry(self, kind: str) -> Entry | None:
        try:
            entries = msgspec.json.decode((self._path / "index.json").read_bytes(), type=_Index).manifests
        except OSError as error:
            raise InputError(f"the folder {self._path} is no OCI layout: {error.strerror}") from error
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise InputError(f"the index of {self._path} is damaged: {error}") from error
        return next((entry for entry in entries if (entry.annotations or {}).get(KIND) == kind), None)
