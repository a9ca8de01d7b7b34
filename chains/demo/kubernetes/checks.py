"""The rules that every object's metadata must follow."""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from chains.demo.kubernetes.objects import Object
from chains.demo.kubernetes.resources import Names
from chains.demo.kubernetes.status import Cause, bad_request

ANNOTATIONS_LIMIT = 256 * 1024
_LABEL = r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*", re.ASCII)
_QUALIFIED = re.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?", re.ASCII)
_LABEL_VALUE = re.compile(r"(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?)?", re.ASCII)

_NAME_RULES: dict[Names, tuple[re.Pattern[str], int, str]] = {
    "subdomain": (
        _SUBDOMAIN,
        253,
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', "
        "and must start and end with an alphanumeric character",
    ),
    "label": (
        re.compile(_LABEL, re.ASCII),
        63,
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', "
        "and must start and end with an alphanumeric character",
    ),
    "service": (
        re.compile(r"[a-z](?:[-a-z0-9]*[a-z0-9])?", re.ASCII),
        63,
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic "
        "character, and end with an alphanumeric character",
    ),
    "path": (re.compile(r"(?!\.\.?$)[^/%]+"), 253, "a name must not be '.' or '..' and must not hold '/' or '%'"),
}


def check_shape(found: Object) -> None:
    """Raise a BadRequest when metadata is not of the types it must be of; drop its nulls and what is empty."""
    metadata = found.get("metadata")
    if not isinstance(metadata, dict):
        raise bad_request("the object provided has no metadata")
    metadata = found["metadata"] = {key: value for key, value in metadata.items() if value is not None}
    for field, fits, expected in _SHAPES:
        if field in metadata and not fits(metadata[field]):
            raise bad_request(f"the object provided cannot be read: metadata.{field} must be {expected}")
    for field in _OMITTED_IF_EMPTY:
        if field in metadata and not metadata[field]:
            del metadata[field]


def metadata_causes(metadata: Object, names: Names) -> Iterator[Cause]:
    """Yield what is wrong with the values of a well-shaped metadata."""
    yield from _name_causes(metadata["name"], names)
    for key, value in metadata.get("labels", {}).items():
        if not _is_qualified(key):
            yield _invalid("metadata.labels", key, "a label's key must be a qualified name")
        if len(value) > 63 or not _LABEL_VALUE.fullmatch(value):
            yield _invalid("metadata.labels", value, "a valid label must be an empty string or consist of at most "
                           "63 alphanumeric characters, '-', '_' or '.'")  # fmt: skip
    yield from _annotation_causes(metadata.get("annotations", {}))
    for place, finalizer in enumerate(metadata.get("finalizers", ())):
        if not _is_qualified(finalizer):
            yield _invalid(f"metadata.finalizers[{place}]", finalizer, "a finalizer must be a qualified name")
    for place, owner in enumerate(metadata.get("ownerReferences", ())):
        for field in ("apiVersion", "kind", "name", "uid"):
            if not owner.get(field):
                yield required(f"metadata.ownerReferences[{place}].{field}", "must not be empty")


def required(field: str, why: str) -> Cause:
    return Cause("FieldValueRequired", f"Required value: {why}", field)


def forbidden_field(field: str, why: str) -> Cause:
    return Cause("FieldValueForbidden", f"Forbidden: {why}", field)


def too_long(field: str, limit: int) -> Cause:
    return Cause("FieldValueTooLong", f"Too long: may not be more than {limit} bytes", field)


def immutable(field: str, value: object) -> Cause:
    return _invalid(field, value, "field is immutable")


def _invalid(field: str, value: object, why: str) -> Cause:
    return Cause("FieldValueInvalid", f'Invalid value: "{value}": {why}', field)


def _name_causes(name: str, names: Names) -> Iterator[Cause]:
    pattern, limit, rule = _NAME_RULES[names]
    if len(name) > limit:
        yield _invalid("metadata.name", name, f"must be no more than {limit} characters")
    elif not pattern.fullmatch(name):
        yield _invalid("metadata.name", name, rule)


def _annotation_causes(annotations: dict[str, str]) -> Iterator[Cause]:
    size = 0
    for key, value in annotations.items():
        size += len(key.encode()) + len(value.encode())
        if not _is_qualified(key.lower()):
            yield _invalid("metadata.annotations", key, "an annotation's key must be a qualified name")
    if size > ANNOTATIONS_LIMIT:
        yield too_long("metadata.annotations", ANNOTATIONS_LIMIT)


@lru_cache(maxsize=4096)
def _is_qualified(key: str) -> bool:
    prefix, slash, name = key.rpartition("/")
    if slash and (len(prefix) > 253 or not _SUBDOMAIN.fullmatch(prefix)):
        return False
    return len(name) <= 63 and _QUALIFIED.fullmatch(name) is not None


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def is_text_map(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(each, str) for each in value.values())


def _is_objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, dict) for each in value)


_OMITTED_IF_EMPTY = ("labels", "annotations", "finalizers", "ownerReferences", "generateName")
_SHAPES: tuple[tuple[str, Callable[[Any], bool], str], ...] = (
    *((field, _is_text, "a string") for field in ("name", "generateName", "namespace", "uid", "resourceVersion")),
    *((field, is_text_map, "a map of strings") for field in ("labels", "annotations")),
    ("finalizers", _is_texts, "a list of strings"),
    ("ownerReferences", _is_objects, "a list of objects"),
)
