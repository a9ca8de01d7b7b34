"""SLSA provenance as an auditor asks of it, versions 0.2 and 1.0 alike."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from chains.errors import InputError

V0_2 = "https://slsa.dev/provenance/v0.2"
V1 = "https://slsa.dev/provenance/v1"


@dataclass(frozen=True, slots=True)
class Source:
    """Something the build used: a URI and the digests it goes by."""

    uri: str
    digest: Mapping[str, str] = field(hash=False)


@dataclass(frozen=True, slots=True)
class Provenance:
    """Who built it, from what, until when; `succeeded` is None where the provenance does not tell."""

    builder_id: str
    sources: tuple[Source, ...]
    finished: datetime | None
    succeeded: bool | None


class _Named(msgspec.Struct, frozen=True):
    id: str = ""


class _Used(msgspec.Struct, frozen=True):
    uri: str | None = None
    digest: dict[str, str] | None = None


class _Task(msgspec.Struct, frozen=True):
    status: str = ""


class _BuildConfig(msgspec.Struct, frozen=True):
    tasks: list[_Task] | None = None


class _Invocation(msgspec.Struct, frozen=True, rename="camel"):
    config_source: _Used = _Used()


class _Times02(msgspec.Struct, frozen=True, rename="camel"):
    build_finished_on: str = ""


class _Predicate02(msgspec.Struct, frozen=True, rename="camel"):
    builder: _Named = _Named()
    build_config: _BuildConfig | None = None
    invocation: _Invocation = _Invocation()
    materials: list[_Used] | None = None
    metadata: _Times02 | None = None


class _Statement02(msgspec.Struct, frozen=True):
    predicate: _Predicate02


class _Times1(msgspec.Struct, frozen=True, rename="camel"):
    finished_on: str = ""


class _Details(msgspec.Struct, frozen=True):
    builder: _Named = _Named()
    metadata: _Times1 | None = None


class _Definition(msgspec.Struct, frozen=True, rename="camel"):
    resolved_dependencies: list[_Used] | None = None


class _Predicate1(msgspec.Struct, frozen=True, rename="camel"):
    build_definition: _Definition = _Definition()
    run_details: _Details = _Details()


class _Statement1(msgspec.Struct, frozen=True):
    predicate: _Predicate1


def read_provenance(statement: bytes, predicate_type: str) -> Provenance:
    """Read a statement whose predicate type is one of SLSA's; raise InputError for others and for what is damaged."""
    try:
        if predicate_type == V0_2:
            return _of_0_2(msgspec.json.decode(statement, type=_Statement02).predicate)
        if predicate_type == V1:
            return _of_1(msgspec.json.decode(statement, type=_Statement1).predicate)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"the provenance is not of its form: {error}") from error
    raise InputError(f"{predicate_type[:120]} is no provenance that can be asked: {V0_2} and {V1} can")


def _of_0_2(predicate: _Predicate02) -> Provenance:
    used = [predicate.invocation.config_source, *(predicate.materials or ())]
    tasks = predicate.build_config.tasks if predicate.build_config is not None else None
    succeeded = all(task.status == "Succeeded" for task in tasks) if tasks else None
    finished = predicate.metadata.build_finished_on if predicate.metadata is not None else ""
    return Provenance(predicate.builder.id, _sources(used), _moment(finished), succeeded)


def _of_1(predicate: _Predicate1) -> Provenance:
    details = predicate.run_details
    finished = details.metadata.finished_on if details.metadata is not None else ""
    used = predicate.build_definition.resolved_dependencies or []
    return Provenance(details.builder.id, _sources(used), _moment(finished), None)


def _sources(used: list[_Used]) -> tuple[Source, ...]:
    return tuple(Source(one.uri, one.digest or {}) for one in used if one.uri)


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"the provenance's time {text[:40]!r} is none") from error
    if moment.tzinfo is None:
        raise InputError(f"the provenance's time {text[:40]!r} has no time zone")
    return moment
