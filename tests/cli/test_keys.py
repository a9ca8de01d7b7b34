"""`chains generate-key-pair`, and the keys that `chains sign` takes."""

import stat
from pathlib import Path

import pytest

from chains.keys.secret import signer_from_secret
from tests.cli.command import ROOT, chains, refused

SAMPLE = ROOT / "samples" / "kaniko-taskrun.yaml"


def test_a_key_pair_is_written_as_cosign_writes_it(tmp_path: Path) -> None:
    assert chains("generate-key-pair", cwd=tmp_path, env={"COSIGN_PASSWORD": "pw"}).returncode == 0
    private, public = tmp_path / "cosign.key", tmp_path / "cosign.pub"
    assert (stat.S_IMODE(private.stat().st_mode), stat.S_IMODE(public.stat().st_mode)) == (0o600, 0o644)
    signer = signer_from_secret({"cosign.key": private.read_bytes(), "cosign.password": b"pw"})
    assert signer.public_pem == public.read_bytes()


def test_the_password_may_come_from_standard_input(tmp_path: Path) -> None:
    assert chains("generate-key-pair", "--output-key-prefix", "k", cwd=tmp_path, stdin="pw\n").returncode == 0
    assert signer_from_secret({"cosign.key": (tmp_path / "k.key").read_bytes(), "cosign.password": b"pw"}).key_id


def test_an_existing_key_is_not_overwritten_unasked(tmp_path: Path) -> None:
    (tmp_path / "cosign.key").write_text("precious")
    result = chains("generate-key-pair", cwd=tmp_path, env={"COSIGN_PASSWORD": ""}, stdin="n\n")
    assert result.returncode == 1
    assert "declined" in result.stderr
    assert (tmp_path / "cosign.key").read_text() == "precious"
    assert not (tmp_path / "cosign.pub").exists()


@pytest.mark.parametrize(("flags", "answer"), [((), "y\n"), (("--yes",), "")])
def test_an_existing_pair_is_overwritten_when_that_is_wanted(
    tmp_path: Path, flags: tuple[str, ...], answer: str
) -> None:
    for name in ("cosign.key", "cosign.pub"):
        (tmp_path / name).write_text("old")
    result = chains("generate-key-pair", *flags, cwd=tmp_path, env={"COSIGN_PASSWORD": "pw"}, stdin=answer)
    assert result.returncode == 0, result.stderr
    assert "PUBLIC KEY" in (tmp_path / "cosign.pub").read_text()


def test_nobody_to_ask_is_a_no(tmp_path: Path) -> None:
    (tmp_path / "cosign.pub").write_text("precious")
    result = chains("generate-key-pair", cwd=tmp_path, env={"COSIGN_PASSWORD": "pw"})
    assert result.returncode == 1
    assert "WARNING: File cosign.pub already exists. Overwrite?" in result.stderr
    assert "Error: user declined the prompt" in result.stderr
    assert "--yes" in result.stderr
    assert (tmp_path / "cosign.pub").read_text() == "precious"


@pytest.mark.parametrize(
    ("password", "source"), [({"COSIGN_PASSWORD": ""}, "$COSIGN_PASSWORD"), ({}, "standard input")]
)
def test_an_empty_password_is_taken_with_a_warning(tmp_path: Path, password: dict[str, str], source: str) -> None:
    result = chains("generate-key-pair", cwd=tmp_path, env=password)
    assert result.returncode == 0
    assert f"WARNING: the password from {source}" in result.stderr
    assert "is empty" in result.stderr


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("k8s://only", "write k8s://NAMESPACE/SECRET"),
        ("foo", "could not parse scheme"),
        ("awskms://x", "keys are made in"),
    ],
)
def test_an_unusable_place_for_a_key_is_explained(tmp_path: Path, reference: str, said: str) -> None:
    result = chains("generate-key-pair", reference, cwd=tmp_path, env={"COSIGN_PASSWORD": ""})
    assert said in refused(result)


def test_no_cluster_is_one_sentence(tmp_path: Path) -> None:
    env = {"COSIGN_PASSWORD": "pw", "HOME": str(tmp_path), "KUBECONFIG": str(tmp_path / "nowhere")}
    assert "kubeconfig" in refused(chains("generate-key-pair", "k8s://a/b", cwd=tmp_path, env=env))


def test_signing_with_a_wrong_password_says_so_without_it(tmp_path: Path) -> None:
    chains("generate-key-pair", cwd=tmp_path, env={"COSIGN_PASSWORD": "right"})
    sentence = refused(chains("sign", SAMPLE, "--key", tmp_path / "cosign.key", env={"COSIGN_PASSWORD": "wr0ng"}))
    assert "the password from $COSIGN_PASSWORD does not open the key" in sentence
    assert "wr0ng" not in sentence
    assert "cosign.password" not in sentence


@pytest.mark.parametrize(
    ("reference", "said"),
    [("missing.key", "generate-key-pair"), ("env://NO_SUCH_VARIABLE", "is not set"), ("README.md", "PEM")],
)
def test_an_unusable_key_is_explained(reference: str, said: str) -> None:
    assert said in refused(chains("sign", SAMPLE, "--key", reference))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [((), "--all-failed"), (("pod/x/y",), "taskrun/NAME"), (("x", "--all-failed"), "or use --all-failed")],
)
def test_resign_says_what_it_wants(arguments: tuple[str, ...], said: str) -> None:
    assert said in refused(chains("resign", *arguments))
