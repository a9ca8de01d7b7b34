"""The layers that stand beside an image, fetched with bounds: those of cosign's tags, and those of Sigstore bundles."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from chains.artifacts.reference import Digest, ImageReference
from chains.errors import EdgeError, InputError
from chains.payloads.bundle import MEDIA_TYPE_PREFIX
from chains.registry.cosign_layout import MOST_LAYERS, LayerDescriptor, layers_of
from chains.registry.refusals import UnreadableError
from chains.registry.shelf import Shelf

AT_ONCE = 8
MOST_BYTES = 256 << 20
LARGEST = 128 << 20


@dataclass(frozen=True, slots=True)
class StoredLayer:
    """A layer as its manifest describes it, and its blob; where that could not be had, `fault` says why.

    `manifest` is the digest of a bundle's manifest, None for a layer of a tag.
    """

    digest: str
    media_type: str = ""
    annotations: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    fault: str = ""
    manifest: Digest | None = None


class _Annotated(msgspec.Struct, frozen=True):
    annotations: dict[str, str] | None = None


class LayerReader:
    """Reads what stands beside images on one shelf; `largest` bounds each blob in bytes."""

    def __init__(self, shelf: Shelf, *, largest: int = LARGEST) -> None:
        self._shelf = shelf
        self._largest = largest

    async def tagged(self, image: ImageReference, suffix: str) -> tuple[StoredLayer, ...]:
        """Return the layers of cosign's tag in order, none when there is no tag; raise EdgeError for too many."""
        manifest = await self._shelf.tagged(image, suffix)
        if manifest is None:
            return ()
        try:
            layers = layers_of(manifest)
        except InputError as error:
            raise EdgeError(
                f"nothing can be read from the tag {suffix} of {image}: {error}", transient=False
            ) from error
        if len(layers) > MOST_LAYERS:
            raise EdgeError(f"number of layers ({len(layers)}) exceeded the limit ({MOST_LAYERS})", transient=False)
        return await self._with_bodies(image, layers)

    async def bundles(self, image: ImageReference) -> tuple[StoredLayer, ...]:
        """Return the layer of each bundle that refers to the image; other referrers are passed over."""
        listed = await self._shelf.referring(image)
        free = asyncio.Semaphore(AT_ONCE)

        async def described(digest: Digest) -> tuple[Digest, LayerDescriptor] | None:
            async with free:
                return await self._bundle_layer(image, digest)

        found = await asyncio.gather(*map(described, listed[:MOST_LAYERS]))
        bundles = [pair for pair in found if pair is not None]
        layers = await self._with_bodies(image, [layer for _, layer in bundles])
        return tuple(
            StoredLayer(one.digest, one.media_type, one.annotations, one.body, one.fault, manifest)
            for one, (manifest, _) in zip(layers, bundles, strict=True)
        )

    async def _bundle_layer(self, image: ImageReference, digest: Digest) -> tuple[Digest, LayerDescriptor] | None:
        """Return the one layer of a bundle's manifest with the manifest's annotations, None where it is no bundle."""
        try:
            manifest = await self._shelf.manifest(image, digest)
            (layer,) = layers_of(manifest)
            annotations = msgspec.json.decode(manifest, type=_Annotated).annotations
        except (UnreadableError, InputError, ValueError):
            return None
        if layer is None or not layer.media_type.startswith(MEDIA_TYPE_PREFIX):
            return None
        return digest, msgspec.structs.replace(layer, annotations=annotations)

    async def _with_bodies(
        self, image: ImageReference, layers: Iterable[LayerDescriptor | None]
    ) -> tuple[StoredLayer, ...]:
        """Fetch each blob once, in order until `MOST_BYTES` are reached."""
        layers = tuple(layers)
        sizes: dict[str, int] = {}
        for layer in layers:
            if layer is not None and 0 <= layer.size <= min(self._largest, MOST_BYTES - sum(sizes.values())):
                sizes.setdefault(layer.digest, layer.size)
        free = asyncio.Semaphore(AT_ONCE)

        async def fetched(digest: str, size: int) -> bytes | str:
            async with free:
                try:
                    return await self._shelf.blob(image, Digest.parse(digest), size)
                except (UnreadableError, InputError) as error:
                    return str(error)

        blobs = await asyncio.gather(*(fetched(digest, size) for digest, size in sizes.items()))
        return tuple(self._layer(layer, dict(zip(sizes, blobs, strict=True))) for layer in layers)

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
