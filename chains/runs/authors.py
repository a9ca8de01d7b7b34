"""Who wrote an annotation, as the API recorded it in `metadata.managedFields`."""

from typing import Any

import msgspec

from chains.errors import InputError
from chains.runs.marks import SIGNED

FIELD_MANAGER = "tekton-chains-controller"


class _Entry(msgspec.Struct, frozen=True, rename={"fields": "fieldsV1"}):
    manager: str = ""
    fields: dict[str, Any] | None = None


class _Metadata(msgspec.Struct, frozen=True, rename="camel"):
    managed_fields: list[_Entry] | None = None


class _Object(msgspec.Struct, frozen=True):
    metadata: _Metadata = _Metadata()


_OBJECT = msgspec.json.Decoder(_Object)


def mark_authors(text: bytes | msgspec.Raw) -> frozenset[str]:
    """Return the field managers that own the annotation `chains.tekton.dev/signed`."""
    try:
        entries = _OBJECT.decode(text).metadata.managed_fields or ()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"the field managers of a run cannot be read: {error}") from error
    return frozenset(entry.manager for entry in entries if _owns_mark(entry.fields or {}))


def is_forged(text: bytes | msgspec.Raw, trusted: frozenset[str]) -> bool:
    """Whether a mark was written by a field manager that is neither ours nor trusted."""
    return not mark_authors(text) & (trusted | {FIELD_MANAGER})


def _owns_mark(fields: dict[str, Any]) -> bool:
    owned: Any = fields
    for step in ("f:metadata", "f:annotations", f"f:{SIGNED}"):
        owned = owned.get(step) if isinstance(owned, dict) else None
    return owned is not None
