"""The typed round trip against what Tekton Chains and Tekton's own Go types wrote."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chains.errors import InputError
from chains.formats.typed.go_json import encode_go_json
from chains.formats.typed.members import TABLE
from chains.formats.typed.round_trip import round_trip

GOLDEN = Path(__file__).parent.parent / "golden"
V1_VARIANTS = ("v2alpha3", "v2alpha4", "v2alpha3-tekton-deep", "v2alpha4-deep")
V1_CASES = [f"{variant}/{path.stem}" for variant in V1_VARIANTS for path in sorted((GOLDEN / variant).glob("*.json"))]
TEKTON_CASES = [case for case in V1_CASES if case.startswith("v2alpha3-tekton-deep/")]

GO_ROUND_TRIPS = [
    msgspec.json.decode(line)
    for line in (Path(__file__).parent / "go_round_trips.jsonl").read_text("utf-8").split("\n")
    if line
]


def recorded(case: str) -> dict[str, Any]:
    return msgspec.json.decode((GOLDEN / f"{case}.json").read_bytes())


def definitions(case: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each run of a recorded case with the build definition that Tekton Chains wrote for it."""
    found = recorded(case)
    objects = {f"{run['kind']}/{run['metadata']['name']}": run for run in found["objects"]}
    for name, expected in found["expected"].items():
        for payload in expected["payloads"].values():
            if "predicate" in payload:
                yield objects[name], payload["predicate"]["buildDefinition"]


def contents(case: str) -> Iterator[bytes]:
    """The TaskRuns that Tekton Chains copied whole into a recorded case."""
    for _, definition in definitions(case):
        for dependency in definition.get("resolvedDependencies", ()):
            if "content" in dependency:
                yield base64.b64decode(dependency["content"])


def test_the_recorded_cases_are_there() -> None:
    assert len(V1_CASES) == 4 * 85
    assert sum(1 for case in TEKTON_CASES for _ in contents(case)) == 19


@pytest.mark.parametrize("case", V1_CASES)
def test_a_run_spec_is_as_tekton_chains_recorded_it(case: str) -> None:
    for run, definition in definitions(case):
        made = round_trip(run["spec"], f"tekton.{run['kind']}Spec")
        assert made == definition["externalParameters"]["runSpec"]


@pytest.mark.parametrize("case", V1_CASES)
def test_feature_flags_are_as_tekton_chains_recorded_them(case: str) -> None:
    for run, definition in definitions(case):
        flags = run.get("status", {}).get("provenance", {}).get("featureFlags")
        made = None if flags is None else round_trip(flags, "tekton.FeatureFlags")
        assert made == definition["internalParameters"].get("tekton-pipelines-feature-flags")


@pytest.mark.parametrize("case", TEKTON_CASES)
def test_the_task_runs_in_a_pipeline_run_are_as_tekton_chains_recorded_them(case: str) -> None:
    runs = {run["metadata"]["name"]: run for run in recorded(case)["objects"]}
    for content in contents(case):
        written = msgspec.json.decode(content)
        made = round_trip(runs[written["metadata"]["name"]], "tekton.TaskRun")
        # The cluster had added its bookkeeping to the metadata by then, Tekton Chains its own annotations.
        assert made["spec"] == written["spec"]
        assert made["status"] == written["status"]
        for name in ("name", "namespace", "uid", "labels", "creationTimestamp", "ownerReferences"):
            assert made["metadata"].get(name) == written["metadata"].get(name), name


@pytest.mark.parametrize("case", TEKTON_CASES)
def test_a_task_run_that_tekton_chains_wrote_comes_back_byte_for_byte(case: str) -> None:
    for content in contents(case):
        assert encode_go_json(round_trip(msgspec.json.decode(content), "tekton.TaskRun")) == content


@pytest.mark.parametrize("number", range(len(GO_ROUND_TRIPS)))
def test_what_go_made_of_a_value_is_what_we_make_of_it(number: int) -> None:
    recorded_trip = GO_ROUND_TRIPS[number]
    if recorded_trip["written"] is None:
        with pytest.raises(InputError, match=recorded_trip["type"]):
            round_trip(recorded_trip["value"], recorded_trip["type"])
    else:
        made = encode_go_json(round_trip(recorded_trip["value"], recorded_trip["type"]))
        assert made.decode() == recorded_trip["written"]


@pytest.mark.parametrize(
    ("type_name", "least"),
    [
        ("tekton.TaskRunSpec", {"serviceAccountName": ""}),
        ("tekton.PipelineRunSpec", {"taskRunTemplate": {}}),
        ("tekton.EmbeddedTask", {"spec": None, "metadata": {}}),
        ("tekton.Step", {"name": "", "computeResources": {}}),
        ("tekton.StepTemplate", {"computeResources": {}}),
        ("tekton.TaskRunStepSpec", {"name": "", "computeResources": {}}),
        ("tekton.PipelineResult", {"name": "", "description": "", "value": ""}),
        ("core.VolumeMount", {"name": "", "mountPath": ""}),
        ("core.PersistentVolumeClaim", {"metadata": {}, "spec": {"resources": {}}, "status": {}}),
        ("core.ProjectedVolumeSource", {"sources": None}),
        ("core.GRPCAction", {"port": 0, "service": None}),
        ("core.ResourceFieldSelector", {"resource": "", "divisor": "0"}),
        ("core.ContainerStateRunning", {"startedAt": None}),
        ("meta.ObjectMeta", {}),
    ],
)
def test_an_empty_object_gets_the_members_that_are_always_there(type_name: str, least: dict[str, Any]) -> None:
    assert round_trip({}, type_name) == least
    assert round_trip(None, type_name) == least


