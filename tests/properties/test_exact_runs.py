"""Runs that once went wrong, or could: each is read as it should be, or refused in one sentence."""

import msgspec
import pytest

from chains.errors import InputError
from chains.runs.glance import glance
from chains.runs.run import parse_run
from tests.builders import DIGEST, image_results, parsed, taskrun, taskrun_object


def text_of(value: bytes) -> bytes:
    """A TaskRun with one result of that JSON."""
    whole = msgspec.json.encode(taskrun_object(results={"x": "VALUE"}))
    return whole.replace(b'"VALUE"', value)


def v1beta1(kind: str, results: str) -> dict[str, object]:
    """A run as the old API named its results."""
    found = taskrun_object(**{results: [{"name": "IMAGE_DIGEST", "type": "string", "value": DIGEST}]})
    del found["status"]["results"]
    return found | {"apiVersion": "tekton.dev/v1beta1", "kind": kind}


@pytest.mark.parametrize(("kind", "results"), [("TaskRun", "taskResults"), ("PipelineRun", "pipelineResults")])
def test_results_are_read_under_the_names_of_v1beta1(kind: str, results: str) -> None:
    run = parsed(v1beta1(kind, results))
    assert [(result.name, result.value) for result in run.results] == [("IMAGE_DIGEST", DIGEST)]


@pytest.mark.parametrize("missing", ["spec", "status"])
def test_a_run_without_a_part_is_read(missing: str) -> None:
    found = taskrun_object()
    del found[missing]
    assert parsed(found).done == (missing != "status")
    assert parsed(found | {missing: None}).name == "build"


def test_a_run_without_times_and_without_taskspec_is_read() -> None:
    run = taskrun(startTime=None, completionTime="", taskSpec=None)
    assert (run.started, run.completed, run.has_spec, run.spec_steps) == ("", "", False, ())


def test_a_step_without_imageid_is_read() -> None:
    (step,) = taskrun(steps=[{"name": "build"}]).steps
    assert (step.name, step.image_id) == ("build", "")


@pytest.mark.parametrize(
    ("time", "read"),
    [
        ("2026-05-01T08:00:00Z", "2026-05-01T08:00:00Z"),
        ("2026-05-01T08:00:00.123456789Z", "2026-05-01T08:00:00.123456789Z"),
        ("2026-05-01T10:00:00+02:00", "2026-05-01T08:00:00Z"),
    ],
)
def test_a_time_is_read_in_utc(time: str, read: str) -> None:
    assert taskrun(startTime=time).started == read


@pytest.mark.parametrize(
    "time",
    [
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "2026-05-01",
        "2026-W18-5",
        "20260501T080000Z",
        "2026-05-01 08:00:00Z",
        "2026-05-01T08:00:00",
        "2026-02-30T08:00:00Z",
        "2026-05-01T08:00:00Z\n",
        "\u0662026-05-01T08:00:00Z",
    ],
)
def test_what_is_no_time_is_refused_by_name(time: str) -> None:
    with pytest.raises(InputError, match=r"^status\.startTime is .* no RFC 3339 time$"):
        taskrun(startTime=time)


@pytest.mark.parametrize(
    "value",
    [
        *(b'"\xff"', b'["\xff"]', b'[1,"\xff"]', b'{"a":1,"b":"\xff"}', b'"\xed\xa0\x80"'),
        *(b'"\\ud800"', b'"\\udc00"', b'{"a":"\\ud800x"}', b'[1,"\\udc00"]'),
        *(b'"\x01"', b"NaN", b"-", b"01", b'"', b""),
        *(b"[" * 10_000 + b"]" * 10_000, b'{"a":' * 10_000 + b"1" + b"}" * 10_000),
    ],
    ids=lambda value: ascii(value[:12]),
)
def test_what_is_no_json_is_refused_in_one_line(value: bytes) -> None:
    with pytest.raises(InputError) as refusal:
        parse_run(text_of(value))
    assert str(refusal.value).isprintable()
    assert len(str(refusal.value)) < 300


@pytest.mark.parametrize("value", [b"1e400", b"5.0", b"123456789012345678901234567890", b"[1, 2]", b"1" * 5000])
def test_a_value_of_another_shape_is_kept_as_its_text(value: bytes) -> None:
    assert parse_run(text_of(value)).results[0].value == value.decode()


def test_of_a_member_that_is_there_twice_the_later_counts() -> None:
    run = parse_run(
        b'{"apiVersion":"v0","kind":"TaskRun","metadata":{"name":"a","name":"b"},"apiVersion":"tekton.dev/v1"}'
    )
    assert run.name == "b"


def test_a_run_of_one_and_a_half_megabytes_is_read() -> None:
    run = taskrun(results=image_results() | {"log": "x" * 1_500_000})
    assert len(run.results[-1].value) == 1_500_000
    assert glance("TaskRun", run.text).done


@pytest.mark.parametrize("member", ["kind", "apiVersion"])
def test_a_refusal_shows_what_was_there_escaped_and_cut(member: str) -> None:
    with pytest.raises(InputError) as refusal:
        parsed(taskrun_object() | {member: "\x1b[31m\n" + "x" * 100_000})
    assert str(refusal.value).isprintable()
    assert len(str(refusal.value)) < 300
