"""TaskRuns and PipelineRuns as frozen values, parsed once at the door."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from chains.errors import InputError
from chains.runs import wire
from chains.runs.glance import hold_of, parent_of
from chains.runs.hold import Hold
from chains.runs.moment import read_moment
from chains.runs.pipeline import ChildReference, Pipeline, read_pipeline
from chains.runs.sighting import RunKey
from chains.runs.value import Value, read_value

KINDS = ("TaskRun", "PipelineRun")
API_VERSIONS = ("tekton.dev/v1", "tekton.dev/v1beta1")


@dataclass(frozen=True, slots=True)
class Result:
    """One entry of `status.results`; `type` is empty where the API did not say."""

    name: str
    type: str
    value: Value


@dataclass(frozen=True, slots=True)
class SpecStep:
    """A step as the task wrote it; `args` is None where the task has none."""

    name: str
    script: str
    command: tuple[str, ...]
    args: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class RefSource:
    """Where the task or pipeline definition came from."""

    uri: str
    digest: Mapping[str, str]
    entry_point: str


@dataclass(frozen=True, slots=True)
class Step:
    """A step or sidecar that ran: its name, the image's id as the kubelet reported it (may be empty), its results."""

    name: str
    image_id: str
    results: tuple[Result, ...]
    ref_source: RefSource | None


@dataclass(frozen=True, slots=True)
class Run:
    """One TaskRun or PipelineRun.

    Times are RFC 3339 in UTC, empty when absent. `params` are those given, `defaults` those of the spec that ran;
    `has_spec` says whether the status holds that spec at all; `resolver` is what fetched the definition, if anything.
    `pipeline` and `children` belong to PipelineRuns. `text` is the JSON that all this was read from.
    """

    kind: str
    namespace: str
    name: str
    uid: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    managed_by: str
    service_account: str
    template_service_account: str
    hold: Hold
    parent: RunKey | None
    outcome: str | None
    first_condition: str
    started: str
    completed: str
    params: Mapping[str, Value]
    defaults: Mapping[str, Value]
    results: tuple[Result, ...]
    steps: tuple[Step, ...]
    sidecars: tuple[Step, ...]
    spec_steps: tuple[SpecStep, ...]
    has_spec: bool
    ref_source: RefSource | None
    resolver: str
    pipeline: Pipeline | None
    children: tuple[ChildReference, ...]
    text: bytes | msgspec.Raw = field(repr=False)

    @property
    def done(self) -> bool:
        """Whether it ended, in success or not: the condition `Succeeded` is there and is not Unknown."""
        return self.outcome is not None and self.outcome != "Unknown"

    @property
    def key(self) -> RunKey:
        """Which run it is."""
        family = self.parent.uid if self.parent is not None and self.kind == "TaskRun" else ""
        return RunKey(self.kind, self.namespace, self.name, self.uid, family)

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"


def parse_run(text: bytes | msgspec.Raw) -> Run:
    """Parse one run from JSON; raise InputError when it is none or cannot be read."""
    raw = wire.read_run_object(text)
    kind, name = _kind_and_name(raw)
    metadata, spec, status = raw.metadata or wire.Metadata(), raw.spec or wire.Spec(), raw.status or wire.Status()
    task_spec = status.task_spec or wire.TaskSpec()
    ref = spec.task_ref or spec.pipeline_ref or wire.Reference()
    template = spec.task_run_template or wire.TaskRunTemplate()
    return Run(
        kind=kind,
        namespace=metadata.namespace or "default",
        name=name,
        uid=metadata.uid or "",
        labels=metadata.labels or {},
        annotations=metadata.annotations or {},
        managed_by=spec.managed_by or "",
        service_account=spec.service_account_name or template.service_account_name or "default",
        template_service_account=template.service_account_name or "",
        hold=hold_of(metadata),
        parent=parent_of(metadata),
        outcome=wire.outcome(status.conditions),
        first_condition=(status.conditions[0].status or "") if status.conditions else "",
        started=read_moment(status.start_time, "status.startTime"),
        completed=read_moment(status.completion_time, "status.completionTime"),
        params={p.name: read_value(p.value) for p in spec.params or ()},
        defaults={p.name: read_value(p.default) for p in _param_specs(status) if bytes(p.default)},
        results=_results(status.results or status.task_results or status.pipeline_results),
        steps=_steps(status.steps),
        sidecars=_steps(status.sidecars),
        spec_steps=tuple(_spec_step(s) for s in task_spec.steps or ()),
        has_spec=status.task_spec is not None or status.pipeline_spec is not None,
        ref_source=_ref_source(status.provenance),
        resolver=ref.resolver or "",
        pipeline=None if status.pipeline_spec is None else read_pipeline(status.pipeline_spec),
        children=tuple(_child(c) for c in status.child_references or ()),
        text=text,
    )


def _kind_and_name(raw: wire.RunObject) -> tuple[str, str]:
    if raw.kind not in KINDS or raw.api_version not in API_VERSIONS:
        raise InputError(
            f"this object is {_named(raw.api_version, 'without apiVersion')}, kind {_named(raw.kind, 'none')}: "
            f"a run is a {' or '.join(KINDS)} of tekton.dev/v1"
        )
    if raw.metadata is None or not raw.metadata.name:
        raise InputError(f"this {raw.kind} has no metadata.name")
    return raw.kind, raw.metadata.name


def _named(text: str | None, absent: str) -> str:
    return ascii(text[:60]) if text else absent


def _steps(containers: list[wire.Container] | None) -> tuple[Step, ...]:
    return tuple(
        Step(c.name or "", c.image_id or "", _results(c.results), _ref_source(c.provenance)) for c in containers or ()
    )


def _results(results: list[wire.Result] | None) -> tuple[Result, ...]:
    return tuple(Result(r.name, r.type or "", read_value(r.value)) for r in results or ())


def _param_specs(status: wire.Status) -> list[wire.ParamSpec]:
    spec = status.task_spec or status.pipeline_spec
    return (spec.params if spec else None) or []


def _child(child: wire.ChildReference) -> ChildReference:
    return ChildReference(child.kind or "", child.name or "")


def _spec_step(step: wire.SpecStep) -> SpecStep:
    args = None if not step.args else tuple(step.args)
    return SpecStep(step.name or "", step.script or "", tuple(step.command or ()), args)


def _ref_source(provenance: wire.Provenance | None) -> RefSource | None:
    source = provenance.ref_source if provenance else None
    if source is None:
        return None
    return RefSource(source.uri or "", source.digest or {}, source.entry_point or "")
