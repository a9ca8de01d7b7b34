"""Payloads read strictly: simple signing as containers/image does (skopeo, podman, CRI-O), statements as in-toto says.

cosign lets more of either pass, and where a member stands twice two readers may see two things.
"""

import json
from typing import Any, NoReturn

from chains.artifacts.reference import shown
from chains.errors import VerificationError

_MEMBERS = {
    (): {"critical", "optional"},
    ("critical",): {"type", "image", "identity"},
    ("critical", "image"): {"docker-manifest-digest"},
    ("critical", "identity"): {"docker-reference"},
}
_OPTIONAL = {"creator": str, "timestamp": int}
_STATEMENT = {"_type", "subject", "predicateType", "predicate"}
_STATEMENT_TYPES = ("https://in-toto.io/Statement/v0.1", "https://in-toto.io/Statement/v1")
_SUBJECT: dict[str, type] = {
    "name": str,
    "uri": str,
    "digest": dict,
    "content": str,
    "downloadLocation": str,
    "mediaType": str,
    "annotations": dict,
}


def check_strict(body: bytes) -> None:
    """Raise VerificationError for a payload with members that are missing, double, unknown or of another type."""
    payload = _read(body, "payload")
    for path, wanted in _MEMBERS.items():
        found = payload
        for name in path:
            found = found[name]
        _check_members(found, wanted, ".".join(path) or "the payload")
    optional = payload["optional"] or {}
    if not isinstance(optional, dict):
        raise VerificationError("optional is neither null nor an object")
    for name, kind in _OPTIONAL.items():
        value = optional.get(name, kind())
        if type(value) is not kind:
            raise VerificationError(f"optional.{name} is {shown(str(value))}, not of the type {kind.__name__}")


def check_strict_statement(body: bytes) -> None:
    """Raise VerificationError for a statement with members that are missing, double, unknown or of another type."""
    statement = _read(body, "statement")
    _check_members(statement, _STATEMENT, "the statement")
    if statement["_type"] not in _STATEMENT_TYPES:
        raise VerificationError(f"_type is {shown(str(statement['_type']))}, not {' or '.join(_STATEMENT_TYPES)}")
    if not isinstance(statement["predicateType"], str) or not isinstance(statement["predicate"], dict):
        raise VerificationError("predicateType is no string, or predicate no object")
    if not isinstance(statement["subject"], list) or not statement["subject"]:
        raise VerificationError("subject is no array, or an empty one")
    for subject in statement["subject"]:
        _check_subject(subject)


def _check_subject(subject: object) -> None:
    if not isinstance(subject, dict):
        raise VerificationError("a subject is no object")
    for name, value in subject.items():
        if name not in _SUBJECT or not isinstance(value, _SUBJECT[name]):
            raise VerificationError(f"a subject has a member {shown(name)} that is not known, or of another type")
    digest = subject.get("digest")
    if not digest or not all(isinstance(text, str) for text in digest.values()):
        raise VerificationError("a subject has no digest, or one that is no text")


def _check_members(found: object, wanted: set[str], place: str) -> None:
    if not isinstance(found, dict) or set(found) != wanted:
        raise VerificationError(f"{place} does not have exactly the members {', '.join(sorted(wanted))}")


def _read(body: bytes, what: str) -> Any:
    try:
        return json.loads(body, object_pairs_hook=_members, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise VerificationError(f"the {what} is not strict JSON: {error}") from error


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member stands there twice")
    return found


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")
