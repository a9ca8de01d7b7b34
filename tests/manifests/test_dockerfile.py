"""The image's recipe: what it copies is there, what it leaves out is only for building, and it runs without root."""

import re
import shlex
import subprocess
from importlib.metadata import requires
from pathlib import PurePosixPath

import msgspec
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from chains.cli.main import COMMANDS
from tests.manifests.builders import ROOT, container, project, pyproject, said, stages

IN_THE_IMAGE = {
    "python_version": "3.12",
    "python_full_version": "3.12.0",
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
    "sys_platform": "linux",
}


def copied() -> list[str]:
    """The sources of every COPY from the build context."""
    instructions = [shlex.split(rest) for stage in stages() for rest in said(stage, "COPY")]
    return [source for words in instructions if not words[0].startswith("--") for source in words[:-1]]


def steps() -> list[list[str]]:
    """Every command that the building stage runs, as words."""
    return [shlex.split(part) for rest in said(stages()[0], "RUN") for part in rest.split("&&")]


def locked() -> set[str]:
    """What the lock installs in the image."""
    lines = re.findall(r"^([a-zA-Z0-9][^\\\n]*)", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    found = [Requirement(line.strip()) for line in lines]
    return {canonicalize_name(r.name) for r in found if r.marker is None or r.marker.evaluate(IN_THE_IMAGE)}


def needed(requirements: list[str]) -> set[str]:
    """Everything that these requirements bring with them, in the image."""
    found: set[tuple[str, str]] = set()
    waiting = [(Requirement(text), "") for text in requirements]
    while waiting:
        requirement, of = waiting.pop()
        name = canonicalize_name(requirement.name)
        if requirement.marker is not None and not requirement.marker.evaluate({**IN_THE_IMAGE, "extra": of}):
            continue
        for extra in {"", *requirement.extras} - {extra for each, extra in found if each == name}:
            found.add((name, extra))
            waiting += [(Requirement(text), extra) for text in requires(name) or ()]
    return {name for name, _ in found}


def test_everything_that_is_copied_is_there_and_let_in() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in ignored
    for source in copied():
        assert (ROOT / source).exists(), source
        assert f"!{PurePosixPath(source)}" in ignored


def test_nothing_is_let_in_that_is_not_copied() -> None:
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert let_in == {str(PurePosixPath(source)) for source in copied()}


def test_everything_that_the_wheel_is_made_of_is_copied() -> None:
    wheel = pyproject()["tool"]["hatch"]["build"]["targets"]["wheel"]
    parts = [*wheel["packages"], *wheel.get("force-include", {}), project()["readme"], *project()["license-files"]]
    assert {PurePosixPath(part).parts[0] for part in parts} <= set(copied())


def test_it_is_built_by_the_name_that_the_manifests_have() -> None:
    (default,) = re.findall(r"^IMAGE \?= (\S+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    (shown,) = re.findall(r"docker build --tag (\S+) \.", (ROOT / "Dockerfile").read_text())
    assert default == shown == container()["image"]
    told = subprocess.run(
        ["make", "--no-print-directory", "--dry-run", "image", "IMAGE=r.example.com/a:1"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout == "docker build --tag r.example.com/a:1 .\n"


def test_both_stages_have_the_same_python_and_it_is_one_the_project_supports() -> None:
    images = [said(stage, "FROM")[0].split()[0] for stage in stages()]
    assert len(images) == 2
    assert len(set(images)) == 1
    (minor,) = set(re.findall(r"python:?(3\.\d+)", (ROOT / "Dockerfile").read_text()))
    assert images[0] == f"python:{minor}-slim-bookworm"
    assert minor in SpecifierSet(project()["requires-python"])
    assert minor == IN_THE_IMAGE["python_version"]


def test_the_image_runs_as_a_numbered_user_that_is_not_root() -> None:
    assert said(stages()[-1], "USER") == ["65532:65532"]


def test_every_package_is_checked_against_its_hash() -> None:
    installed = [words for words in steps() if "install" in words]
    assert [[word for word in words[2:] if word.startswith("--")] for words in installed] == [
        ["--no-compile", "--require-hashes", "--requirement"],
        ["--no-compile", "--no-deps", "--no-build-isolation", "--no-index"],
    ]
    assert "requirements.lock" in installed[0]


def test_what_is_left_out_is_exactly_what_only_building_needs() -> None:
    gone = {word for words in steps() if "uninstall" in words for word in words[2:] if not word.startswith("-")}
    assert gone == (
        locked() - needed([*project()["dependencies"], *project()["optional-dependencies"]["sigstore"]])
    ) | {"pip"}


def test_what_stays_is_checked_before_pip_goes() -> None:
    pips = [words[1:] for words in steps() if words[0].endswith("/pip")]
    assert pips[-2:] == [["check"], ["uninstall", "--yes", "pip"]]


def test_what_python_compiles_it_compiles_at_build_time() -> None:
    for stage in stages():
        assert any("compileall" in rest for rest in said(stage, "RUN"))
    assert "PYTHONDONTWRITEBYTECODE=1" in " ".join(said(stages()[-1], "ENV")).split()


def test_the_image_starts_the_controller_as_the_deployment_does() -> None:
    (entry,) = said(stages()[-1], "ENTRYPOINT")
    (arguments,) = said(stages()[-1], "CMD")
    assert msgspec.json.decode(entry) == ["chains"]
    assert "chains" in project()["scripts"]
    assert msgspec.json.decode(arguments) == container()["args"]
    assert msgspec.json.decode(arguments)[0] in COMMANDS


def test_the_image_says_what_it_is_in_the_terms_of_oci() -> None:
    pairs = dict(word.split("=", 1) for word in shlex.split(said(stages()[-1], "LABEL")[0]))
    assert pairs["org.opencontainers.image.version"] == project()["version"]
    assert pairs["org.opencontainers.image.licenses"] == project()["license"]
    assert pairs["org.opencontainers.image.description"] == project()["description"]
