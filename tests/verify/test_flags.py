"""Every flag that cosign has for a command, ours takes, or refuses with a sentence that says what there is instead."""

import importlib
import json
from collections.abc import Iterator

import click
import pytest

from chains.cli.cosign_command import CosignCommand
from chains.cli.main import COMMANDS
from tests.verify.recordings import CAPTURES, chains

FLAGS: dict[str, dict[str, list[str]]] = json.loads((CAPTURES / "flags.json").read_text())
# cosign 3 takes these without listing them, some of them with a note that they will go.
UNLISTED = {
    "verify": ["--offline", "--rekor-url", "--max-workers", "--experimental-oci11", "--insecure-ignore-sct", "--sct"],
    "verify-attestation": ["--offline", "--rekor-url", "--max-workers", "--experimental-oci11", "--certificate"],
    "tree": ["--experimental-oci11"],
}
# What is taken for cosign's sake: these change nothing here, and docs/compatibility.md says so.
WITHOUT_EFFECT = {"k8s_keychain", "max_workers", "insecure_ignore_sct", "experimental_oci11", "verbose"}


def command_named(name: str) -> click.Command:
    """One of our commands, by its words."""
    verb, _, below = name.partition(" ")
    command: click.Command = importlib.import_module(COMMANDS[verb]).command
    return command.commands[below] if isinstance(command, click.Group) else command


def rows() -> Iterator[tuple[str, str]]:
    for commands in (*FLAGS.values(), UNLISTED):
        for name, flags in commands.items():
            yield from ((name, flag) for flag in flags if flag not in ("-h", "--help"))


@pytest.mark.parametrize(("name", "flag"), sorted(set(rows())))
def test_a_flag_of_cosigns_is_there_or_refused_plainly(name: str, flag: str) -> None:
    command = command_named(name)
    assert isinstance(command, CosignCommand)
    if flag in {known for parameter in command.params for known in parameter.opts}:
        return
    ended = chains(*name.split(), flag, "x")
    first = ended.stderr.splitlines()[0]
    assert ended.exit_code == 1
    assert first.startswith(f"Error: {flag}: "), ended.stderr
    assert len(first) > len(f"Error: {flag}: ") + 30


def test_flags_that_are_taken_and_do_nothing_are_few_and_hidden() -> None:
    for name in FLAGS["cosign-3"]:
        for parameter in command_named(name).params:
            assert getattr(parameter, "hidden", False) == (
                parameter.name in WITHOUT_EFFECT or parameter.name == "new_bundle_format"
            ), (name, parameter.name)
