"""Kubernetes objects as JSON, and one version of one as it lies in storage."""

from collections.abc import Mapping
from typing import Any

import msgspec

from chains.demo.kubernetes.resources import Resource

Object = dict[str, Any]

decode = msgspec.json.Decoder(Object).decode
decode_any = msgspec.json.Decoder().decode
encode = msgspec.json.Encoder().encode

_IDENTITY = frozenset({"apiVersion", "kind", "metadata"})


class Version(msgspec.Struct, frozen=True, gc=False):
    """An object as it was at one revision, serialised once.

    `metadata` is the span of the metadata's JSON within `body`.
    """

    key: str
    revision: int
    namespace: str
    name: str
    uid: str
    labels: Mapping[str, str]
    body: bytes
    metadata: tuple[int, int]

    @property
    def object(self) -> Object:
        """A fresh copy that may be changed."""
        return decode(self.body)

    @property
    def metadata_json(self) -> bytes:
        start, end = self.metadata
        return self.body[start:end]


def head(api_version: str, kind: str) -> bytes:
    """Return how the JSON of every object of a kind begins, up to its metadata."""
    return b'{"apiVersion":%b,"kind":%b,"metadata":' % (encode(api_version), encode(kind))


def serialise(resource: Resource, found: Mapping[str, Any], revision: int) -> Version:
    """Write an object down as it shall be from `revision` on."""
    metadata = {**found["metadata"], "resourceVersion": str(revision)}
    name, namespace = metadata["name"], metadata.get("namespace", "")
    begin = head(resource.api_version, resource.kind)
    meta = encode(metadata)
    rest = {field: value for field, value in found.items() if field not in _IDENTITY}
    tail = b"," + encode(rest)[1:] if rest else b"}"
    return Version(
        key=resource.key(namespace, name),
        revision=revision,
        namespace=namespace,
        name=name,
        uid=metadata.get("uid", ""),
        labels=metadata.get("labels") or {},
        body=begin + meta + tail,
        metadata=(len(begin), len(begin) + len(meta)),
    )


def at_revision(version: Version, revision: int) -> Version:
    """Return the same object under another resourceVersion, as events tell of what is no more."""
    start, end = version.metadata
    meta = encode({**decode(version.metadata_json), "resourceVersion": str(revision)})
    body = version.body[:start] + meta + version.body[end:]
    return msgspec.structs.replace(version, revision=revision, body=body, metadata=(start, start + len(meta)))


def lookup(found: object, path: str) -> object:
    """Return what lies at a dotted path, None when nothing does."""
    for step in path.split("."):
        if not isinstance(found, dict):
            return None
        found = found.get(step)
    return found