def test_unknown_and_empty_members_go_and_members_behind_pointers_stay() -> None:
    step = {
        "name": "build",
        "resources": {"limits": {"cpu": "1"}},
        "args": [],
        "script": "",
        "env": [{"name": "EMPTY", "value": ""}],
        "securityContext": {"runAsUser": 0, "privileged": False, "capabilities": {}},
        "timeout": "0s",
    }
    assert round_trip(step, "tekton.Step") == {
        "name": "build",
        "env": [{"name": "EMPTY"}],
        "computeResources": {},
        "securityContext": {"capabilities": {}, "privileged": False, "runAsUser": 0},
        "timeout": "0s",
    }


def test_members_come_in_go_order_and_maps_in_ascending_order() -> None:
    made = round_trip({"spec": {}, "metadata": {"labels": {"b": "2", "a": "1"}}, "kind": "TaskRun"}, "tekton.TaskRun")
    assert list(made) == ["kind", "metadata", "spec", "status"]
    assert list(made["metadata"]["labels"]) == ["a", "b"]


def test_the_spec_of_a_custom_task_is_kept_verbatim() -> None:
    spec = {"z": 1, "a": [None, "", {}], "n": 2**63 - 1}
    made = round_trip({"apiVersion": "example.dev/v1", "kind": "Wait", "spec": spec}, "tekton.EmbeddedTask")
    assert made["spec"] == spec
    assert list(made["spec"]) == ["z", "a", "n"]


def test_integers_beyond_doubles_stay_exact() -> None:
    template = {"securityContext": {"fsGroup": 2**53 + 1}}
    assert round_trip(template, "tekton/pod.Template")["securityContext"]["fsGroup"] == 2**53 + 1


def test_a_whole_number_with_a_fraction_of_zero_is_an_integer() -> None:
    made = round_trip({"retries": 2.0}, "tekton.TaskRunSpec")["retries"]
    assert (made, type(made)) == (2, int)


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("text", "text"),
        (["a", None], ["a", ""]),
        ({"k": "v"}, {"k": "v"}),
        (5, "5"),
        (2**53 + 1, "9007199254740993"),
        (0.5, "0.5"),
        (True, "true"),
        (["a", 1], '["a",1]'),
        ({"k": ["<"]}, '{"k":["\\u003c"]}'),
        (None, ""),
    ],
)
def test_a_parameter_that_is_no_text_is_kept_as_its_json_text(value: object, kept: object) -> None:
    assert round_trip({"name": "p", "value": value}, "tekton.Param") == {"name": "p", "value": kept}


def test_who_asks_may_say_how_a_value_is_put_into_text() -> None:
    made = round_trip({"name": "p", "value": [1]}, "tekton.Param", text_of=lambda value: f"as given: {value}")
    assert made["value"] == "as given: [1]"


@pytest.mark.parametrize(
    ("value", "type_name", "said"),
    [
        ([], "tekton.TaskRunSpec", "tekton.TaskRunSpec is a list, where Tekton takes an object"),
        (
            {"taskSpec": {"steps": [{}, {"env": [{"name": 1}]}]}},
            "tekton.TaskRunSpec",
            "tekton.TaskRunSpec.taskSpec.steps[1].env[0].name is a number, where Tekton takes a string",
        ),
        ({"labels": {"a": True}}, "meta.ObjectMeta", "meta.ObjectMeta.labels.a is true, where Tekton takes a string"),
        ({"labels": []}, "meta.ObjectMeta", "meta.ObjectMeta.labels is a list, where Tekton takes a map"),
        ({"retries": "1"}, "tekton.TaskRunSpec", ".retries is a string, where Tekton takes a whole number"),
        ({"retries": True}, "tekton.TaskRunSpec", ".retries is true, where Tekton takes a whole number"),
        ({"params": {}}, "tekton.TaskRunSpec", ".params is an object, where Tekton takes a list"),
        ({"readOnly": "no"}, "core.VolumeMount", ".readOnly is a string, where Tekton takes true or false"),
        ({"timeout": 60}, "tekton.TaskRunSpec", ".timeout is a number, where Tekton takes a duration"),
        ({"timeout": "soon"}, "tekton.TaskRunSpec", ".timeout is not a duration"),
        ({"limits": {"cpu": "lots"}}, "core.ResourceRequirements", ".limits.cpu is not a quantity"),
        (
            {"limits": {"cpu": False}},
            "core.ResourceRequirements",
            ".limits.cpu is false, where Tekton takes a quantity",
        ),
        ({"startedAt": 5}, "core.ContainerStateRunning", ".startedAt is a number, where Tekton takes a time"),
        ({"port": []}, "core.TCPSocketAction", ".port is a list, where Tekton takes a whole number or a string"),
    ],
)
def test_a_member_of_the_wrong_type_is_named_with_its_path(value: object, type_name: str, said: str) -> None:
    with pytest.raises(InputError) as raised:
        round_trip(value, type_name)
    assert said in str(raised.value)


def test_a_run_nested_too_deeply_is_refused() -> None:
    spec: dict[str, Any] = {}
    for _ in range(5000):
        spec = {"tasks": [{"pipelineSpec": spec}]}
    with pytest.raises(InputError, match="nested too deeply"):
        round_trip({"pipelineSpec": spec}, "tekton.PipelineRunSpec")


def test_a_type_that_no_table_holds_is_refused() -> None:
    with pytest.raises(InputError, match=r"no type tekton\.Nothing is known"):
        round_trip({}, "tekton.Nothing")


def test_every_table_row_was_tried_against_go() -> None:
    assert {trip["type"] for trip in GO_ROUND_TRIPS} == set(TABLE)
