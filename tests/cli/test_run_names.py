"""Runs as people name them."""

import pytest

from chains.cli.run_name import RunName, read_run_names
from chains.errors import InputError

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
