"""cosign's `.sig` and `.att` layouts, to the byte: tags, layers, and images that grow by one layer at a time.

What others wrote is kept as they wrote it: members are carried over as raw JSON and never decoded.
"""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec

from chains.artifacts.reference import Digest
from chains.errors import InputError
from chains.payloads.log_annotation import read_annotation, write_annotation
from chains.payloads.payload import SIMPLE_SIGNING, LogEntry, SignedPayload

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
ENVELOPE_LAYER = "application/vnd.dsse.envelope.v1+json"
SIGNATURE_KEY = "dev.cosignproject.cosign/signature"
CERTIFICATE_KEY = "dev.sigstore.cosign/certificate"
CHAIN_KEY = "dev.sigstore.cosign/chain"
BUNDLE_KEY = "dev.sigstore.cosign/bundle"
TIMESTAMP_KEY = "dev.sigstore.cosign/rfc3161timestamp"
MOST_LAYERS = 1000

_Members = dict[str, msgspec.Raw]
_HISTORY = msgspec.Raw(b'{"created":"0001-01-01T00:00:00Z"}')
_GO_ESCAPES = ((b"<", b"\\u003c"), (b">", b"\\u003e"), (b"&", b"\\u0026"))
_GO_SEPARATORS = (("\u2028", "\\u2028"), ("\u2029", "\\u2029"))


@dataclass(frozen=True, slots=True)
class Layer:
    """One signed payload as a layer: the blob, its media type, and annotations in the order of their keys."""

    body: bytes
    media_type: str
    annotations: tuple[tuple[str, str], ...]

    @property
    def digest(self) -> str:
        """The blob's digest."""
        return f"sha256:{hashlib.sha256(self.body).hexdigest()}"


