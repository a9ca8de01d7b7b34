"""The way back: what stands beside an image in cosign's layouts and in Sigstore bundles, unverified."""

import base64
from collections.abc import Callable, Mapping
from dataclasses import replace

import msgspec

from chains.artifacts.reference import ImageReference
from chains.errors import InputError
from chains.payloads.candidate import Candidate, Layout
from chains.payloads.dsse import read_envelope
from chains.payloads.log_annotation import read_annotation
from chains.payloads.payload import SIMPLE_SIGNING, LogEntry, Payload, Signature, SignedPayload
from chains.payloads.pem_block import pem_of
from chains.payloads.sigstore_bundle import SIGN_PREDICATE, read_usable_bundle
from chains.registry.cosign_layout import BUNDLE_KEY, CERTIFICATE_KEY, CHAIN_KEY, SIGNATURE_KEY, TIMESTAMP_KEY
from chains.registry.stored_layers import LayerReader, StoredLayer

SIGNATURES = ".sig"
ATTESTATIONS = ".att"
BOTH = frozenset(Layout)

_Read = Callable[[StoredLayer, ImageReference], tuple[SignedPayload, ...]]


class _Statement(msgspec.Struct):
    predicate_type: str = msgspec.field(name="predicateType", default="")


class StoredImages:
    """Finds the candidates beside images, in the layouts that are asked for."""

    def __init__(self, reader: LayerReader, layouts: frozenset[Layout] = BOTH) -> None:
        self._reader = reader
        self._layouts = layouts

    async def find_signatures(self, image: ImageReference) -> tuple[Candidate, ...]:
        """Return the layers of the `.sig` tag, then every bundle; what cannot be read is a candidate with a fault."""
        return await self._find(image, SIGNATURES, _signature_in)

    async def find_attestations(self, image: ImageReference) -> tuple[Candidate, ...]:
        """Return the layers of the `.att` tag, then every bundle that is no signature."""
        found = await self._find(image, ATTESTATIONS, _attestation_in)
        return tuple(candidate for candidate in found if not _says_signed(candidate))

    async def _find(self, image: ImageReference, suffix: str, read: _Read) -> tuple[Candidate, ...]:
        found: list[Candidate] = []
        if Layout.TAG in self._layouts:
            found += [_candidate(layer, image, Layout.TAG, read) for layer in await self._reader.tagged(image, suffix)]
        if Layout.BUNDLE in self._layouts:
            for layer in await self._reader.bundles(image):
                bundle = _candidate(layer, image, Layout.BUNDLE, _bundle_in)
                # What is no bundle that cosign would read counts for nothing, not even as a failure.
                found += [bundle] if bundle.signed else []
        return tuple(found)


def _candidate(layer: StoredLayer, image: ImageReference, layout: Layout, read: _Read) -> Candidate:
    if layer.fault:
        return Candidate(layout, layer.digest, fault=layer.fault)
    try:
        return Candidate(layout, layer.digest, read(layer, image))
    except InputError as error:
        return Candidate(layout, layer.digest, fault=str(error))


def is_signature_bundle(candidate: Candidate) -> bool:
    """Whether it is a bundle of cosign's statement that an image is signed."""
    return candidate.layout is Layout.BUNDLE and _says_signed(candidate)


def _says_signed(candidate: Candidate) -> bool:
    """Whether it is cosign's statement that an image is signed, which is no attestation wherever it is put."""
    return any(signed.payload.predicate_type == SIGN_PREDICATE for signed in candidate.signed)


def _signature_in(layer: StoredLayer, image: ImageReference) -> tuple[SignedPayload, ...]:
    try:
        raw = base64.b64decode(_signature_annotation(layer), validate=True)
    except ValueError as error:
        raise InputError(f"the annotation {SIGNATURE_KEY} of the layer {layer.digest} is not base64") from error
    payload = Payload(layer.body, SIMPLE_SIGNING, "", image.digest.hex[:12], (image,))
    return (SignedPayload(payload, _signature(raw, "", layer.annotations), None, _log_entry(layer.annotations)),)


def _attestation_in(layer: StoredLayer, image: ImageReference) -> tuple[SignedPayload, ...]:
    _signature_annotation(layer)
    envelope = read_envelope(layer.body)
    if not envelope.signatures:
        raise InputError(f"the envelope {layer.digest} carries no signature")
    payload = Payload(envelope.body, envelope.payload_type, _predicate_type(envelope.body), "", (image,))
    return tuple(
        SignedPayload(
            payload, _signature(one.raw, one.key_id, layer.annotations), layer.body, _log_entry(layer.annotations)
        )
        for one in envelope.signatures
    )


def _bundle_in(layer: StoredLayer, image: ImageReference) -> tuple[SignedPayload, ...]:
    bundle = read_usable_bundle(layer.body)
    envelope = bundle.envelope
    payload = Payload(envelope.body, envelope.payload_type, _predicate_type(envelope.body), "", (image,))
    certificate = pem_of("CERTIFICATE", bundle.certificate) if bundle.certificate else ""
    signature = replace(envelope.signatures[0], certificate=certificate)
    return (SignedPayload(payload, signature, bundle.envelope_json, next(iter(bundle.log_entries), None)),)


def _signature_annotation(layer: StoredLayer) -> str:
    if SIGNATURE_KEY not in layer.annotations:
        raise InputError(f'signature layer {layer.digest} is missing "{SIGNATURE_KEY}" annotation')
    return layer.annotations[SIGNATURE_KEY]


def _signature(raw: bytes, key_id: str, annotations: Mapping[str, str]) -> Signature:
    return Signature(
        raw,
        key_id,
        annotations.get(CERTIFICATE_KEY, ""),
        annotations.get(CHAIN_KEY, ""),
        annotations.get(TIMESTAMP_KEY, ""),
    )


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
