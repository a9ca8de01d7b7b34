"""Sigstore bundles as an image's referrers, to the byte: the manifest around one, and the index of them."""

import hashlib
from dataclasses import dataclass

import msgspec

from chains.errors import InputError
from chains.payloads.sigstore_bundle import BUNDLE, FAMILY
from chains.registry.cosign_layout import OCI_MANIFEST, LayerDescriptor, go_text

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
EMPTY_CONFIG = b"{}"
EMPTY_TYPE = "application/vnd.oci.empty.v1+json"
CONTENT_KEY = "dev.sigstore.bundle.content"
PREDICATE_KEY = "dev.sigstore.bundle.predicateType"
CREATED_KEY = "org.opencontainers.image.created"
# What has no date of its own gets one, so that it has the same bytes each time.
NO_DATE = "1970-01-01T00:00:00Z"


class Referrer(msgspec.Struct, frozen=True, rename="camel"):
    """What an index says of one referrer, whoever wrote it."""

    digest: str
    size: int = 0
    media_type: str = ""
    artifact_type: str = ""
    annotations: dict[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """The image that a referrer is about."""

    media_type: str
    size: int
    digest: str


def annotations_of(predicate_type: str, created: str) -> dict[str, str]:
    """Return the annotations of a bundle's manifest, in the order of their keys."""
    return {CONTENT_KEY: "dsse-envelope", PREDICATE_KEY: predicate_type, CREATED_KEY: created or NO_DATE}


def bundle_manifest(bundle: bytes, annotations: dict[str, str], subject: Subject) -> bytes:
    """Return the manifest that makes a bundle a referrer, as cosign 3 writes it."""
    kind = go_text(BUNDLE)
    config = b'{"mediaType":%s,"size":2,"digest":%s,"artifactType":%s}' % (
        go_text(EMPTY_TYPE),
        go_text(digest_of(EMPTY_CONFIG)),
        kind,
    )
    layer = b'{"mediaType":%s,"size":%d,"digest":%s}' % (kind, len(bundle), go_text(digest_of(bundle)))
    about = b'{"mediaType":%s,"size":%d,"digest":%s}' % (
        go_text(subject.media_type),
        subject.size,
        go_text(subject.digest),
    )
    return (
        b'{"schemaVersion":2,"mediaType":%s,"config":%s,"layers":[%s],"annotations":%s,"subject":%s,"artifactType":%s}'
        % (go_text(OCI_MANIFEST), config, layer, _map(annotations), about, kind)
    )


def bundle_layer(manifest: bytes) -> LayerDescriptor | None:
    """Return the one layer of a bundle's manifest, None for the manifest of anything else."""
    try:
        layers = msgspec.json.decode(manifest, type=_Layers).layers
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return layers[0] if len(layers) == 1 and layers[0].media_type.startswith(FAMILY) else None


def referrers_in(index: bytes) -> tuple[Referrer, ...]:
    """Return what an index lists, in order, without what is no descriptor; raise InputError for no index."""
    found: list[Referrer] = []
    for raw in _listed(_members(index)):
        try:
            found.append(msgspec.json.decode(raw, type=Referrer))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
    return tuple(found)


def append_referrer(index: bytes | None, manifest: bytes, annotations: dict[str, str]) -> bytes:
    """Return the index with one referrer more, or a new one; all else stays, byte for byte.

    The descriptor carries the manifest's artifact type and annotations, as the distribution specification demands.
    """
    described = b'{"mediaType":%s,"size":%d,"digest":%s,"annotations":%s,"artifactType":%s}' % (
        go_text(OCI_MANIFEST),
        len(manifest),
        go_text(digest_of(manifest)),
        _map(annotations),
        go_text(BUNDLE),
    )
    if index is None:
        return b'{"schemaVersion":2,"mediaType":%s,"manifests":[%s]}' % (go_text(OCI_INDEX), described)
    members = _members(index)
    listed = b",".join([*(bytes(raw) for raw in _listed(members)), described])
    members["manifests"] = msgspec.Raw(b"[" + listed + b"]")
    return b"{" + b",".join(b"%s:%s" % (go_text(name), bytes(raw)) for name, raw in members.items()) + b"}"


def digest_of(content: bytes) -> str:
    """Return the digest of a blob or manifest."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


class _Layers(msgspec.Struct):
    layers: list[LayerDescriptor] = []


def _members(index: bytes) -> dict[str, msgspec.Raw]:
    try:
        members = msgspec.json.decode(index, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"it is no index: {error}") from error
    if "manifests" not in members:
        raise InputError("it is no index: it has no manifests")
    return members


def _listed(members: dict[str, msgspec.Raw]) -> list[msgspec.Raw]:
    try:
        return msgspec.json.decode(members["manifests"], type=list[msgspec.Raw] | None) or []
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"it is no index: its manifests are no array: {error}") from error


def _map(annotations: dict[str, str]) -> bytes:
    return b"{" + b",".join(b"%s:%s" % (go_text(key), go_text(value)) for key, value in annotations.items()) + b"}"
