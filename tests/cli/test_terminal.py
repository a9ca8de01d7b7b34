"""What people read holds nothing that a terminal obeys, whatever a run or a file is called."""

import json
from pathlib import Path

import pytest

from tests.builders import image_results, taskrun_object
from tests.cli.command import chains

HOSTILE = "bu\x1b[31mild\nTaskRun/forged\x9b2J\u202e"


def hostile_run(folder: Path, *, done: bool = True) -> Path:
    """Write a run with a hostile name and result into a file with a hostile name."""
    run = taskrun_object(HOSTILE, results={**image_results(), f"{HOSTILE}IMAGE_URL": HOSTILE}, done=done)
    file = folder / "run\x1b[2J.json"
    file.write_text(json.dumps(run))
    return file


def assert_harmless(text: str) -> None:
    assert text
    assert not [line for line in text.splitlines() if line.startswith("TaskRun/forged")]
    assert not [sign for sign in text if not sign.isprintable() and sign != "\n"]


@pytest.mark.parametrize(
    "arguments", [("simulate",), ("simulate", "-o", "json"), ("explain", "--no-registry")], ids=" ".join
)
def test_a_hostile_name_is_shown_escaped(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = chains(*arguments, hostile_run(tmp_path))
    assert done.returncode == 0, done.stderr
    for_people = done.stderr if "json" in arguments else done.stdout
    assert "\\x1b[31m" in for_people
    assert_harmless(for_people)


def test_a_run_that_is_signed_is_shown_escaped(tmp_path: Path) -> None:
    assert chains("generate-key-pair", cwd=tmp_path, env={"COSIGN_PASSWORD": "pw"}).returncode == 0
    signed = ("sign", hostile_run(tmp_path), "--key", tmp_path / "cosign.key", "--set", "artifacts.oci.storage=")
    stored = ("--set", "artifacts.taskrun.storage=")
    done = chains(*signed, *stored, env={"COSIGN_PASSWORD": "pw"})
    assert "\\x1b[31m" in done.stdout, done.stderr
    assert_harmless(done.stdout + done.stderr)


def test_a_run_that_is_left_out_is_named_escaped(tmp_path: Path) -> None:
    done = chains("simulate", hostile_run(tmp_path, done=False))
    assert "has not finished" in done.stderr
    assert_harmless(done.stderr)


@pytest.mark.parametrize("command", ["simulate", "explain"])
def test_a_file_that_cannot_be_read_is_named_escaped(tmp_path: Path, command: str) -> None:
    file = tmp_path / "x\x1b[2J\ny"
    file.write_text("{")
    done = chains(command, file)
    assert done.returncode == 1
    assert "\\x1b" in done.stderr
    assert_harmless(done.stderr)


def test_a_verb_that_is_not_there_is_named_escaped() -> None:
    assert_harmless(chains("ver\x1b[2Jfy").stderr)
