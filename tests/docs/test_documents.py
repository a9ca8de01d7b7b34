"""The documents hold: their links lead somewhere, their commands are typed by a test, their claims name tests."""

import asyncio
import json
import re
import shlex
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from subprocess import CompletedProcess

import pytest
import yaml

from chains.demo.registry.server import RegistryServer
from tests.builders import image_results, taskrun_object
from tests.cli.command import chains
from tests.docs.blocks import ROOT, blocks, exists, named_tests

DOCS = ROOT / "docs"
PAGES = sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))
EVERYTHING = [ROOT / "README.md", ROOT / "config" / "README.md", *sorted(DOCS.rglob("*.md"))]
# Who runs each command of the README: a step of .ci/run, a test, or this file.
README = {
    "make demo": ".ci/run",
    "make test": ".ci/run",
    "kubectl apply -k .": "tests/e2e/test_quickstart.py::test_the_quickstart_ends_with_a_verified_image",
    "chains generate-key-pair": "tests/e2e/test_quickstart.py::test_the_quickstart_ends_with_a_verified_image",
    "chains simulate samples/buildah-kyverno-pipeline.yaml": "",
    "chains verify-attestation --key cosign.pub --insecure-ignore-tlog --type slsaprovenance": "",
}


def commands(page: str) -> list[str]:
    """Every command of a page, continued lines joined."""
    return [line for block in blocks(page) for line in block.replace("\\\n", "").splitlines() if line.strip()]


def heading_anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", EVERYTHING, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_to_a_file_and_a_heading_that_are_there(page: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), target
        assert not anchor or anchor in heading_anchors(found), target


def test_every_page_has_its_place_in_the_site() -> None:
    def pages(entry: object) -> list[str]:
        if isinstance(entry, str):
            return [entry]
        children = entry.values() if isinstance(entry, dict) else entry
        return [page for child in children for page in pages(child)]

    placed = pages(yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"])
    assert sorted(placed) == sorted([*PAGES, "install.md"])


def test_every_command_of_the_readme_is_run_by_somebody() -> None:
    steps = (ROOT / ".ci" / "run").read_text()
    for command in commands("README.md"):
        (who,) = [by for known, by in README.items() if command.startswith(known)]
        if who == ".ci/run":
            assert re.search(rf";\s+{command}$", steps, re.MULTILINE)
        elif who:
            assert exists(who)


def test_the_readmes_simulation_says_which_result_is_missing() -> None:
    (command,) = [line for line in commands("README.md") if line.startswith("chains simulate")]
    _, *arguments = command.split()
    done = subprocess.run(
        [sys.executable, "-m", "chains", *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "IMAGE_URL" in done.stdout


async def test_the_readmes_verification_holds_for_an_image_that_was_built_and_signed_so(tmp_path: Path) -> None:
    (command,) = [line for line in commands("README.md") if line.startswith("chains verify-attestation")]
    secret = {"COSIGN_PASSWORD": "pw"}
    source = {"CHAINS-GIT_URL": "https://github.com/me/app", "CHAINS-GIT_COMMIT": "a1" * 20}
    ended = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    async with RegistryServer() as registry:
        image = registry.push_image("app", seed="app", tag="v1")
        built = image_results(str(image.repository), str(image.digest)) | source
        (tmp_path / "run.json").write_text(json.dumps(taskrun_object(results=built, completionTime=ended)))

        async def typed(line: str) -> CompletedProcess[str]:
            _, *arguments = shlex.split(line.replace("registry.example.com", registry.address))
            done = await asyncio.to_thread(chains, *arguments, cwd=tmp_path, env=secret)
            assert done.returncode == 0, done.stderr
            return done

        await typed("chains generate-key-pair")
        await typed("chains sign run.json --key cosign.key --set artifacts.taskrun.format=slsa/v1")
        assert "1 attestation holds" in (await typed(command)).stderr


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 150


def test_every_row_of_the_threat_model_names_tests_that_exist() -> None:
    page = (DOCS / "threat-model.md").read_text()
    rows = [line for line in page[page.index("## Threats") :].splitlines() if line.startswith("| ")][1:]
    assert len(rows) > 20
    assert all("::" in row for row in rows)
    assert not [test for test in named_tests("docs/threat-model.md") if not exists(test)]


def test_a_test_that_does_not_exist_would_be_noticed() -> None:
    assert exists("tests/docs/test_documents.py::test_a_test_that_does_not_exist_would_be_noticed")
    assert not exists("tests/docs/test_documents.py::test_nothing")
    assert not exists("tests/docs/nowhere.py::test_nothing")
