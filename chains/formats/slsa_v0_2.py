"""SLSA provenance v0.2, as Tekton Chains writes it under the names `in-toto` and `slsa/v1`."""

from collections.abc import Sequence
from typing import Any

from chains.artifacts.reference import Artifact
from chains.formats.statement import STATEMENT_V0_1, write_statement
from chains.runs.marks import PREFIX, REPRODUCIBLE
from chains.runs.run import Run, SpecStep, Step

PREDICATE_TYPE = "https://slsa.dev/provenance/v0.2"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"

Json = dict[str, Any]


def write_provenance(run: Run, subjects: Sequence[Artifact], materials: Sequence[Artifact], builder_id: str) -> bytes:
    """Return the statement's bytes for a TaskRun."""
    predicate: Json = {
        "buildConfig": {"steps": [_step(run, index) for index in range(len(run.steps))]},
        "buildType": f"tekton.dev/v1/{run.kind}",
        "builder": {"id": builder_id},
        "invocation": _invocation(run),
        "metadata": _metadata(run),
    }
    if materials:
        predicate["materials"] = [{"uri": m.uri, "digest": m.digests} for m in materials]
    return write_statement(STATEMENT_V0_1, subjects, PREDICATE_TYPE, predicate)


def _step(run: Run, index: int) -> Json:
    step = run.steps[index]
    spec = _spec_step(run, step, index)
    entry_point = "" if spec is None else spec.script or " ".join(spec.command)
    image = step.image_id.removeprefix("docker-pullable://")
    return {
        "annotations": None,
        "arguments": None if spec is None else spec.args,
        "entryPoint": entry_point,
        "environment": {"container": step.name, "image": f"oci://{image}"},
    }


def _spec_step(run: Run, step: Step, index: int) -> SpecStep | None:
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
        source = {name: value for name, value in named.items() if value}
    invocation: Json = {"configSource": source, "parameters": {**run.defaults, **run.params}}
    annotations = {
        name: text for name, text in run.annotations.items() if name != LAST_APPLIED and not name.startswith(PREFIX)
    }
    environment = {name: value for name, value in (("annotations", annotations), ("labels", run.labels)) if value}
    if environment:
        invocation["environment"] = environment
    return invocation


def _metadata(run: Run) -> Json:
    metadata: Json = {
        "completeness": {"environment": False, "materials": False, "parameters": False},
        "reproducible": run.labels.get(REPRODUCIBLE) == "true",
    }
    if run.started:
        metadata["buildStartedOn"] = run.started
    if run.completed:
        metadata["buildFinishedOn"] = run.completed
    return metadata
