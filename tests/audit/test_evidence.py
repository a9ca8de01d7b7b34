"""Evidence: what an audit rests on, kept in an archive, moved, and judged again with no network."""

import asyncio
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from chains.artifacts.reference import Digest, ImageReference, Repository
from chains.cli.evidence.names import image_folder, run_file
from chains.controller.turn import End
from chains.demo.registry.server import RegistryServer
from chains.runs.sighting import RunKey
from tests.audit.evidences import KEYS, OLD, again, made, verdicts
from tests.audit.test_cluster import apply
from tests.verify.recordings import IGNORED, WORKDIR, chains, recorded_registry
from tests.verify.test_logs import Signed, signed
from tests.verify.test_offline import guarded
from tests.world.builders import NAMESPACE, inhabited

# Runs the command where no file may be larger than so many bytes.
_SMALL_FILES = """
import resource, runpy, sys
most = int(sys.argv.pop(1))
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
runpy.run_module("chains", run_name="__main__", alter_sys=True)
"""
__all__ = ["signed"]


@pytest.fixture(scope="module")
def registry() -> Iterator[RegistryServer]:
    with recorded_registry("c25/app", "c25/unsigned", "c31bundle/app") as server:
        yield server


@pytest.mark.parametrize("name", ["evidence.zip", "evidence"])
def test_what_was_kept_and_moved_gives_the_same_verdicts_and_proofs(
    registry: RegistryServer, tmp_path: Path, name: str
) -> None:
    first = made(registry, tmp_path / name)
    assert "The evidence is in" in first.stderr
    moved = tmp_path / "elsewhere" / name
    moved.parent.mkdir()
    (tmp_path / name).rename(moved)
    second = again(moved)
    assert (first.exit_code, second.exit_code) == (12, 12), second.stderr
    assert verdicts(second) == verdicts(first) == ["verified", "verified", "unsigned", "image not found"]
    before, after = json.loads(first.stdout), json.loads(second.stdout)
    for one, other in zip(before["entries"][:3], after["entries"][:3], strict=True):
        assert one == other
    assert after["audited"] == before["audited"]
    assert after["scope"][1:] == before["scope"]
    [note] = after["notes"]
    assert note.startswith("Judged again from ")
    assert note.endswith("which digest a tag had is told by the evidence alone")


def test_an_archive_that_was_unpacked_is_evidence_still_and_one_image_may_stand_in_it_twice(
    registry: RegistryServer, tmp_path: Path
) -> None:
    made(registry, tmp_path / "evidence.zip", f"{registry.address}/c25/app:v1")
    with zipfile.ZipFile(tmp_path / "evidence.zip") as packed:
        packed.extractall(tmp_path / "unpacked")
    ended = again(tmp_path / "unpacked")
    assert verdicts(ended).count("verified") == 3
    assert len(json.loads(ended.stdout)["notes"]) == 1
    told = (tmp_path / "unpacked" / "README.txt").read_text()
    assert "chains audit --from-evidence . --key cosign.pub --insecure-ignore-tlog" in told


