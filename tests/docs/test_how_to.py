"""The how-tos hold where no foreign program is needed: what they show can be read, and what they name is there."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from chains.cli.verify_attestation import command as verify_attestation
from chains.config.config import read_config
from chains.formats import slsa_v0_2
from tests.docs.blocks import ROOT, section

PAGES = sorted(path.name for path in (ROOT / "docs" / "how-to").glob("*.md") if path.name != "index.md")
INDEX = (ROOT / "docs" / "how-to" / "index.md").read_text()
DIGEST = f"sha256:{'5f' * 32}"


@pytest.mark.parametrize("page", PAGES)
def test_each_page_is_in_the_table_and_says_what_works_and_what_does_not(page: str) -> None:
    text = (ROOT / "docs" / "how-to" / page).read_text()
    assert f"]({page})" in INDEX
    assert "\n## What does not work\n" in text
    assert re.match("Tried with |Not tried: ", text.strip().split("\n\n")[-1])


def test_the_table_names_the_versions_that_are_built() -> None:
    folder = ROOT / "tests" / "neighbours"
    modules = "".join((folder / name / "go.mod").read_text() for name in ("flux", "argo-cd"))
    versions = dict(re.findall(r"([\w-]+)@v([\d.]+)", (folder / "install").read_text()))
    versions |= dict(re.findall(r"/(source-controller|gitops-engine) v([\d.]+)$", modules, re.MULTILINE))
    assert set(versions) == {"kyverno", "policy-controller", "source-controller", "gitops-engine", "trivy"}
    for name, version in versions.items():
        assert re.search(rf"{name} {re.escape(version)}\b", INDEX, re.IGNORECASE), name


def test_the_policies_ask_for_the_type_that_is_written() -> None:
    (policy,) = section("docs/how-to/kyverno.md", "ClusterPolicy")
    (rule,) = yaml.safe_load(policy)["spec"]["rules"]
    (image,) = rule["verifyImages"]
    assert [each["type"] for each in image["attestations"]] == [slsa_v0_2.PREDICATE_TYPE]
    (policy,) = section("docs/how-to/kyverno.md", "ImageValidatingPolicy")
    assert yaml.safe_load(policy)["spec"]["attestations"][0]["intoto"]["type"] == slsa_v0_2.PREDICATE_TYPE


def test_the_values_for_connaisseur_bind_its_policy_to_its_validator() -> None:
    (values,) = section("docs/how-to/connaisseur.md", "Configure")
    application = yaml.safe_load(values)["application"]
    (validator,), (rule,) = application["validators"], application["policy"]
    assert (validator["type"], rule["validator"]) == ("cosign", validator["name"])
    assert rule["with"]["trustRoot"] in [root["name"] for root in validator["trustRoots"]]


def test_the_hook_for_argo_cd_calls_a_command_with_flags_that_it_has() -> None:
    (job,) = section("docs/how-to/argo-cd.md", "Configure")
    (container,) = yaml.safe_load(job)["spec"]["template"]["spec"]["containers"]
    assert container["args"][0] == "verify-attestation"
    verify_attestation.make_context("verify-attestation", container["args"][1:])


@pytest.mark.parametrize(
    ("said", "status", "found"),
    [(f"echo published digest registry.example.com/team/deploy@{DIGEST} >&2", 0, DIGEST), ("exit 1", 1, None)],
)
def test_the_task_with_kustomizer_says_what_it_pushed(
    said: str, status: int, found: str | None, tmp_path: Path
) -> None:
    (task,) = section("docs/how-to/kustomizer.md", "Configure")
    script = yaml.safe_load(task)["spec"]["steps"][0]["script"]
    told = {
        "$(params.ARTIFACT)": "registry.example.com/team/deploy",
        "$(context.taskRun.name)": "push-1",
        "$(results.IMAGE_URL.path)": str(tmp_path / "url"),
        "$(results.IMAGE_DIGEST.path)": str(tmp_path / "digest"),
    }
    for name, value in told.items():
        script = script.replace(name, value)
    program = tmp_path / "kustomizer"
    program.write_text(f"#!/bin/sh\n{said}\n")
    program.chmod(0o755)
    done = subprocess.run(
        ["/bin/sh", "-c", script],
        cwd=tmp_path,
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == status, done
    digest = tmp_path / "digest"
    assert (digest.read_text() if digest.exists() else None) == found


def test_kurators_settings_are_taken_and_its_pipeline_is_simulated() -> None:
    (settings,) = section("docs/how-to/kurator.md", "Configure")
    assert not read_config(yaml.safe_load(settings)).problems
    (command,) = section("docs/how-to/kurator.md", "See that it works")
    _, *arguments = command.split()
    done = subprocess.run(
        [sys.executable, "-m", "chains", *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.count("sign oci ") == 1
    assert "myname/kurator-test" in done.stdout
