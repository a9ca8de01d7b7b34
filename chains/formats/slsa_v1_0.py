"""SLSA provenance v1.0, as Tekton Chains writes it under the names `slsa/v2alpha3` and `slsa/v2alpha4`."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from chains.artifacts.hints import read_hints
from chains.artifacts.merge import merge_artifacts
from chains.artifacts.reference import Artifact
from chains.artifacts.subjects import image_subjects
from chains.formats.byproducts import read_byproducts
from chains.formats.dependencies import read_dependencies
from chains.formats.own_json import own_json
from chains.formats.statement import STATEMENT_V1, Wording, write_statement
from chains.formats.typed.round_trip import round_trip
from chains.runs.family import Family
from chains.runs.marks import lasting_annotations
from chains.runs.run import RefSource, Result, Run

PREDICATE_TYPE = "https://slsa.dev/provenance/v1"
TEKTON_BUILD_TYPE = "https://tekton.dev/chains/v2/slsa-tekton"
SPEC_TYPES = {"TaskRun": "tekton.TaskRunSpec", "PipelineRun": "tekton.PipelineRunSpec"}
# The reference of a definition is one digest: the first of these that it has.
PREFERRED = ("sha256", "sha1", "sha512", "sha384")

Json = dict[str, Any]


def read_v2alpha4_subjects(family: Family, deep: bool) -> tuple[Artifact, ...]:
    """Return what is flagged as built, and the images: of a PipelineRun first its own, then (`deep`) its children's."""
    if family.run.kind == "TaskRun":
        return merge_artifacts(_made_by_task(family.run))
    children = family.executed() if deep else ()
    return merge_artifacts([*_made(family.run.results), *(made for child in children for made in _made_by_task(child))])


def write_v2alpha3(family: Family, subjects: Sequence[Artifact], wording: Wording) -> bytes:
    """Return the statement's bytes; step results have no part in it."""
    return _write(family, subjects, replace(wording, whole_runs=wording.build_type == TEKTON_BUILD_TYPE))


def write_v2alpha4(family: Family, subjects: Sequence[Artifact], wording: Wording) -> bytes:
    """Return the statement's bytes, with what steps report of themselves."""
    whole_runs = wording.build_type == TEKTON_BUILD_TYPE
    return _write(family, subjects, replace(wording, whole_runs=whole_runs, step_results=True))


def _made_by_task(run: Run) -> list[Artifact]:
    return [made for results in (*(step.results for step in run.steps), run.results) for made in _made(results)]


def _made(results: tuple[Result, ...]) -> list[Artifact]:
    hints = read_hints(results)
    return [*hints.built, *image_subjects(hints)]


def _write(family: Family, subjects: Sequence[Artifact], wording: Wording) -> bytes:
    run = family.run
    definition: Json = {
        "buildType": wording.build_type,
        "externalParameters": _external_parameters(run),
        "internalParameters": _internal_parameters(run, wording),
        "resolvedDependencies": [dependency.descriptor() for dependency in read_dependencies(family, wording)],
    }
    metadata = {"invocationId": run.uid, "startedOn": run.started, "finishedOn": run.completed}
    details: Json = {
        "builder": _without_empty({"id": wording.builder_id}),
        "metadata": _without_empty(metadata),
        "byproducts": read_byproducts(family, wording),
    }
    predicate = {
        "buildDefinition": {name: value for name, value in definition.items() if value != []},
        "runDetails": {name: value for name, value in details.items() if value != []},
    }
    return write_statement(STATEMENT_V1, subjects, PREDICATE_TYPE, predicate)


def _external_parameters(run: Run) -> Json:
    external: Json = {"runSpec": round_trip(own_json(run, "spec"), SPEC_TYPES[run.kind])}
    if run.ref_source is not None and run.resolver not in ("", "Cluster"):
        external["buildConfigSource"] = _build_config_source(run.ref_source)
    return external


def _build_config_source(source: RefSource) -> Json:
    algorithms = [*(a for a in PREFERRED if a in source.digest), *sorted(source.digest)]
    ref = f"{algorithms[0]}:{source.digest[algorithms[0]]}" if algorithms else ""
    return {"path": source.entry_point, "ref": ref, "repository": source.uri}


def _internal_parameters(run: Run, wording: Wording) -> Json:
    internal: Json = {}
    flags = own_json(run, "status", "provenance", "featureFlags")
    if flags is not None:
        internal["tekton-pipelines-feature-flags"] = round_trip(flags, "tekton.FeatureFlags")
    if wording.whole_runs:
        internal["labels"] = dict(run.labels) or None
        internal["annotations"] = lasting_annotations(run) or None
    return internal


def _without_empty(members: Json) -> Json:
    return {name: value for name, value in members.items() if value}
