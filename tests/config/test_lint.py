"""What there is to say of a configuration before it is in force."""

import pytest

from chains.config.keys import KEYS
from chains.config.lint import OLD_KEYS, Grade, lint

OCI = {"artifacts.taskrun.storage": "oci"}


def said(entries: dict[str, str], grade: Grade) -> str:
    return "\n".join(found.sentence for found in lint(entries) if found.grade is grade)


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ({"artifacts.taskrun.format": "slsa/v2alpha5"}, "did you mean slsa/v2alpha4?"),
        ({"artifacts.taskrun.storage": "oci,tektn"}, "did you mean tekton?"),
        ({"storage.oci.repository.insecure": "ture"}, "did you mean true?"),
        ({"artifacts.oci.signer": "kms"}, "not built yet"),
        ({"transparency.enabled": "true", "transparency.version": "2"}, "Sigstore bundles only"),
    ],
)
def test_what_the_service_would_refuse_is_an_error(entries: dict[str, str], words: str) -> None:
    assert words in said(entries, Grade.ERROR)


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ({"artifacts.taskrun.fromat": "slsa/v1"}, "did you mean artifacts.taskrun.format?"),
        ({"artifacts.taskrun.format": "tekton"}, "set slsa/v1"),
        ({"signers.kms.auth.token": "hunter2"}, "signers.kms.auth.token holds a secret"),
        ({"storage.gcs.bucket": "b"}, "not built yet"),
        (
            {f"artifacts.{kind}.storage": "" for kind in ("taskrun", "pipelinerun", "oci")},
            "nothing is ever signed",
        ),
        ({"artifacts.oci.storage": "", "storage.oci.repository": "r.example.com/sigs"}, "names oci"),
        ({"transparency.url": "https://rekor.example.com"}, "transparency.enabled is neither"),
        (
            {"artifacts.pipelinerun.signer": "none", "artifacts.pipelinerun.enable-deep-inspection": "true"},
            "PipelineRuns are not attested",
        ),
        ({"builddefinition.buildtype": "https://tekton.dev/chains/v2/slsa-tekton"}, "belongs to the formats"),
    ],
)
def test_what_has_no_effect_or_is_old_is_a_warning(entries: dict[str, str], words: str) -> None:
    assert words in said(entries, Grade.WARNING)


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ({}, "no attestation stands beside them"),
        (OCI | {"artifacts.taskrun.format": "slsa/v1"}, "writes SLSA v0.2"),
        (OCI | {"storage.oci.repository.insecure": "true"}, "registry passwords"),
        (OCI | {"transparency.enabled": "true"}, "logged in public"),
    ],
)
def test_what_may_surprise_is_a_note(entries: dict[str, str], words: str) -> None:
    assert words in said(entries, Grade.NOTE)


def test_the_worst_comes_first_and_no_secret_is_repeated() -> None:
    findings = lint({"signers.kms.auth.token": "hunter2", "artifacts.oci.signer": "gpg"})
    assert [found.grade for found in findings] == sorted(
        (found.grade for found in findings), key=[Grade.ERROR, Grade.WARNING, Grade.NOTE].index
    )
    assert "hunter2" not in str(findings)


def test_a_common_configuration_gets_no_word() -> None:
    assert lint(OCI | {"artifacts.taskrun.format": "slsa/v2alpha4", "artifacts.pipelinerun.storage": "oci"}) == ()


def test_old_keys_are_old_and_their_successors_known() -> None:
    known = {key.name for key in KEYS}
    assert not known & OLD_KEYS.keys()
    assert known >= set(OLD_KEYS.values())
