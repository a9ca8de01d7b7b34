"""Who built it, from what, by which steps: SLSA provenance as people read it, versions 0.2 and 1.0 alike."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from chains.audit import wire
from chains.errors import InputError
from chains.pipeline.provenance import V0_2, V1

_DEFINITIONS = ("task", "pipeline", "pipelineTask")


@dataclass(frozen=True, slots=True)
class Used:
    """Something that went into a build: a URI, the digests it goes by, and where the provenance says so, its role."""

    uri: str
    digest: Mapping[str, str] = field(hash=False)
    role: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """A step: its name, the image it ran in, and what it ran; empty where the provenance does not tell."""

    name: str
    image: str
    script: str


@dataclass(frozen=True, slots=True)
class Task:
    """A task of a build, and its steps; the task of a TaskRun has no name."""

    name: str
    status: str
    started: str
    finished: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Build:
    """One build; times are as the provenance has them, `invocation` is the run's uid where it says so."""

    predicate_type: str
    builder_id: str
    build_type: str
    invocation: str
    definition: str
    started: str
    finished: str
    parameters: tuple[tuple[str, str], ...]
    used: tuple[Used, ...]
    tasks: tuple[Task, ...]

    @property
    def sources(self) -> tuple[Used, ...]:
        """What was built: of that which was used, what comes from version control and is not the definition."""
        versioned = tuple(one for one in self.used if one.uri.startswith("git") or one.uri.endswith(".git"))
        own = tuple(one for one in versioned if one.role not in _DEFINITIONS and one.uri not in self.definition)
        return own or versioned


def read_build(statement: bytes, predicate_type: str) -> Build:
    """Read a statement of SLSA provenance; raise InputError for any other, and for what is not of its form."""
    try:
        if predicate_type == V0_2:
            return _of_0_2(msgspec.json.decode(statement, type=wire.Statement02).predicate)
        if predicate_type == V1:
            return _of_1(msgspec.json.decode(statement, type=wire.Statement1).predicate)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"the provenance is not of its form: {error}") from error
    raise InputError(f"{predicate_type[:120]} is no provenance that can be read: {V0_2} and {V1} can")


def moment_in(text: str) -> datetime | None:
    """Return a time that provenance tells of, None where it is none or has no time zone."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


def _of_0_2(predicate: wire.Predicate02) -> Build:
    invocation, times = predicate.invocation or wire.Invocation(), predicate.metadata or wire.Times02()
    source = invocation.config_source or wire.UsedMember()
    return Build(
        V0_2,
        predicate.builder.id or "",
        predicate.build_type or "",
        times.build_invocation_id or "",
        _place(source.uri, source.entry_point, _digests(source.digest or {})),
        times.build_started_on or "",
        times.build_finished_on or "",
        tuple((name, _text(value)) for name, value in (invocation.parameters or {}).items()),
        _used(predicate.materials),
        tuple(_tasks_0_2(predicate.build_config or wire.Config02())),
    )


def _tasks_0_2(config: wire.Config02) -> Iterable[Task]:
    if config.steps:
        yield Task("", "", "", "", _steps_0_2(config.steps))
    for task in config.tasks or ():
        steps = _steps_0_2(task.steps or ())
        yield Task(task.name or "", task.status or "", task.started_on or "", task.finished_on or "", steps)


def _steps_0_2(steps: Iterable[wire.Step02]) -> tuple[Step, ...]:
    found = ((step.environment or wire.Place(), step) for step in steps)
    return tuple(
        Step(place.container or "", place.image or "", _ran([step.entry_point or "", *(step.arguments or ())]))
        for place, step in found
    )


def _of_1(predicate: wire.Predicate1) -> Build:
    definition, details = predicate.build_definition, predicate.run_details
    external, times = definition.external_parameters or wire.External(), details.metadata or wire.Times1()
    spec, source = external.run_spec or wire.RunSpec(), external.build_config_source or wire.Source1()
    return Build(
        V1,
        details.builder.id or "",
        definition.build_type or "",
        times.invocation_id or "",
        _place(source.repository, source.path, source.ref or ""),
        times.started_on or "",
        times.finished_on or "",
        tuple((param.name or "", _text(param.value)) for param in spec.params or ()),
        _used(definition.resolved_dependencies),
        tuple(_tasks_1(spec)),
    )


def _tasks_1(spec: wire.RunSpec) -> Iterable[Task]:
    if spec.task_spec is not None:
        yield Task("", "", "", "", _steps_1(spec.task_spec))
    for task in (spec.pipeline_spec.tasks if spec.pipeline_spec else None) or ():
        yield Task(task.name or "", "", "", "", _steps_1(task.task_spec or wire.TaskSpec()))


def _steps_1(spec: wire.TaskSpec) -> tuple[Step, ...]:
    return tuple(
        Step(step.name or "", step.image or "", step.script or _ran([*(step.command or ()), *(step.args or ())]))
        for step in spec.steps or ()
    )


def _used(used: Iterable[wire.UsedMember] | None) -> tuple[Used, ...]:
    return tuple(Used(one.uri or "", one.digest or {}, one.name or "") for one in used or ())


def _place(uri: str | None, path: str | None, state: str) -> str:
    where = " at ".join(filter(None, (uri, state)))
    return ", ".join(filter(None, (path, where)))


def _digests(digest: Mapping[str, str]) -> str:
    return ", ".join(f"{name}:{value}" for name, value in digest.items())


def _ran(words: Iterable[str]) -> str:
    return " ".join(filter(None, words))


def _text(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
