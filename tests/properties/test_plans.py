"""Whatever a run is, its plan is made or refused; what is made is well-formed, and the same each time."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from chains.artifacts.reference import HEX_LENGTH, ImageReference
from chains.config.config import Config, read_config
from chains.errors import InputError
from chains.formats import FORMATS
from chains.payloads.payload import IN_TOTO
from chains.pipeline.plan import Plan, SigningRequest, plan_run
from chains.runs.run import Run, parse_run
from tests.properties.profile import examples
from tests.properties.runs import run_texts

BUILD_TYPES = ("https://tekton.dev/chains/v2/slsa", "https://tekton.dev/chains/v2/slsa-tekton")


def config(format_name: str, build_type: str, deep: str) -> Config:
    """Everything beside images and on the run, in one format."""
    return read_config(
        {f"artifacts.{kind}.storage": "oci,tekton" for kind in ("taskrun", "pipelinerun", "oci")}
        | {f"artifacts.{kind}.format": format_name for kind in ("taskrun", "pipelinerun")}
        | {"builddefinition.buildtype": build_type, "artifacts.pipelinerun.enable-deep-inspection": deep}
    ).config


CONFIGS = [
    config(name, build_type, deep)
    for name in dict.fromkeys(FORMATS)
    for build_type in BUILD_TYPES
    for deep in ("false", "true")
]
configs = st.sampled_from(CONFIGS)


def planned(run: Run, settings: Config, children: tuple[Run, ...] = ()) -> Plan | None:
    """The plan, or None when it is refused as it should be."""
    try:
        return plan_run(run, settings, children)
    except InputError as error:
        assert str(error).isprintable()
        return None


def told(run: Run) -> Iterator[str]:
    """Everything that the results of a run and of its steps say."""
    for results in (run.results, *(step.results for step in run.steps)):
        yield from (str(result.value) for result in results)


def check(plan: Plan, said: str) -> None:
    """Fail unless each payload of a plan is well-formed and speaks of what the results name."""
    for request in plan.requests:
        found = msgspec.json.decode(request.payload.body)
        check_statement(found) if request.payload.media_type == IN_TOTO else check_claim(found, request)
        for image in request.payload.images:
            assert image.digest.hex in said
            assert ImageReference.parse(str(image)) == image
    assert all(reason.isprintable() for reason in plan.reasons)


def check_statement(found: dict[str, Any]) -> None:
    assert next(iter(found)) == "_type"
    for subject in found.get("subject", ()):
        assert subject["digest"]
        assert all(len(digits) == HEX_LENGTH[algorithm] for algorithm, digits in subject["digest"].items())


def check_claim(found: dict[str, Any], request: SigningRequest) -> None:
    digest = found["critical"]["image"]["docker-manifest-digest"]
    assert request.artifact == f"{found['critical']['identity']['docker-reference']}@{digest}"


@examples
@given(run_texts(plausible=True, kinds=("TaskRun",)), configs)
def test_a_taskruns_plan_is_well_formed_and_the_same_each_time(text: bytes, settings: Config) -> None:
    run = parse_run(text)
    plan = planned(run, settings)
    assert plan == planned(parse_run(text), settings)
    if plan is not None:
        check(plan, "\n".join(told(run)))


@examples
@given(run_texts(plausible=True, kinds=("PipelineRun",)), run_texts(plausible=True, kinds=("TaskRun",)), configs)
def test_a_pipelineruns_plan_is_well_formed_and_the_same_each_time(text: bytes, child: bytes, settings: Config) -> None:
    run, children = parse_run(text), (parse_run(child),)
    plan = planned(run, settings, children)
    assert plan == planned(parse_run(text), settings, (parse_run(child),))
    if plan is not None:
        check(plan, "\n".join([*told(run), *told(children[0])]))


@examples
@given(run_texts(plausible=False), configs)
def test_a_hostile_run_is_planned_or_refused(text: bytes, settings: Config) -> None:
    try:
        run = parse_run(text)
    except InputError:
        return
    plan = planned(run, settings, (run,))
    if plan is not None:
        check(plan, "\n".join(told(run)))


@examples
@given(run_texts(plausible=True), configs)
def test_every_format_puts_a_run_into_words_or_refuses_it(text: bytes, settings: Config) -> None:
    run = parse_run(text)
    treatment = settings.taskrun if run.kind == "TaskRun" else settings.pipelinerun
    for name in FORMATS:
        chosen = replace(treatment, format=name)
        plan = planned(run, replace(settings, taskrun=chosen, pipelinerun=chosen))
        assert plan is None or plan.requests[0].format == name
