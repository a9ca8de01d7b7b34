"""Reading chains-config."""

from pathlib import Path

import pytest

from chains.config.config import read_config
from chains.config.keys import KEYS
from chains.config.policy import write_policy
from chains.config.reference import write_reference


def test_nothing_set_is_what_tekton_chains_does_by_default() -> None:
    reading = read_config({})
    assert reading.problems == reading.impossible == reading.unbuilt == reading.unknown == ()
    assert reading.config.taskrun.stores == ("tekton",)
    assert reading.config.oci.stores == ("oci",)
    assert reading.config.builder_id == "https://tekton.dev/chains/v2"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("artifacts.taskrun.format", "tekton"),
        ("artifacts.taskrun.storage", " "),
        ("artifacts.taskrun.storage", "tekton,"),
        ("artifacts.oci.format", "cosign"),
        ("storage.oci.encoding-format", ""),
        ("storage.oci.repository", "https://reg.io/x"),
        ("storage.oci.repository.insecure", "yes"),
        ("transparency.enabled", "True"),
        ("builddefinition.buildtype", ""),
    ],
)
def test_a_bad_value_is_a_problem_that_names_its_key(key: str, value: str) -> None:
    reading = read_config({key: value})
    assert len(reading.problems) == 1
    assert reading.problems[0].startswith(f"{key}: ")


def test_a_set_is_split_trimmed_and_may_be_empty() -> None:
    assert read_config({"artifacts.taskrun.storage": "oci, tekton"}).config.taskrun.stores == ("oci", "tekton")
    assert not read_config({"artifacts.taskrun.storage": ""}).config.taskrun.enabled


def test_an_unknown_key_is_answered_with_the_nearest() -> None:
    [sentence] = read_config({"artifacts.taskrun.formt": "slsa/v1", "_example": "text"}).unknown
    assert "did you mean artifacts.taskrun.format?" in sentence


@pytest.mark.parametrize(
    ("key", "value"),
    [("artifacts.oci.storage", "gcs"), ("artifacts.taskrun.signer", "kms"), ("signers.x509.fulcio.enabled", "true")],
)
def test_what_is_not_built_and_cannot_be_done_without_is_impossible(key: str, value: str) -> None:
    [sentence] = read_config({key: value}).impossible
    assert key in sentence
    assert "not built yet" in sentence


def test_a_key_without_effect_is_named() -> None:
    [sentence] = read_config({"storage.gcs.bucket": "b"}).unbuilt
    assert "storage.gcs.bucket" in sentence


def test_a_refused_secret_value_is_not_repeated() -> None:
    assert all(key.secret for key in KEYS if key.name in ("signers.kms.auth.token", "storage.docdb.mongo-server-url"))


def test_the_printed_reference_is_the_tables() -> None:
    assert Path(__file__, "../../../docs/config.md").resolve().read_text() == write_reference()


@pytest.mark.parametrize(
    "url", ["", "rekor.example.com", "ftp://rekor.example.com", "https://", "https://a b", "http://u:p@h"]
)
def test_a_log_is_reached_over_http_or_https(url: str) -> None:
    assert len(read_config({"transparency.url": url}).problems) == 1
    assert read_config({"transparency.url": "http://rekor.example.com/"}).config.transparency.url[-1] != "/"


@pytest.mark.parametrize(("encoding", "sentences"), [("dsse", 1), ("sigstore-bundle", 0), ("both", 0)])
def test_entries_that_only_bundles_can_hold_need_bundles(encoding: str, sentences: int) -> None:
    told = {"transparency.enabled": "true", "transparency.version": "2", "storage.oci.encoding-format": encoding}
    assert len(read_config(told).impossible) == sentences
    assert read_config(told | {"transparency.enabled": "false"}).impossible == ()


def test_the_shipped_policy_is_written_from_the_table() -> None:
    shipped = Path(__file__, "../../../config/controller/settings-policy.yaml").resolve().read_text()
    assert shipped == write_policy(), "run make docs"
