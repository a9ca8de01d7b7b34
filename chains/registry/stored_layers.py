"""The layers that stand beside an image, fetched with bounds: those of cosign's tags, and those of Sigstore bundles."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import msgspec

from chains.artifacts.reference import Digest, ImageReference
from chains.errors import EdgeError, InputError
from chains.hosts.errors import UnreadableError
from chains.payloads.sigstore_bundle import FAMILY
from chains.registry.cosign_layout import MOST_LAYERS, LayerDescriptor, layers_of
from chains.registry.shelf import Shelf

AT_ONCE = 8
MOST_BYTES = 256 << 20
LARGEST = 128 << 20


@dataclass(frozen=True, slots=True)
class StoredLayer:
    """A layer as its manifest describes it, and its blob; where that could not be had, `fault` says why.

    The annotations of a bundle are its manifest's.
    """

    digest: str
    media_type: str = ""
    annotations: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Referrer:
    """A manifest that names an image as its subject."""

    digest: Digest
    artifact_type: str
    annotations: Mapping[str, str]
    layers: tuple[LayerDescriptor, ...]

    @property
    def bundle(self) -> LayerDescriptor | None:
        """The one layer of a Sigstore bundle, None where it is something else."""
        if len(self.layers) == 1 and self.layers[0].media_type.startswith(FAMILY):
            return self.layers[0]
        return None


class _Manifest(msgspec.Struct, frozen=True, rename="camel"):
    artifact_type: str = ""
    annotations: dict[str, str] | None = None


class LayerReader:
    """Reads what stands beside images on one shelf; `largest` bounds each blob in bytes."""

    def __init__(self, shelf: Shelf, *, largest: int = LARGEST) -> None:
        self._shelf = shelf
        self._largest = largest

    async def tagged(self, image: ImageReference, suffix: str) -> tuple[StoredLayer, ...]:
        """Return the layers of cosign's tag in order, none when there is no tag; raise EdgeError for too many."""
        layers = await self._tagged(image, suffix)
        if len(layers) > MOST_LAYERS:
            raise EdgeError(f"number of layers ({len(layers)}) exceeded the limit ({MOST_LAYERS})", transient=False)
        return await self._with_bodies(image, layers)

    async def described(self, image: ImageReference, suffix: str) -> tuple[str, ...]:
        """Return the digests of those layers alone."""
        return tuple(layer.digest for layer in await self._tagged(image, suffix) if layer is not None)

    async def _tagged(self, image: ImageReference, suffix: str) -> tuple[LayerDescriptor | None, ...]:
        manifest = await self._shelf.tagged(image, suffix)
        try:
            return () if manifest is None else layers_of(manifest)
        except InputError as error:
            raise EdgeError(
                f"nothing can be read from the tag {suffix} of {image}: {error}", transient=False
            ) from error

    async def referrers(self, image: ImageReference) -> tuple[Referrer, ...]:
        """Return the manifests that refer to the image; those that cannot be read are passed over."""
        free = asyncio.Semaphore(AT_ONCE)

        async def read(digest: Digest) -> Referrer | None:
            async with free:
                try:
                    return _referrer(digest, await self._shelf.manifest(image, digest))
                except (UnreadableError, InputError):
                    return None

        found = await asyncio.gather(*map(read, (await self._shelf.referring(image))[:MOST_LAYERS]))
        return tuple(referrer for referrer in found if referrer is not None)

    async def bundles(self, image: ImageReference) -> tuple[StoredLayer, ...]:
        """Return the layer of each bundle that refers to the image; other referrers are passed over."""
        found = [(bundle, layer) for bundle in await self.referrers(image) if (layer := bundle.bundle) is not None]
        layers = await self._with_bodies(image, [layer for _, layer in found])
        return tuple(
            replace(layer, annotations=bundle.annotations) for layer, (bundle, _) in zip(layers, found, strict=True)
        )

    async def _with_bodies(
        self, image: ImageReference, layers: Iterable[LayerDescriptor | None]
    ) -> tuple[StoredLayer, ...]:
        """Fetch each blob once, in order until `MOST_BYTES` are reached."""
        layers = tuple(layers)
        sizes: dict[str, int] = {}
        left = MOST_BYTES
        for layer in layers:
            if layer is not None and layer.digest not in sizes and 0 <= layer.size <= min(self._largest, left):
                sizes[layer.digest] = layer.size
                left -= layer.size
        free = asyncio.Semaphore(AT_ONCE)

        async def fetched(digest: str, size: int) -> bytes | str:
            async with free:
                try:
                    return await self._shelf.blob(image, Digest.parse(digest), size)
                except (UnreadableError, InputError) as error:
                    return str(error)

        blobs = await asyncio.gather(*(fetched(digest, size) for digest, size in sizes.items()))
        held = dict(zip(sizes, blobs, strict=True))
        return tuple(self._layer(layer, held) for layer in layers)

    def _layer(self, layer: LayerDescriptor | None, blobs: Mapping[str, bytes | str]) -> StoredLayer:
        if layer is None:
            return StoredLayer("", fault="a layer of the manifest is no descriptor")
        annotations = layer.annotations or {}
        blob = blobs.get(layer.digest)
        if blob is None:
            limit = min(self._largest, MOST_BYTES)
            fault = f"size of layer ({layer.size}) exceeded the limit ({limit})"
            return StoredLayer(layer.digest, layer.media_type, annotations, fault=fault)
        if isinstance(blob, str):
            return StoredLayer(layer.digest, layer.media_type, annotations, fault=blob)
        return StoredLayer(layer.digest, layer.media_type, annotations, blob)


def _referrer(digest: Digest, manifest: bytes) -> Referrer:
    layers = tuple(layer for layer in layers_of(manifest) if layer is not None)
    try:
        described = msgspec.json.decode(manifest, type=_Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"the manifest {digest} is damaged: {error}") from error
    return Referrer(digest, described.artifact_type, described.annotations or {}, layers)