class LayerDescriptor(msgspec.Struct, frozen=True, rename="camel"):
    """A layer as a manifest describes it, whoever wrote it."""

    digest: str
    size: int
    media_type: str = ""
    annotations: dict[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Image:
    """A tag's image: manifest and config, which is None where it is none of an image and stays as it is."""

    manifest: bytes
    media_type: str
    config: bytes | None


EMPTY = Image(
    b'{"schemaVersion":2,"mediaType":"%s","config":{"mediaType":"%s","size":0,"digest":""},"layers":[]}'
    % (OCI_MANIFEST.encode(), OCI_CONFIG.encode()),
    OCI_MANIFEST,
    b'{"architecture":"","created":"0001-01-01T00:00:00Z","history":[],"os":"",'
    b'"rootfs":{"type":"layers","diff_ids":[]},"config":{}}',
)


def tag_for(digest: Digest, media_type: str) -> str:
    """Return the tag that payloads of a media type are kept under, beside the image of that digest."""
    return f"{digest.algorithm}-{digest.hex}.{'sig' if media_type == SIMPLE_SIGNING else 'att'}"


def layer_for(signed: SignedPayload) -> Layer:
    """Return the layer of a signed payload: the payload itself, or the envelope it is in."""
    annotations = {
        SIGNATURE_KEY: "" if signed.envelope is not None else base64.b64encode(signed.signature.raw).decode(),
        CERTIFICATE_KEY: signed.signature.certificate,
        CHAIN_KEY: signed.signature.chain,
    }
    logged = write_annotation(signed.log_entry) if signed.log_entry is not None else ""
    if logged:
        annotations[BUNDLE_KEY] = logged
    body, media_type = signed.payload.body, SIMPLE_SIGNING
    if signed.envelope is not None:
        body, media_type = signed.envelope, ENVELOPE_LAYER
    return Layer(body, media_type, tuple(sorted(annotations.items())))


def layers_of(manifest: bytes) -> tuple[LayerDescriptor | None, ...]:
    """Return an image manifest's layers in order, None for what is no descriptor; raise InputError for no image."""
    return tuple(_descriptor(layer) for layer in _image_layers(_members(manifest, "manifest")))


def is_present(manifest: bytes, layer: Layer) -> bool:
    """Whether the image has this layer, and beside it the log entry if the layer has one.

    It is this layer if it is the same blob and, where the signature is outside it, the same signature; and the same
    entry if all but its timestamp is the same, which logs sign anew for whoever asks.
    """
    layers = layers_of(manifest)
    at = _index_of(layer, layers)
    if at is None:
        return False
    logged = dict(layer.annotations).get(BUNDLE_KEY, "")
    return not logged or _entry_in(_annotations(layers[at])) == _entry_in(dict(layer.annotations))


def config_digest(manifest: bytes) -> Digest | None:
    """Return the digest of the config that must grow with the layers, None where it is not an image's config."""
    config = _config(_members(manifest, "manifest"))
    return Digest.parse(config.digest) if config.media_type in (OCI_CONFIG, DOCKER_CONFIG) else None


def append_layer(image: Image, layer: Layer) -> Image:
    """Return the image with one layer more, or with the layer's log entry where it has the layer already.

    All else stays, byte for byte; the config of the image is None if it stays as well.
    """
    members = _members(image.manifest, "manifest")
    layers = _image_layers(members)
    described = [_descriptor(found) for found in layers]
    at = _index_of(layer, described)
    if at is not None and (found := described[at]) is not None:
        layers[at] = _annotated(layers[at], found, BUNDLE_KEY, dict(layer.annotations).get(BUNDLE_KEY, ""))
        members["layers"] = _array(layers)
        return Image(_object(members), image.media_type, None)
    if len(layers) >= MOST_LAYERS:
        raise InputError(f"it has {len(layers)} layers, and verifiers read {MOST_LAYERS} at most")
    config = image.config
    if config is not None:
        config = _grown_config(config, layers, layer.digest)
        members["config"] = msgspec.Raw(_describe(_config(members).media_type, config))
    added = msgspec.Raw(_describe(layer.media_type, layer.body, layer.annotations))
    members["layers"] = _array([*layers, added])
    return Image(_object(members), image.media_type, config)


def go_text(text: str) -> bytes:
    """Return a JSON string as Go's encoder writes it: `<`, `>`, `&` and the line separators are escaped."""
    encoded = msgspec.json.encode(text)
    for plain, escaped in _GO_ESCAPES:
        encoded = encoded.replace(plain, escaped)
    for separator, written in _GO_SEPARATORS:
        encoded = encoded.replace(separator.encode(), written.encode())
    return encoded


def _grown_config(config: bytes, layers: list[msgspec.Raw], digest: str) -> bytes:
    """Append history and diff id; a config that does not count its layers gets all of them, as cosign wants."""
    members = _members(config, "config")
    rootfs = _members(members.get("rootfs", msgspec.Raw(b'{"type":"layers"}')), "config's rootfs")
    known = _items(rootfs.get("diff_ids", msgspec.Raw(b"[]")), "config's diff_ids")
    if len(known) != len(layers):
        known = [msgspec.Raw(go_text(found.digest)) for found in map(_descriptor, layers) if found is not None]
    history = _items(members.get("history", msgspec.Raw(b"[]")), "config's history")
    rootfs["diff_ids"] = _array([*known, msgspec.Raw(go_text(digest))])
    members["history"] = _array([*history, _HISTORY])
    members["rootfs"] = msgspec.Raw(_object(rootfs))
    return _object(members)


def _index_of(layer: Layer, layers: Sequence[LayerDescriptor | None]) -> int | None:
    """Return where the same blob is, with the same signature if that is outside it."""
    digest, signature = layer.digest, dict(layer.annotations).get(SIGNATURE_KEY, "")
    for at, found in enumerate(layers):
        if found is None or found.digest != digest:
            continue
        if not signature or _annotations(found).get(SIGNATURE_KEY) == signature:
            return at
    return None


def _annotations(layer: LayerDescriptor | None) -> dict[str, str]:
    return (layer.annotations if layer is not None else None) or {}


def _entry_in(annotations: dict[str, str]) -> LogEntry | None:
    """Return the log entry that a layer is annotated with, but for its timestamp."""
    try:
        return replace(read_annotation(annotations.get(BUNDLE_KEY, "")), promise=b"")
    except InputError:
        return None


def _annotated(raw: msgspec.Raw, found: LayerDescriptor, key: str, value: str) -> msgspec.Raw:
    """Return a descriptor with one annotation more, in the place that the order of keys gives it."""
    members = _members(raw, "layer")
    annotations = {} if found.annotations is None else _members(members["annotations"], "layer's annotations")
    annotations[key] = msgspec.Raw(go_text(value))
    members["annotations"] = msgspec.Raw(_object(dict(sorted(annotations.items()))))
    return msgspec.Raw(_object(members))


def _describe(media_type: str, body: bytes, annotations: tuple[tuple[str, str], ...] = ()) -> bytes:
    digest = b"sha256:" + hashlib.sha256(body).hexdigest().encode()
    written = b'{"mediaType":%s,"size":%d,"digest":"%s"' % (go_text(media_type), len(body), digest)
    if annotations:
        pairs = b",".join(b"%s:%s" % (go_text(key), go_text(value)) for key, value in annotations)
        written += b',"annotations":{%s}' % pairs
    return written + b"}"


def _image_layers(manifest: _Members) -> list[msgspec.Raw]:
    if "layers" not in manifest or "config" not in manifest:
        raise InputError("it is no image manifest: it has no config and layers")
    return _items(manifest["layers"], "manifest's layers")


def _config(manifest: _Members) -> LayerDescriptor:
    config = _descriptor(manifest.get("config", msgspec.Raw(b"null")))
    if config is None:
        raise InputError("it is no image manifest: its config is no descriptor")
    return config


def _descriptor(raw: msgspec.Raw) -> LayerDescriptor | None:
    try:
        return msgspec.json.decode(raw, type=LayerDescriptor)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _members(raw: bytes | msgspec.Raw, what: str) -> _Members:
    try:
        return msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"its {what} is no JSON object: {error}") from error


def _items(raw: msgspec.Raw, what: str) -> list[msgspec.Raw]:
    try:
        return msgspec.json.decode(raw, type=list[msgspec.Raw] | None) or []
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"its {what} is no JSON array: {error}") from error


def _array(items: list[msgspec.Raw]) -> msgspec.Raw:
    return msgspec.Raw(b"[" + b",".join(bytes(item) for item in items) + b"]")


def _object(members: _Members) -> bytes:
    return b"{" + b",".join(b"%s:%s" % (go_text(name), bytes(value)) for name, value in members.items()) + b"}"
