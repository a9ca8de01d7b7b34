"""SLSA provenance as it is written, versions 0.2 and 1.0: only the members that people ask for, each optional."""

from typing import Any

import msgspec


class _Wire(msgspec.Struct, frozen=True, rename="camel"):
    """Every member is optional, and null stands for absent."""


class Named(_Wire, frozen=True):
    id: str | None = None


class UsedMember(_Wire, frozen=True):
    uri: str | None = None
    digest: dict[str, str] | None = None
    name: str | None = None
    entry_point: str | None = None


class Place(_Wire, frozen=True):
    container: str | None = None
    image: str | None = None


class Step02(_Wire, frozen=True):
    entry_point: str | None = None
    arguments: list[str] | None = None
    environment: Place | None = None


class Task02(_Wire, frozen=True):
    name: str | None = None
    status: str | None = None
    started_on: str | None = None
    finished_on: str | None = None
    steps: list[Step02] | None = None


class Config02(_Wire, frozen=True):
    steps: list[Step02] | None = None
    tasks: list[Task02] | None = None


class Invocation(_Wire, frozen=True):
    config_source: UsedMember | None = None
    parameters: dict[str, Any] | None = None


class Times02(_Wire, frozen=True):
    build_started_on: str | None = None
    build_finished_on: str | None = None
    build_invocation_id: str | None = None


class Predicate02(_Wire, frozen=True):
    builder: Named = Named()
    build_type: str | None = None
    build_config: Config02 | None = None
    invocation: Invocation | None = None
    materials: list[UsedMember] | None = None
    metadata: Times02 | None = None


class Param(_Wire, frozen=True):
    name: str | None = None
    value: Any = None


class Step1(_Wire, frozen=True):
    name: str | None = None
    image: str | None = None
    script: str | None = None
    command: list[str] | None = None
    args: list[str] | None = None


class TaskSpec(_Wire, frozen=True):
    steps: list[Step1] | None = None


class PipelineTask(_Wire, frozen=True):
    name: str | None = None
    task_spec: TaskSpec | None = None


class PipelineSpec(_Wire, frozen=True):
    tasks: list[PipelineTask] | None = None


class RunSpec(_Wire, frozen=True):
    params: list[Param] | None = None
    task_spec: TaskSpec | None = None
    pipeline_spec: PipelineSpec | None = None


class Source1(_Wire, frozen=True):
    path: str | None = None
    ref: str | None = None
    repository: str | None = None


class External(_Wire, frozen=True):
    run_spec: RunSpec | None = None
    build_config_source: Source1 | None = None


class Definition(_Wire, frozen=True):
    build_type: str | None = None
    external_parameters: External | None = None
    resolved_dependencies: list[UsedMember] | None = None


class Times1(_Wire, frozen=True):
    invocation_id: str | None = None
    started_on: str | None = None
    finished_on: str | None = None


class Details(_Wire, frozen=True):
    builder: Named = Named()
    metadata: Times1 | None = None


class Predicate1(_Wire, frozen=True):
    build_definition: Definition = Definition()
    run_details: Details = Details()


class Statement02(msgspec.Struct, frozen=True):
    predicate: Predicate02


class Statement1(msgspec.Struct, frozen=True):
    predicate: Predicate1
