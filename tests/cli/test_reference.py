"""What is written from the commands: their reference, and what shells complete."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command import chains

ROOT = Path(__file__).resolve().parents[2]


def test_the_reference_is_the_one_of_these_commands() -> None:
    assert (ROOT / "docs" / "cli.md").read_text() == chains("docs").stdout, "run make docs"


def test_the_causes_are_those_that_the_commands_know() -> None:
    assert (ROOT / "docs" / "causes.md").read_text() == chains("docs", "causes").stdout, "run make docs"


def test_the_manual_pages_are_those_of_these_commands(tmp_path: Path) -> None:
    assert chains("docs", "--man", tmp_path).returncode == 0
    written = {page.name: page.read_text() for page in tmp_path.iterdir()}
    assert {page.name: page.read_text() for page in (ROOT / "docs" / "man").iterdir()} == written, "run make docs"


def test_each_flag_of_the_reference_has_its_place_in_the_manual() -> None:
    for section in (ROOT / "docs" / "cli.md").read_text().split("\n## ")[1:]:
        name = section.partition("\n")[0].replace(" ", "-")
        page = (ROOT / "docs" / "man" / f"{name}.1").read_text().replace("\\-", "-")
        flags = re.findall(r"^\| ((?:`-[^`]*`(?:, )?)+)", section, re.MULTILINE)
        for flag in re.findall(r"`(-[^`]*)`", "".join(flags)):
            assert f"\\fB{flag}\\fR" in page, (name, flag)
        assert len(flags) == page.count("\n.TP\n"), name


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


def test_kubectl_finds_it_as_a_plugin() -> None:
    plugin = Path(sys.executable).with_name("kubectl-chains")
    done = subprocess.run([plugin, "explain", "--help"], capture_output=True, text=True, check=True)
    assert "NAMESPACE/" in done.stdout


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (("verfy",), "verify"),
        (("Explain",), "explain"),
        (("config", "chek"), "check"),
        (("download", "signatur"), "signature"),
    ],
)
def test_a_mistyped_verb_is_answered_with_the_one_that_was_meant(typed: tuple[str, ...], meant: str) -> None:
    done = chains(*typed)
    assert done.returncode == 2
    assert done.stderr.endswith(f"Error: there is no command {typed[-1]!r}: did you mean {meant}?\n")


def test_a_verb_like_none_is_answered_with_where_they_are_listed() -> None:
    done = chains("frobnicate")
    assert "there is no command 'frobnicate'\n" in done.stderr
    assert "Try 'chains --help'" in done.stderr
