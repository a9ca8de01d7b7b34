"""Runs whose plan once went wrong, or could."""

from typing import Any

import msgspec
import pytest

from chains.artifacts.hints import MOST_IMAGES, read_hints
from chains.config.config import Config, read_config
from chains.errors import InputError
from chains.formats import FORMATS
from chains.pipeline.plan import Plan, plan_run
from chains.runs.run import Result, Run, parse_run
from tests.builders import DIGEST, OTHER_DIGEST, image_results, parsed, taskrun, taskrun_object

WHOLE_RUNS = {"builddefinition.buildtype": "https://tekton.dev/chains/v2/slsa-tekton"}
EACH_FORMAT = pytest.mark.parametrize("name", dict.fromkeys(FORMATS))


def config(name: str, **more: str) -> Config:
    """Both kinds of runs in one format."""
    return read_config({f"artifacts.{kind}.format": name for kind in ("taskrun", "pipelinerun")} | more).config


def predicate(plan: Plan) -> dict[str, Any]:
    """The predicate of the attestation that comes first."""
    return msgspec.json.decode(plan.requests[0].payload.body)["predicate"]


def results(*pairs: tuple[str, str]) -> tuple[Result, ...]:
    """Results by name, some names perhaps several times."""
    return tuple(Result(name, "string", value) for name, value in pairs)


@EACH_FORMAT
@pytest.mark.parametrize("missing", ["spec", "status"])
def test_a_run_without_a_part_is_planned(name: str, missing: str) -> None:
    found = taskrun_object() | {missing: None}
    assert len(plan_run(parsed(found), config(name)).requests) == 1


@EACH_FORMAT
def test_a_run_of_v1beta1_is_planned_like_one_of_v1(name: str) -> None:
    found = taskrun_object(results=image_results())
    old = found | {"apiVersion": "tekton.dev/v1beta1"}
    assert plan_run(parsed(old), config(name)).requests == plan_run(parsed(found), config(name)).requests


def test_of_results_of_one_name_the_last_counts_in_the_place_of_the_first() -> None:
    hints = read_hints(
        results(
            ("a-IMAGE_URL", "reg.io/old"),
            ("IMAGE_URL", "reg.io/ab"),
            ("IMAGE_DIGEST", DIGEST),
            ("a-IMAGE_DIGEST", DIGEST),
            ("a-IMAGE_URL", "reg.io/new"),
            ("a-IMAGE_URL", " \n"),
        )
    )
    assert [image.name for image in hints.images] == ["reg.io/new", "reg.io/ab"]
    assert hints.reasons == ()


def test_a_hundred_thousand_images_are_refused_whole_with_one_reason() -> None:
    hints = read_hints(results(("IMAGES", "\n".join(f"reg.io/a{n}@{DIGEST}" for n in range(100_000)))))
    assert hints.images == ()
    assert [reason for reason in hints.reasons if "100000" in reason] == list(hints.reasons)


def test_images_are_counted_over_all_lists_of_a_run() -> None:
    some = ",".join(f"reg.io/a{n}@{DIGEST}" for n in range(MOST_IMAGES // 2 + 1))
    hints = read_hints(results(("IMAGES", some), ("IMAGES", some.replace("/a", "/b")), ("IMAGES", "x," * 100_000)))
    assert len(hints.images) == MOST_IMAGES // 2 + 1
    assert len(hints.reasons) == 2


@pytest.mark.parametrize("name", ["slsa/v2alpha3", "slsa/v2alpha4"])
@pytest.mark.parametrize("number", [2**53 + 1, 2**63 - 1, -(2**63)])
def test_a_number_beyond_2_to_the_53rd_stays_exact(name: str, number: int) -> None:
    found = taskrun_object()
    found["spec"]["podTemplate"] = {"securityContext": {"fsGroup": number}}
    plan = plan_run(parsed(found), config(name))
    spec = predicate(plan)["buildDefinition"]["externalParameters"]["runSpec"]
    assert spec["podTemplate"]["securityContext"]["fsGroup"] == number


@EACH_FORMAT
def test_a_parameter_that_is_a_number_is_told_as_its_text(name: str) -> None:
    found = taskrun_object()
    found["spec"]["params"] = [{"name": "depth", "value": 5}, {"name": "flags", "value": [1, True]}]
    body = plan_run(parsed(found), config(name)).requests[0].payload.body
    assert b'"5"' in body
    assert b'"[1,true]"' in body


@EACH_FORMAT
def test_a_run_of_one_and_a_half_megabytes_is_planned(name: str) -> None:
    found = taskrun_object(results=image_results(), taskSpec={"steps": [{"name": "build", "script": "x" * 750_000}]})
    found["spec"]["params"] = [{"name": "text", "value": "y" * 750_000}]
    attestation, claim = plan_run(parsed(found), config(name)).requests
    assert 750_000 < len(attestation.payload.body) < 1_600_000
    assert len(claim.payload.body) < 300


def nested(depth: int) -> Run:
    """A PipelineRun with free JSON so deep in a custom task, and deeper than that nowhere."""
    spec = b'{"tasks":[{"name":"a","taskSpec":{"apiVersion":"x/v1","kind":"Y","spec":%s}}]}' % (
        b"[" * depth + b"]" * depth
    )
    return parse_run(
        b'{"apiVersion":"tekton.dev/v1","kind":"PipelineRun",'
        b'"metadata":{"name":"a","labels":{"tekton.dev/pipelineTask":"a"}},"spec":{"pipelineSpec":%s},'
        b'"status":{"completionTime":"2026-05-01T08:00:00Z","pipelineSpec":%s}}' % (spec, spec)
    )


@EACH_FORMAT
@pytest.mark.parametrize("more", [{}, WHOLE_RUNS], ids=["slsa", "slsa-tekton"])
def test_nesting_that_is_read_is_put_into_words_or_refused_in_one_line(name: str, more: dict[str, str]) -> None:
    refusals = set()
    for depth in range(1, 1000, 3):
        try:
            run = nested(depth)
            assert plan_run(run, config(name, **more), [run]).requests
        except InputError as error:
            refusals.add(str(error))
    assert refusals
    assert all(refusal.isprintable() for refusal in refusals)


@pytest.mark.parametrize("name", ["slsa/v2alpha3", "slsa/v2alpha4"])
def test_a_member_of_the_wrong_type_is_named_in_one_line(name: str) -> None:
    found = taskrun_object()
    found["spec"]["podTemplate"] = {"nodeSelector": {"\x1b[31m\n" + "x" * 100_000: 5}}
    with pytest.raises(InputError) as refusal:
        plan_run(parsed(found), config(name))
    assert str(refusal.value).isprintable()
    assert len(str(refusal.value)) < 300


def test_a_subject_is_not_made_up_from_two_results() -> None:
    run = taskrun(results={"IMAGE_URL": f"reg.io/ab@{OTHER_DIGEST}", "IMAGE_DIGEST": DIGEST})
    plan = plan_run(run, config("slsa/v1"))
    assert "subject" not in msgspec.json.decode(plan.requests[0].payload.body)
