"""What a client gets to see of objects: the whole, their metadata, or a table."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from chains.demo.kubernetes.columns import cells, columns_of
from chains.demo.kubernetes.objects import Version, encode, head
from chains.demo.kubernetes.status import StatusError, not_acceptable
from chains.demo.kubernetes.targets import Target

Form = Literal["object", "PartialObjectMetadata", "PartialObjectMetadataList", "Table"]

_JSON = ("application/json", "application/*", "*/*")
_META_VERSIONS = ("v1", "v1beta1")
_FORMS: dict[str, Form] = {
    "PartialObjectMetadata": "PartialObjectMetadata",
    "PartialObjectMetadataList": "PartialObjectMetadataList",
    "Table": "Table",
}
_INITIAL_END = {"k8s.io/initial-events-end": "true"}


@dataclass(frozen=True, slots=True)
class Accepted:
    """The first form a client accepts that can be given."""

    form: Form = "object"
    version: str = "v1"


def negotiate(accept: str, verb: str) -> Accepted:
    """Read the Accept header of a call; raise NotAcceptable when nothing in it can be given."""
    for media, options in _accepted(accept):
        if media not in _JSON:
            continue
        if "as" not in options:
            return Accepted()
        form = _FORMS.get(options["as"])
        if form and options.get("g") == "meta.k8s.io" and options.get("v") in _META_VERSIONS:
            return _fitting(Accepted(form, options["v"]), verb)
    raise not_acceptable()


def accepts_json(accept: str) -> bool:
    """Whether plain JSON will do."""
    return any(media in _JSON for media, _ in _accepted(accept))


def _accepted(accept: str) -> Iterator[tuple[str, dict[str, str]]]:
    for item in accept.split(",") if accept.strip() else ["*/*"]:
        media, *options = (piece.strip() for piece in item.split(";"))
        yield media.lower(), {key: value for key, _, value in (option.partition("=") for option in options)}


def _fitting(accepted: Accepted, verb: str) -> Accepted:
    is_list = verb in ("list", "deletecollection")
    if accepted.form == ("PartialObjectMetadata" if is_list else "PartialObjectMetadataList"):
        message = f"you requested {accepted.form}, but the requested object is {'a list' if is_list else 'no list'}"
        raise StatusError(406, "NotAcceptable", message)
    return accepted


class Representation:
    """Writes versions of objects in the form and the apiVersion that a request asks for."""

    def __init__(self, target: Target, accepted: Accepted, now: Callable[[], datetime], include: str = "") -> None:
        self._target = target
        self._accepted = accepted
        self._meta_version = f"meta.k8s.io/{accepted.version}"
        self._now = now
        self._include = include or "Metadata"
        self._head = head(target.api_version, target.resource.kind)
        self._columns = columns_of(target.resource)
        self._partial_head = head(self._meta_version, "PartialObjectMetadata")
        self._columns_told = False

    def one(self, version: Version) -> bytes:
        """Write one object."""
        if self._accepted.form == "object":
            return self._whole(version)
        if self._accepted.form == "PartialObjectMetadata":
            return self._partial(version)
        return self._table([version], {"resourceVersion": str(version.revision)})

    def several(self, versions: Iterable[Version], metadata: dict[str, Any]) -> bytes:
        """Write a list."""
        form, resource = self._accepted.form, self._target.resource
        if form == "Table":
            return self._table(versions, metadata)
        if form == "PartialObjectMetadataList":
            return _list(self._meta_version, form, metadata, map(self._partial, versions))
        items = map(self._whole if resource.custom else self._typeless, versions)
        return _list(self._target.api_version, resource.list_kind, metadata, items)

    def event(self, kind: str, version: Version) -> bytes:
        """Write a line of a watch."""
        line = b'{"type":"%b","object":%b}\n' % (kind.encode(), self.one(version))
        # As the real server does, only the first table of a watch has headers.
        self._columns_told = True
        return line

    def bookmark(self, revision: int, *, initial_end: bool = False) -> bytes:
        """Write the line that says a watch has come as far as a revision."""
        metadata: dict[str, Any] = {"resourceVersion": str(revision), "creationTimestamp": None}
        metadata |= {"annotations": _INITIAL_END} if initial_end else {}
        if self._accepted.form == "Table":
            told = self._table([], {"resourceVersion": str(revision)})
        elif self._accepted.form == "object":
            told = self._head + encode(metadata) + b"}"
        else:
            told = self._partial_head + encode(metadata) + b"}"
        return b'{"type":"BOOKMARK","object":%b}\n' % told

    def _whole(self, version: Version) -> bytes:
        body = version.body
        return body if body.startswith(self._head) else self._head + body[version.metadata[0] :]

    def _typeless(self, version: Version) -> bytes:
        """An item of a list of a built-in kind, which says its kind only once."""
        return b'{"metadata":' + version.body[version.metadata[0] :]

    def _partial(self, version: Version) -> bytes:
        return self._partial_head + version.metadata_json + b"}"

    def _table(self, versions: Iterable[Version], metadata: dict[str, Any]) -> bytes:
        now = self._now()
        show = {"Object": self._whole, "None": None}.get(self._include, self._partial)
        rows = [
            b'{"cells":%b%b}'
            % (encode(cells(self._columns, version, now)), b',"object":' + show(version) if show else b"")
            for version in versions
        ]
        told = [] if self._columns_told else [column.definition for column in self._columns]
        opening = encode(
            {"kind": "Table", "apiVersion": self._meta_version, "metadata": metadata, "columnDefinitions": told}
        )
        return opening[:-1] + b',"rows":[' + b",".join(rows) + b"]}"


def _list(api_version: str, kind: str, metadata: dict[str, Any], items: Iterable[bytes]) -> bytes:
    opening = encode({"kind": kind, "apiVersion": api_version, "metadata": metadata})
    return opening[:-1] + b',"items":[' + b",".join(items) + b"]}"
