"""The in-toto Statement and its one serialisation (provenance-v0.2 and v1.0 share it)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from chains.artifacts.reference import Artifact
from chains.errors import InputError
from chains.runs.value import JsonText

STATEMENT_V0_1 = "https://in-toto.io/Statement/v0.1"
STATEMENT_V1 = "https://in-toto.io/Statement/v1"

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Wording:
    """How to put a run into words.

    The configuration says `builder_id`, `build_type` and `deep`, which looks into a PipelineRun's children; a format
    adds whether steps are told of, and whether child runs are told whole.
    """

    builder_id: str
    build_type: str
    deep: bool
    step_results: bool = False
    whole_runs: bool = False


def write_statement(statement_type: str, subjects: Iterable[Artifact], predicate_type: str, predicate: Json) -> bytes:
    """Return the statement's bytes: compact JSON, members in Tekton Chains' order, every map inside in ascending order.

    As in Tekton Chains a statement without subjects has no member `subject`.
    """
    named = [{"name": s.uri, "digest": s.digests} if s.uri else {"digest": s.digests} for s in subjects]
    members = [b'"_type":' + _encode(statement_type)]
    if named:
        members.append(b'"subject":[' + b",".join(_subject(entry) for entry in named) + b"]")
    members.append(b'"predicateType":' + _encode(predicate_type))
    members.append(b'"predicate":' + _encode(predicate))
    return b"{" + b",".join(members) + b"}"


def _subject(entry: Json) -> bytes:
    return b"{" + b",".join(_encode(name) + b":" + _encode(value) for name, value in entry.items()) + b"}"


def _encode(value: object) -> bytes:
    try:
        return msgspec.json.encode(value, enc_hook=_plain, order="sorted")
    except RecursionError as error:
        raise InputError("a member of this run is nested too deeply to be put into a statement") from error


def _plain(value: object) -> str:
    """Return what msgspec has no form for as what it has one for: it takes a string for one only if it is no more."""
    if isinstance(value, JsonText):
        return str(value)
    raise TypeError(f"a statement holds no {type(value).__name__}")
