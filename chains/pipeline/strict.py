"""Simple signing as strictly as containers/image reads it (skopeo, podman, CRI-O), where cosign lets more pass."""

import json
from typing import Any

from chains.artifacts.reference import shown
from chains.errors import VerificationError

_MEMBERS = {
    (): {"critical", "optional"},
    ("critical",): {"type", "image", "identity"},
    ("critical", "image"): {"docker-manifest-digest"},
    ("critical", "identity"): {"docker-reference"},
}
_OPTIONAL = {"creator": str, "timestamp": int}


def check_strict(body: bytes) -> None:
    """Raise VerificationError for a payload with members that are missing, double, unknown or of another type."""
    try:
        payload = json.loads(body, object_pairs_hook=_members)
    except (ValueError, RecursionError) as error:
        raise VerificationError(f"the payload is not strict JSON: {error}") from error
    for path, wanted in _MEMBERS.items():
        found = payload
        for name in path:
            found = found[name]
        if not isinstance(found, dict) or set(found) != wanted:
            place = ".".join(path) or "the payload"
            raise VerificationError(f"{place} does not have exactly the members {', '.join(sorted(wanted))}")
    optional = payload["optional"] or {}
    if not isinstance(optional, dict):
        raise VerificationError("optional is neither null nor an object")
    for name, kind in _OPTIONAL.items():
        value = optional.get(name, kind())
        if type(value) is not kind:
            raise VerificationError(f"optional.{name} is {shown(str(value))}, not of the type {kind.__name__}")


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member stands there twice")
    return found