@pytest.mark.parametrize("name", ["evidence.zip", "evidence"])
def test_what_is_there_already_is_left_alone(registry: RegistryServer, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("precious")
    ended = made(registry, tmp_path / name)
    assert (ended.exit_code, ended.stdout) == (1, "")
    assert "something is there already" in ended.stderr
    assert (tmp_path / name).read_text() == "precious"


def test_an_archive_that_cannot_be_written_leaves_nothing_and_the_report_is_told(
    registry: RegistryServer, tmp_path: Path
) -> None:
    name = f"{registry.address}/c25/app:v1"
    told = ("audit", *KEYS, IGNORED, "-o", "json", "--evidence", str(tmp_path / "evidence.zip"), name)
    whole = chains(*told)
    most = (tmp_path / "evidence.zip").stat().st_size - 1
    (tmp_path / "evidence.zip").unlink()
    small = [sys.executable, "-c", _SMALL_FILES, str(most), *told]
    ended = subprocess.run(small, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, "cannot be written: File too large" in ended.stderr) == (1, True), ended.stderr
    assert json.loads(ended.stdout)["entries"] == json.loads(whole.stdout)["entries"]
    assert not list(tmp_path.iterdir())


def test_no_socket_is_opened_for_it(registry: RegistryServer, tmp_path: Path) -> None:
    archive = tmp_path / "evidence.zip"
    made(registry, archive)
    ended = guarded("audit", *KEYS, IGNORED, "--offline", "--from-evidence", str(archive))
    assert ended.returncode == 12, ended.stderr
    assert ended.stdout.count("verified  ") == 2


def test_the_same_estate_gives_the_same_archive(registry: RegistryServer, tmp_path: Path) -> None:
    for name in ("one.zip", "two.zip"):
        made(registry, tmp_path / name)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_a_key_must_come_from_elsewhere(registry: RegistryServer, tmp_path: Path) -> None:
    made(registry, tmp_path / "evidence.zip")
    ended = again(tmp_path / "evidence.zip", keys=())
    assert ended.exit_code == 1
    assert "give --key with one from elsewhere" in ended.stderr
    assert ended.stderr.count("SHA256:") >= 2
    other = again(tmp_path / "evidence.zip", keys=("--key", str(WORKDIR / "kx/a.pub")))
    assert verdicts(other)[:2] == ["does not verify"] * 2


def test_each_layout_in_it_is_read_by_the_other_commands(registry: RegistryServer, tmp_path: Path) -> None:
    made(registry, tmp_path / "evidence")
    folders = [path.parent for path in (tmp_path / "evidence" / "images").rglob("index.json")]
    assert len(folders) == 3
    [signed_one] = [path for path in folders if "c25/app" in str(path)]
    for command in (("verify",), ("verify-attestation", "--type", "slsaprovenance")):
        ended = chains(*command, "--local-image", "--offline", "--key", OLD, IGNORED, str(signed_one))
        assert ended.exit_code == 0, ended.stderr


async def test_the_runs_of_a_cluster_are_judged_again(tmp_path: Path) -> None:
    archive = tmp_path / "evidence.zip"
    async with inhabited(tmp_path) as here:
        image = await here.apply_build("one")
        await here.until(End.SIGNED)
        await apply(here.world, "boaster", here.world.registry.push_image("team/app", "two"), signed="true")
        key = str(here.world.public_key)
        cluster = ("--kubeconfig", str(here.world.kubeconfig), "--namespace", NAMESPACE)
        told = ("audit", "--key", key, IGNORED, "-o", "json", "--evidence", str(archive), *cluster)
        first = await asyncio.to_thread(chains, *told)
    second = await asyncio.to_thread(again, archive, keys=("--key", key))
    runs = [json.loads(ended.stdout)["entries"] for ended in (first, second)]
    assert runs[0] == runs[1]
    assert {entry["run"]["name"]: entry["verdict"] for entry in runs[1]} == {
        "one": "verified",
        "boaster": "claim without proof",
    }
    with zipfile.ZipFile(archive) as packed:
        assert f"{image_folder(image)}/index.json" in packed.namelist()
        assert f"runs/{NAMESPACE}/taskrun-one.json" in packed.namelist()


def test_log_entries_that_were_asked_for_are_kept_and_hold_offline(signed: Signed, tmp_path: Path) -> None:
    signed.upload()
    archive = tmp_path / "evidence.zip"
    first = signed.verify("audit", "--rekor-url", signed.log.url, "--evidence", str(archive))
    assert first.exit_code == 0, first.stdout
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(tmp_path / "unpacked")
    told = ("audit", "--type", "t", "--key", str(tmp_path / "signer.pub"), "--from-evidence", ".")
    own = ("--trusted-root", "logs/rekor.pub", "--offline")
    assert f"--key cosign.pub {' '.join(own)}" in (tmp_path / "unpacked" / "README.txt").read_text()
    assert chains(*told, *own, cwd=tmp_path / "unpacked").exit_code == 0
    env = {"SIGSTORE_REKOR_PUBLIC_KEY": "log.pub"}
    told = ("audit", "--type", "t", "--key", "signer.pub", "--offline", "--from-evidence", str(archive))
    assert chains(*told, env=env, cwd=signed.folder).exit_code == 0
    (signed.folder / "log.pub").write_bytes(Path(OLD).read_bytes())
    assert chains(*told, env=env, cwd=signed.folder).exit_code == 12


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--from-evidence", "nosuch.zip"), "the evidence nosuch.zip cannot be read"),
        (("--from-evidence", "p.txt"), "the evidence p.txt is damaged"),
        (("--from-evidence", "save25"), "save25 is no evidence of an audit"),
        (("--from-evidence", "e.zip", "a/b"), "it goes with no other scope"),
        (("--from-evidence", "e.zip", "--evidence", "f.zip"), "it goes with no other scope"),
        (("--from-evidence", "e.zip", "--max-age", "1d"), "give --time"),
        (("--evidence", "save25", "a/b"), "something is there already"),
        (("--evidence", "no/such/e.zip", "a/b"), "there is no such folder"),
    ],
)
def test_what_cannot_be_done_with_evidence_is_refused_in_one_sentence(flags: tuple[str, ...], said: str) -> None:
    ended = chains("audit", "--key", OLD, IGNORED, *flags)
    assert (ended.exit_code, ended.stdout) == (1, "")
    assert said in ended.stderr.splitlines()[0]


def test_what_no_cluster_would_name_so_is_kept_under_a_hash() -> None:
    assert run_file(RunKey("TaskRun", "a", "b-1", "")) == "runs/a/taskrun-b-1.json"
    hostile = run_file(RunKey("TaskRun", "../..", "b", ""))
    assert hostile.startswith("runs/")
    assert ".." not in hostile
    image = ImageReference(Repository("localhost:5000", "team/app"), Digest("sha256", "a1" * 32))
    assert image_folder(image) == f"images/localhost+5000/team/app/sha256-{'a1' * 32}"
