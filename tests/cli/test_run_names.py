"""Runs as people name them."""

from pathlib import Path

import msgspec
import pytest

from chains.cli.run_name import RunName, read_run_names
from chains.errors import InputError
from tests.builders import taskrun_object
from tests.cli.command import chains

ONE = RunName("TaskRun", "default", "one")


@pytest.mark.parametrize(
    ("words", "runs"),
    [
        ("one", [ONE]),
        ("taskrun/one", [ONE]),
        ("TaskRun one", [ONE]),
        ("taskruns.tekton.dev/one", [ONE]),
        ("taskrun/builds/one", [RunName("TaskRun", "builds", "one")]),
        ("TaskRun builds/one", [RunName("TaskRun", "builds", "one")]),
        ("builds/one", [RunName("TaskRun", "builds", "one")]),
        ("pipelinerun/p one", [RunName("PipelineRun", "default", "p"), ONE]),
        ("pipelinerun p q", [RunName("PipelineRun", "default", "p"), RunName("PipelineRun", "default", "q")]),
        ("taskrun one pipelineruns p", [ONE, RunName("PipelineRun", "default", "p")]),
        ("taskrun", [RunName("TaskRun", "default", "taskrun")]),
        ("taskrn/one", [RunName("TaskRun", "taskrn", "one", "TaskRun")]),
        ("pipelines/one", [RunName("TaskRun", "pipelines", "one")]),
    ],
)
def test_a_run_is_named_with_and_without_its_kind_and_namespace(words: str, runs: list[RunName]) -> None:
    assert list(read_run_names(words.split(), "default")) == runs


@pytest.mark.parametrize("word", ["a/b/c", "taskrun/a/b/c", "taskrun/", "/a", "taskrun//a", "a//b", ""])
def test_what_names_no_run_is_refused(word: str) -> None:
    with pytest.raises(InputError, match="write NAME, taskrun/NAME or pipelinerun/NAME"):
        read_run_names([word], "default")


def test_the_kind_and_namespace_asked_for_are_for_names_without() -> None:
    assert read_run_names(["p"], "builds", "PipelineRun") == (RunName("PipelineRun", "builds", "p"),)
    assert str(read_run_names(["taskrn/p"], "builds")[0].missing()).endswith("taskrn/p; did you mean taskrun/p?")


def test_a_name_that_no_file_may_have_is_a_runs(tmp_path: Path) -> None:
    ended = chains("explain", "a" * 300, "--kubeconfig", tmp_path / "nosuch")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("chains: ")
    assert "nosuch" in ended.stderr


@pytest.mark.parametrize("command", [("explain", "--no-registry"), ("simulate",)])
def test_nothing_in_a_runs_name_is_obeyed_by_a_terminal(tmp_path: Path, command: tuple[str, ...]) -> None:
    file = tmp_path / "run.json"
    file.write_bytes(msgspec.json.encode(taskrun_object("x\x1b[31my\x07\u202e")))
    ended = chains(*command, file)
    assert ended.returncode == 0
    assert "x\\x1b[31my\\x07\\u202e" in ended.stdout
    assert not {"\x1b", "\x07", "\u202e"} & set(ended.stdout + ended.stderr)
