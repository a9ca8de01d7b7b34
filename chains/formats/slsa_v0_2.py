"""SLSA provenance v0.2, as Tekton Chains writes it under the names `in-toto` and `slsa/v1`."""

from collections.abc import Iterable, Sequence
from typing import Any

from chains.artifacts.materials import read_materials
from chains.artifacts.reference import Artifact
from chains.formats.statement import STATEMENT_V0_1, Wording, write_statement
from chains.runs.family import Family
from chains.runs.marks import PREFIX, REPRODUCIBLE
from chains.runs.pipeline import Pipeline, PipelineTask
from chains.runs.run import Run, SpecStep, Step

PREDICATE_TYPE = "https://slsa.dev/provenance/v0.2"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
TASK_STATUS = {"True": "Succeeded", "False": "Failed", "Unknown": "Running"}

Json = dict[str, Any]


def write_provenance(family: Family, subjects: Sequence[Artifact], wording: Wording) -> bytes:
    """Return the statement's bytes for a TaskRun or a PipelineRun."""
    run = family.run
    predicate: Json = {
        "buildConfig": _build_config(family),
        "buildType": f"tekton.dev/v1/{run.kind}",
        "builder": {"id": wording.builder_id},
        "invocation": _invocation(run),
        "metadata": _metadata(run),
    }
    materials = read_materials(family, deep=wording.deep)
    if materials:
        predicate["materials"] = [{"uri": m.uri, "digest": m.digests} for m in materials]
    return write_statement(STATEMENT_V0_1, subjects, PREDICATE_TYPE, predicate)


def _build_config(family: Family) -> Json:
    run = family.run
    if run.kind == "TaskRun":
        return {"steps": [_step(step, _named_step(run, step, index)) for index, step in enumerate(run.steps)]}
    return {"tasks": None if run.pipeline is None else list(_tasks(family, run.pipeline))}


def _tasks(family: Family, pipeline: Pipeline) -> Iterable[Json]:
    last_before_finally = [task.name for task in pipeline.tasks if family.children_of(task)][-1:]
    for task in pipeline.tasks:
        yield from (_task(family.run, task, child, task.after) for child in _told(family, task))
    for task in pipeline.finally_tasks:
        after = task.after or tuple(last_before_finally)
        yield from (_task(family.run, task, child, after) for child in _told(family, task))


def _told(family: Family, task: PipelineTask) -> Iterable[Run]:
    """Return the children whose steps can be told: they ended, and their status and spec agree on the steps."""
    return (child for child in family.children_of(task) if child.completed and child.has_spec and _steps_agree(child))


def _steps_agree(run: Run) -> bool:
    return len(run.steps) == len(run.spec_steps) and not any(
        step.name.startswith("unnamed-") and spec.name for step, spec in zip(run.steps, run.spec_steps, strict=True)
    )


def _task(run: Run, task: PipelineTask, child: Run, after: Sequence[str]) -> Json:
    results = [_without_empty({"name": r.name, "type": r.type}) | {"value": r.value} for r in child.results]
    optional = {
        "name": task.name,
        "after": list(after),
        "startedOn": child.started,
        "serviceAccountName": run.template_service_account,
        "status": TASK_STATUS.get(child.first_condition, ""),
        "steps": [_step(step, spec) for step, spec in zip(child.steps, child.spec_steps, strict=True)],
        "results": results,
    }
    required = {"ref": task.ref, "finishedOn": child.completed, "invocation": _invocation(child)}
    return _without_empty(optional) | required


def _step(step: Step, spec: SpecStep | None) -> Json:
    image = step.image_id.removeprefix("docker-pullable://")
    return {
        "annotations": None,
        "arguments": None if spec is None else spec.args,
        "entryPoint": "" if spec is None else spec.script or " ".join(spec.command),
        "environment": {"container": step.name, "image": f"oci://{image}"},
    }


def _named_step(run: Run, step: Step, index: int) -> SpecStep | None:
    """Return the task's own step: by name, or by place where it has no name (the status then calls it unnamed-N)."""
    for spec in run.spec_steps:
        if spec.name == step.name:
            return spec
    if step.name == f"unnamed-{index}" and index < len(run.spec_steps) and not run.spec_steps[index].name:
        return run.spec_steps[index]
    return None


def _invocation(run: Run) -> Json:
    source: Json = {}
    if run.ref_source is not None:
        named = {"uri": run.ref_source.uri, "digest": run.ref_source.digest, "entryPoint": run.ref_source.entry_point}
        source = _without_empty(named)
    invocation: Json = {"configSource": source, "parameters": {**run.defaults, **run.params}}
    annotations = {
        name: text for name, text in run.annotations.items() if name != LAST_APPLIED and not name.startswith(PREFIX)
    }
    environment = _without_empty({"annotations": annotations, "labels": run.labels})
    if environment:
        invocation["environment"] = environment
    return invocation


def _metadata(run: Run) -> Json:
    metadata: Json = {
        "completeness": {"environment": False, "materials": False, "parameters": False},
        "reproducible": run.labels.get(REPRODUCIBLE) == "true",
    }
    return metadata | _without_empty({"buildStartedOn": run.started, "buildFinishedOn": run.completed})


def _without_empty(members: Json) -> Json:
    return {name: value for name, value in members.items() if value}
