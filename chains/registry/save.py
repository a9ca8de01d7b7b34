"""An image and what stands beside it, written into a folder in the OCI image layout as cosign's `save` does."""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from chains.artifacts.reference import Digest, ImageReference
from chains.errors import InputError
from chains.registry.client import Manifest, RegistryClient
from chains.registry.credential import Keychain
from chains.registry.layout_folder import IMAGE, IMAGE_INDEX, KIND, KINDS, Entry
from chains.registry.registry_shelf import RegistryShelf

LAYOUT = b'{"imageLayoutVersion":"1.0.0"}'
_IMAGE_MANIFEST = "application/vnd.oci.image.manifest.v1+json"


class _Blob(msgspec.Struct, frozen=True, rename="camel"):
    digest: str
    urls: list[str] | None = None


class _Manifest(msgspec.Struct, frozen=True, rename="camel"):
    media_type: str = ""
    config: _Blob | None = None
    layers: list[_Blob] = []
    manifests: list[_Blob] = []


class SavedImage:
    """A folder in the making; blobs are written as they come, the index last."""

    def __init__(self, path: Path, client: RegistryClient, keychain: Keychain, shelf: RegistryShelf) -> None:
        self._path = path
        self._client = client
        self._keychain = keychain
        self._shelf = shelf

    async def write(self, image: ImageReference, manifest: Manifest) -> None:
        """Fetch and write everything; raise InputError when the folder cannot be written."""
        await self._image(image, manifest.body)
        found: dict[str, bytes] = {}
        for suffix in KINDS:
            tagged = await self._shelf.tagged(image, suffix)
            if tagged is not None:
                await self._beside(image, tagged)
                found[suffix] = tagged
        for digest in await self._shelf.referring(image):
            await self._beside(image, await self._shelf.manifest(image, digest))
        self._put("oci-layout", LAYOUT)
        self._put("index.json", layout_index(manifest, found))

    async def _image(self, image: ImageReference, manifest: bytes) -> None:
        """Write a manifest of the image's own repository, and what it is made of."""
        read = _decoded(manifest)
        for child in read.manifests:
            found = await self._client.get_manifest(image.repository, Digest.parse(child.digest), self._keychain)
            if found is None:
                raise InputError(f"the index {image} lists {child.digest}, which its registry does not have")
            await self._image(image, found.body)
        for digest in _blobs(read):
            if not self._has(digest):
                self._blob(await self._client.get_blob(image.repository, digest, self._keychain))
        self._blob(manifest)

    async def _beside(self, image: ImageReference, manifest: bytes) -> None:
        """Write a manifest that stands beside the image, and what it is made of."""
        for digest in _blobs(_decoded(manifest)):
            if not self._has(digest):
                self._blob(await self._client.get_blob(self._shelf.place(image), digest, self._keychain))
        self._blob(manifest)

    def _has(self, digest: Digest) -> bool:
        return (self._path / "blobs" / digest.algorithm / digest.hex).exists()

    def _blob(self, body: bytes) -> None:
        self._put(f"blobs/sha256/{hashlib.sha256(body).hexdigest()}", body)

    def _put(self, name: str, body: bytes) -> None:
        write_file(self._path / name, body)


def write_file(path: Path, body: bytes) -> None:
    """Write a file and the folders that it stands in; raise InputError where that cannot be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from error


def layout_index(manifest: Manifest, tagged: Mapping[str, bytes]) -> bytes:
    """Return the index of a folder: the image, and the manifests of cosign's tags by what their tag ends with."""
    kind = IMAGE_INDEX if _decoded(manifest.body).manifests else IMAGE
    entries = [_entry(manifest.body, manifest.media_type, kind)]
    for suffix in KINDS:
        if suffix in tagged:
            body = tagged[suffix]
            entries.append(_entry(body, _decoded(body).media_type or _IMAGE_MANIFEST, KINDS[suffix]))
    index = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": entries}
    return msgspec.json.encode(index)


def _blobs(manifest: _Manifest) -> Iterator[Digest]:
    """Yield what must be there; a layer with a URL of its own (a Windows base) is not the registry's to give."""
    for blob in (*([manifest.config] if manifest.config else []), *manifest.layers):
        if not blob.urls:
            yield Digest.parse(blob.digest)


def _entry(body: bytes, media_type: str, kind: str) -> Entry:
    return Entry(media_type, len(body), f"sha256:{hashlib.sha256(body).hexdigest()}", {KIND: kind})


def _decoded(manifest: bytes) -> _Manifest:
    try:
        return msgspec.json.decode(manifest, type=_Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"a manifest is damaged: {error}") from error
