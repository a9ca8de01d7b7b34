"""Several images in one command: lists in files, going on after a failure, and results in a file."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from chains.demo.registry.server import RegistryServer
from tests.verify.recordings import IGNORED, WORKDIR, chains, recorded_registry

KEY = ("--key", str(WORKDIR / "k25/cosign.pub"), IGNORED)
SLSA = ("--type", "slsaprovenance")


@pytest.fixture(scope="module")
def registry() -> Iterator[RegistryServer]:
    with recorded_registry("c25/app", "c25/unsigned") as server:
        yield server


def listed(folder: Path, registry: RegistryServer, *names: str) -> str:
    """Write a list with a comment and an empty line."""
    lines = ["# what is deployed", "", *(f"{registry.address}/{name}  # why" for name in names)]
    (folder / "images.txt").write_text("\n".join(lines))
    return str(folder / "images.txt")


@pytest.mark.parametrize("command", [("verify",), ("verify-attestation", *SLSA)])
def test_images_may_be_listed_in_a_file(registry: RegistryServer, tmp_path: Path, command: tuple[str, ...]) -> None:
    names = listed(tmp_path, registry, "c25/app:v1")
    ended = chains(*command, *KEY, "--from-file", names, f"{registry.address}/c25/app:v1")
    assert ended.exit_code == 0, ended.stderr
    assert ended.stderr.count("Verification for") == 2


def test_the_first_failure_ends_the_command_unless_it_is_told_to_go_on(
    registry: RegistryServer, tmp_path: Path
) -> None:
    names = listed(tmp_path, registry, "c25/unsigned:v1", "c25/app:nosuch", "c25/app:v1")
    stopped = chains("verify", *KEY, "--from-file", names)
    assert (stopped.exit_code, stopped.stdout) == (10, "")
    ended = chains("verify", *KEY, "--keep-going", "--from-file", names)
    assert ended.exit_code == 10
    assert len(json.loads(ended.stdout)) == 1
    assert "c25/unsigned:v1: no signatures found" in ended.stderr
    assert "c25/app:nosuch: image tag not found" in ended.stderr
    assert "2 of 3 images failed" in ended.stderr


@pytest.mark.parametrize(("code", "flags"), [(1, ()), (10, ("--exit-codes", "detailed"))])
def test_going_on_keeps_the_first_failures_exit_code(
    registry: RegistryServer, tmp_path: Path, code: int, flags: tuple[str, ...]
) -> None:
    names = listed(tmp_path, registry, "c25/unsigned:v1", "c25/app:v1")
    ended = chains("verify-attestation", *SLSA, *KEY, *flags, "--keep-going", "--from-file", names)
    assert ended.exit_code == code
    assert len(ended.stdout.splitlines()) == 1


def test_a_list_that_is_not_there_or_empty_is_refused(tmp_path: Path) -> None:
    assert "cannot be read" in chains("verify", *KEY, "--from-file", "nowhere.txt").stderr
    (tmp_path / "empty").write_text("# nothing\n")
    assert "requires at least 1 arg" in chains("verify", *KEY, "--from-file", str(tmp_path / "empty")).stderr


@pytest.mark.parametrize("command", [("tree",), ("triangulate",), ("download", "signature")])
def test_what_is_printed_may_go_to_a_file(registry: RegistryServer, tmp_path: Path, command: tuple[str, ...]) -> None:
    image = f"{registry.address}/c25/app:v1"
    printed = chains(*command, image)
    ended = chains(*command, "--output-file", str(tmp_path / "out"), image)
    assert (ended.exit_code, ended.stdout) == (0, "")
    assert (tmp_path / "out").read_text() == printed.stdout
    assert "cannot be written" in chains(*command, "--output-file", str(tmp_path), image).stderr
