"""Runs as Tekton's API writes them (tekton.dev/v1): only the members we read, every one of them optional."""

from typing import TypeVar

import msgspec

from chains.errors import InputError

# msgspec keeps raw JSON only where the type is Raw alone, so absence needs a value of its own.
ABSENT = msgspec.Raw(b"")


class _Wire(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """Unknown members are skipped; null stands for absent, as in Go."""


class Owner(_Wire, frozen=True):
    kind: str | None = None
    name: str | None = None
    uid: str | None = None
    controller: bool | None = None


class Metadata(_Wire, frozen=True):
    name: str | None = None
    namespace: str | None = None
    uid: str | None = None
    resource_version: str | None = None
    creation_timestamp: str | None = None
    deletion_timestamp: str | None = None
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    finalizers: list[str] | None = None
    owner_references: list[Owner] | None = None


class Param(_Wire, frozen=True):
    name: str
    value: msgspec.Raw = ABSENT


class ParamSpec(_Wire, frozen=True):
    name: str
    default: msgspec.Raw = ABSENT


class KeySelector(_Wire, frozen=True):
    name: str | None = None
    key: str | None = None


class EnvSource(_Wire, frozen=True):
    secret_key_ref: KeySelector | None = None
    config_map_key_ref: KeySelector | None = None


class EnvVar(_Wire, frozen=True):
    value: str | None = None
    value_from: EnvSource | None = None


class SpecStep(_Wire, frozen=True):
    """A step or sidecar as a task writes it."""

    name: str | None = None
    image: str | None = None
    image_pull_policy: str | None = None
    script: str | None = None
    working_dir: str | None = None
    command: list[str] | None = None
    args: list[str] | None = None
    env: list[EnvVar] | None = None


class TaskSpec(_Wire, frozen=True):
    params: list[ParamSpec] | None = None
    steps: list[SpecStep] | None = None
    sidecars: list[SpecStep] | None = None


class Reference(_Wire, frozen=True):
    """What `taskRef` or `pipelineRef` names."""

    name: str | None = None
    kind: str | None = None
    api_version: str | None = None
    resolver: str | None = None
    params: list[Param] | None = None


class Include(_Wire, frozen=True):
    params: list[Param] | None = None


class Matrix(_Wire, frozen=True):
    params: list[Param] | None = None
    include: list[Include] | None = None


class When(_Wire, frozen=True):
    input: str | None = None
    cel: str | None = None
    values: list[str] | None = None


class PipelineTask(_Wire, frozen=True):
    name: str | None = None
    task_ref: Reference | None = None
    task_spec: TaskSpec | None = None
    run_after: list[str] | None = None
    params: list[Param] | None = None
    matrix: Matrix | None = None
    when: list[When] | None = None


class PipelineSpec(_Wire, frozen=True):
    params: list[ParamSpec] | None = None
    tasks: list[PipelineTask] | None = None
    finally_tasks: list[PipelineTask] | None = msgspec.field(default=None, name="finally")


class TaskRunTemplate(_Wire, frozen=True):
    service_account_name: str | None = None


class Spec(_Wire, frozen=True):
    params: list[Param] | None = None
    service_account_name: str | None = None
    task_run_template: TaskRunTemplate | None = None
    task_ref: Reference | None = None
    pipeline_ref: Reference | None = None
    managed_by: str | None = None


class Condition(_Wire, frozen=True):
    type: str | None = None
    status: str | None = None


class Result(_Wire, frozen=True):
    name: str
    type: str | None = None
    value: msgspec.Raw = ABSENT


class RefSource(_Wire, frozen=True):
    uri: str | None = None
    digest: dict[str, str] | None = None
    entry_point: str | None = None


class Provenance(_Wire, frozen=True):
    ref_source: RefSource | None = None


class Container(_Wire, frozen=True):
    name: str | None = None
    image_id: str | None = msgspec.field(default=None, name="imageID")
    results: list[Result] | None = None
    provenance: Provenance | None = None


class ChildReference(_Wire, frozen=True):
    kind: str | None = None
    name: str | None = None


class Status(_Wire, frozen=True):
    conditions: list[Condition] | None = None
    start_time: str | None = None
    completion_time: str | None = None
    results: list[Result] | None = None
    steps: list[Container] | None = None
    sidecars: list[Container] | None = None
    task_results: list[Result] | None = None
    pipeline_results: list[Result] | None = None
    task_spec: TaskSpec | None = None
    pipeline_spec: PipelineSpec | None = None
    child_references: list[ChildReference] | None = None
    provenance: Provenance | None = None


class RunObject(_Wire, frozen=True):
    api_version: str | None = None
    kind: str | None = None
    metadata: Metadata | None = None
    spec: Spec | None = None
    status: Status | None = None


class GlanceSpec(_Wire, frozen=True):
    managed_by: str | None = None


class GlanceStatus(_Wire, frozen=True):
    conditions: list[Condition] | None = None


class GlanceObject(_Wire, frozen=True):
    """The least of a run: enough to see whether it needs work."""

    metadata: Metadata | None = None
    spec: GlanceSpec | None = None
    status: GlanceStatus | None = None


_RUN = msgspec.json.Decoder(RunObject)
_GLANCE = msgspec.json.Decoder(GlanceObject)
_T = TypeVar("_T")


def read_run_object(text: bytes | msgspec.Raw) -> RunObject:
    """Decode a whole run; raise InputError when the text is no JSON or a member has an impossible type."""
    return _decode(_RUN, text)


def read_glance(text: bytes | msgspec.Raw) -> GlanceObject:
    """Decode only metadata and conditions; raise InputError as `read_run_object` does."""
    return _decode(_GLANCE, text)


def outcome(conditions: list[Condition] | None) -> str | None:
    """Return the status of the condition `Succeeded`, None when there is none."""
    for condition in conditions or ():
        if condition.type == "Succeeded":
            return condition.status or ""
    return None


def _decode(decoder: msgspec.json.Decoder[_T], text: bytes | msgspec.Raw) -> _T:
    try:
        str(memoryview(text), "utf-8")  # msgspec looks into no string that it skips or keeps raw
        return decoder.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"this is not a Kubernetes object that can be read: {error}") from error
