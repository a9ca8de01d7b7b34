"""The way back: what cosign's layouts hold beside an image, as signed payloads, unverified."""

import asyncio
import base64
import binascii
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import chain

import msgspec

from chains.artifacts.reference import Digest, ImageReference, Repository
from chains.errors import EdgeError, InputError
from chains.payloads.dsse import read_envelope
from chains.payloads.log_annotation import read_annotation
from chains.payloads.payload import COSIGN_SIGN, IN_TOTO, SIMPLE_SIGNING, LogEntry, Payload, Signature, SignedPayload
from chains.registry.bundle_images import BundleImages
from chains.registry.client import RegistryClient
from chains.registry.cosign_layout import (
    BUNDLE_KEY,
    CERTIFICATE_KEY,
    CHAIN_KEY,
    MOST_LAYERS,
    SIGNATURE_KEY,
    LayerDescriptor,
    layers_of,
    tag_for,
)
from chains.registry.credential import Keychain
from chains.registry.refusals import UnreadableError

BLOBS_AT_ONCE = 8
MOST_BYTES = 256 << 20


class _Statement(msgspec.Struct):
    predicate_type: str = msgspec.field(name="predicateType", default="")


@dataclass(frozen=True, slots=True)
class Found:
    """What is kept beside an image: what could be read, one for each signature, and how many layers and bundles not."""

    signed: tuple[SignedPayload, ...] = ()
    unreadable: int = 0


class CosignImages:
    """Reads `.sig` and `.att` tags, and Sigstore bundles."""

    def __init__(self, client: RegistryClient, keychain: Keychain, repository: Repository | None = None) -> None:
        """`repository` is where everything is kept, instead of each image's own repository."""
        self._client = client
        self._keychain = keychain
        self._repository = repository
        self._bundles = BundleImages(client, keychain, repository)

    async def signatures(self, image: ImageReference) -> tuple[SignedPayload, ...]:
        """Return every simple-signing payload of the image, and every signing statement in a bundle, unverified."""
        return (await self.find_signatures(image)).signed

    async def attestations(self, image: ImageReference) -> tuple[SignedPayload, ...]:
        """Return every enveloped statement of the image, once for each signature on it, unverified."""
        return (await self.find_attestations(image)).signed

    async def find_signatures(self, image: ImageReference) -> Found:
        """Return what the `.sig` tag and bundles hold; foreign garbage is counted, not raised.

        A signature in a bundle is over cosign's signing statement, in an envelope.
        """
        return await self._find(image, SIMPLE_SIGNING, lambda kind: kind == COSIGN_SIGN)

    async def find_attestations(self, image: ImageReference) -> Found:
        """Return what the `.att` tag and bundles hold; foreign garbage is counted, not raised."""
        return await self._find(image, IN_TOTO, lambda kind: kind != COSIGN_SIGN)

    async def _find(self, image: ImageReference, media_type: str, wanted: Callable[[str], bool]) -> Found:
        """Return what is under the tag and then what is in bundles: neither hides the other, whoever wrote it."""
        tagged, (bundled, unreadable) = await asyncio.gather(
            self._tagged(image, media_type), self._bundles.find(image, wanted)
        )
        return Found((*tagged.signed, *bundled), tagged.unreadable + unreadable)

    async def _tagged(self, image: ImageReference, media_type: str) -> Found:
        repository = self._repository or image.repository
        tag = tag_for(image.digest, media_type)
        manifest = await self._client.get_manifest(repository, tag, self._keychain)
        if manifest is None:
            return Found()
        try:
            layers = layers_of(manifest.body)
        except InputError as error:
            raise EdgeError(f"nothing can be read from {repository}:{tag}: {error}", transient=False) from error
        if len(layers) > MOST_LAYERS:
            raise EdgeError(
                f"{repository}:{tag} has {len(layers)} layers, and {MOST_LAYERS} are read at most", transient=False
            )
        blobs = await self._blobs(repository, layers)
        read = _signature_in if media_type == SIMPLE_SIGNING else _attestation_in
        results = [_attempt(read, image, layer, blobs) for layer in layers]
        return Found(tuple(chain.from_iterable(filter(None, results))), results.count(None))

    async def _blobs(self, repository: Repository, layers: Iterable[LayerDescriptor | None]) -> dict[str, bytes]:
        """Fetch each blob once, in the layers' order until `MOST_BYTES` are reached; leave out what cannot be read."""
        sizes: dict[str, int] = {}
        for layer in layers:
            if layer is not None and 0 <= layer.size <= MOST_BYTES - sum(sizes.values()):
                sizes.setdefault(layer.digest, layer.size)
        free = asyncio.Semaphore(BLOBS_AT_ONCE)

        async def fetched(digest: str, size: int) -> bytes | None:
            async with free:
                try:
                    return await self._client.get_blob(repository, Digest.parse(digest), self._keychain, most=size)
                except (UnreadableError, InputError):
                    return None

        blobs = await asyncio.gather(*(fetched(digest, size) for digest, size in sizes.items()))
        return {digest: blob for digest, blob in zip(sizes, blobs, strict=True) if blob is not None}


def _attempt(
    read: Callable[[bytes, ImageReference, Mapping[str, str]], tuple[SignedPayload, ...]],
    image: ImageReference,
    layer: LayerDescriptor | None,
    blobs: Mapping[str, bytes],
) -> tuple[SignedPayload, ...] | None:
    if layer is None or layer.digest not in blobs:
        return None
    try:
        return read(blobs[layer.digest], image, layer.annotations or {}) or None
    except InputError:
        return None


def _signature_in(blob: bytes, image: ImageReference, annotations: Mapping[str, str]) -> tuple[SignedPayload, ...]:
    try:
        raw = base64.b64decode(annotations.get(SIGNATURE_KEY, ""), validate=True)
    except binascii.Error as error:
        raise InputError(f"the annotation {SIGNATURE_KEY} is not base64") from error
    if not raw:
        raise InputError(f"the annotation {SIGNATURE_KEY} is missing")
    payload = Payload(blob, SIMPLE_SIGNING, "", image.digest.hex[:12], (image,))
    return (SignedPayload(payload, _signature(raw, "", annotations), None, _log_entry(annotations)),)


def _attestation_in(blob: bytes, image: ImageReference, annotations: Mapping[str, str]) -> tuple[SignedPayload, ...]:
    envelope = read_envelope(blob)
    payload = Payload(envelope.body, envelope.payload_type, _predicate_type(envelope.body), "", (image,))
    return tuple(
        SignedPayload(payload, _signature(one.raw, one.key_id, annotations), blob, _log_entry(annotations))
        for one in envelope.signatures
    )


def _signature(raw: bytes, key_id: str, annotations: Mapping[str, str]) -> Signature:
    return Signature(raw, key_id, annotations.get(CERTIFICATE_KEY, ""), annotations.get(CHAIN_KEY, ""))


def _log_entry(annotations: Mapping[str, str]) -> LogEntry | None:
    """Return the entry beside a layer, if there is one that can be read."""
    try:
        return read_annotation(annotations.get(BUNDLE_KEY, ""))
    except InputError:
        return None


def _predicate_type(body: bytes) -> str:
    try:
        return msgspec.json.decode(body, type=_Statement).predicate_type
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
