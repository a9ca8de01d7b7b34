"""`chains simulate`."""

import json
from pathlib import Path

import pytest

from tests.builders import image_results, taskrun_object
from tests.cli.command import ROOT, chains, refused

OCI = ("--set", "artifacts.taskrun.storage=oci")


def test_the_plan_is_printed_as_json(tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    file.write_text(json.dumps(taskrun_object(results=image_results())))
    result = chains("simulate", file, "-o", "json", *OCI)
    rows = json.loads(result.stdout)
    assert [(row["run"], row["kind"], row["format"], row["stores"]) for row in rows] == [
        ("TaskRun/build", "taskrun", "in-toto", ["oci"]),
        ("TaskRun/build", "oci", "simplesigning", ["oci"]),
    ]
    assert rows[0]["payload"]["predicateType"] == "https://slsa.dev/provenance/v0.2"


def test_a_list_several_documents_and_yaml_are_read(tmp_path: Path) -> None:
    runs = [taskrun_object(name, results=image_results()) for name in ("one", "two")]
    listed, documents = tmp_path / "list.json", tmp_path / "documents.json"
    listed.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": runs}))
    documents.write_text("\n---\n".join(json.dumps(run) for run in runs))
    for file in (listed, documents):
        assert "TaskRun/two" in chains("simulate", file).stdout
    assert chains("simulate", ROOT / "samples" / "kaniko-taskrun.yaml").returncode == 0


def test_two_processes_print_the_same_bytes() -> None:
    sample = ROOT / "samples" / "ko-images-taskrun.yaml"
    first, second = (chains("simulate", sample, "-o", "json", env={"PYTHONHASHSEED": seed}) for seed in ("1", "2"))
    assert first.stdout == second.stdout
    assert json.loads(first.stdout)


def test_the_walk_through_without_url_is_told_which_result_is_missing() -> None:
    result = chains("simulate", ROOT / "samples" / "buildah-kyverno-pipeline.yaml", *OCI)
    assert "has no result 'IMAGE_URL' beside it" in result.stdout


def test_a_run_in_progress_is_not_planned(tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    file.write_text(json.dumps(taskrun_object(done=False)))
    result = chains("simulate", file, "-o", "json")
    assert json.loads(result.stdout) == []
    assert "has not finished" in result.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kind: Pod\napiVersion: v1\n", "no TaskRun and no PipelineRun"),
        ("just words", "no Kubernetes object"),
        ("{[", "neither YAML nor JSON"),
        ("\x00\x01", "neither YAML nor JSON"),
        ("kind: TaskRun\nmetadata: a: b\n", "not allowed in this context at line 2, column 12"),
        ("kind: TaskRun\napiVersion: example.com/v9\n", "a run is a TaskRun or PipelineRun of tekton.dev/v1"),
        ("kind: TaskRun\napiVersion: tekton.dev/v1\nstatus: {steps: 5}\n", "$.status.steps"),
        ("kind: TaskRun\napiVersion: tekton.dev/v1\n", "metadata.name"),
    ],
)
def test_a_file_that_is_no_run_gets_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "file.yaml"
    file.write_text(text)
    sentence = refused(chains("simulate", file))
    assert said in sentence
    assert str(file) in sentence


def test_a_file_that_is_not_there_is_named() -> None:
    assert "nowhere.yaml cannot be read" in refused(chains("simulate", "nowhere.yaml"))


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("artifacts.taskrun.formt=slsa/v1", "did you mean artifacts.taskrun.format?"),
        ("artifacts.taskrun.format=slsa", "none of in-toto"),
        ("novalue", "write KEY=VALUE"),
    ],
)
def test_a_bad_setting_is_answered_with_what_helps(setting: str, said: str) -> None:
    assert said in refused(chains("simulate", ROOT / "samples" / "kaniko-taskrun.yaml", "--set", setting))
