"""What is written from the commands: their reference, and what shells complete."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command import chains

ROOT = Path(__file__).resolve().parents[2]


def test_the_reference_is_the_one_of_these_commands() -> None:
    assert (ROOT / "docs" / "cli.md").read_text() == chains("docs").stdout, "run make docs"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_a_script_that_asks_this_program(shell: str) -> None:
    assert "_CHAINS_COMPLETE" in chains("completion", shell).stdout


@pytest.mark.parametrize(
    ("words", "completed"), [("chains veri", "verify-attestation"), ("chains verify --ke", "--key")]
)
def test_verbs_and_flags_are_completed(words: str, completed: str) -> None:
    asked = {"_CHAINS_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(len(words.split()) - 1)}
    env = {"PATH": os.defpath, "PYTHONPATH": str(ROOT), **asked}
    done = subprocess.run((sys.executable, "-m", "chains"), env=env, capture_output=True, text=True, check=True)
    assert completed in [line.partition(",")[2] for line in done.stdout.splitlines()]
