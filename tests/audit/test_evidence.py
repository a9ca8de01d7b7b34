"""Evidence: what an audit rests on, kept in an archive, moved, and judged again with no network."""

import asyncio
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from chains.artifacts.reference import Digest, ImageReference, Repository
from chains.cli.evidence.archive import pack
from chains.cli.evidence.names import SUMS, image_folder, run_file
from chains.cli.evidence.write import sums_of, sums_text
from chains.controller.turn import End
from chains.demo.registry.server import RegistryServer
from chains.runs.sighting import RunKey
from tests.audit.test_cluster import apply
from tests.verify.recordings import IGNORED, WORKDIR, Ended, chains, recorded_registry
from tests.verify.test_logs import Signed, signed
from tests.verify.test_offline import guarded
from tests.world.builders import NAMESPACE, inhabited

OLD, NEW = str(WORKDIR / "k25/cosign.pub"), str(WORKDIR / "k31/cosign.pub")
KEYS = ("--key", OLD, "--key", NEW)
TIME = ("--time", "2026-05-01T08:00:00Z")
__all__ = ["signed"]


@pytest.fixture(scope="module")
def registry() -> Iterator[RegistryServer]:
    with recorded_registry("c25/app", "c25/unsigned", "c31bundle/app") as server:
        yield server


def made(registry: RegistryServer, path: Path, *flags: str) -> Ended:
    names = ("c25/app:v1", "c31bundle/app:v1", "c25/unsigned:v1", "c25/app:nosuch")
    told = [f"{registry.address}/{name}" for name in names]
    return chains("audit", *KEYS, IGNORED, *TIME, "-o", "json", "--evidence", str(path), *flags, *told)


def again(path: Path, *flags: str, keys: tuple[str, ...] = KEYS) -> Ended:
    return chains("audit", *keys, IGNORED, "-o", "json", "--from-evidence", str(path), *flags)


def verdicts(ended: Ended) -> list[str]:
    return [entry["verdict"] for entry in json.loads(ended.stdout)["entries"]]


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


def test_a_flipped_byte_in_any_member_is_found_out(registry: RegistryServer, tmp_path: Path) -> None:
    folder = tmp_path / "evidence"
    made(registry, folder)
    names = [*sums_of(folder), SUMS]
    assert {name.partition("/")[0] for name in names} >= {"README.txt", "report.json", "report.html", "images", "keys"}
    for name in names:
        whole = (folder / name).read_bytes()
        middle = len(whole) // 2
        (folder / name).write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
        ended = again(folder)
        assert (ended.exit_code, ended.stdout) == (1, ""), name
        assert "is not as it was made" in ended.stderr, name
        (folder / name).write_bytes(whole)
    assert again(folder).exit_code == 12


def test_a_flipped_byte_anywhere_in_an_archive_is_found_out(registry: RegistryServer, tmp_path: Path) -> None:
    archive, damaged = tmp_path / "evidence.zip", tmp_path / "damaged.zip"
    made(registry, archive)
    whole = archive.read_bytes()
    with zipfile.ZipFile(archive) as packed:
        heads = range(packed.infolist()[1].header_offset, packed.infolist()[1].header_offset + 50)
        tables = range(packed.start_dir, packed.start_dir + 60)
        places = [*heads[::2], *tables[::2], *range(len(whole) - 22, len(whole), 3)]
    for at in places:
        damaged.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        ended = again(damaged)
        assert (ended.exit_code, ended.stdout) == (1, ""), at
        assert ended.stderr.startswith(f"Error: the evidence {damaged} "), (at, ended.stderr)


def resealed(folder: Path) -> Path:
    """Evidence whose list of digests somebody wrote anew, as an archive."""
    (folder / SUMS).write_bytes(sums_text(sums_of(folder)))
    pack(folder, folder.parent / "resealed.zip")
    return folder.parent / "resealed.zip"


def test_whoever_seals_changed_evidence_anew_still_cannot_make_it_verify(
    registry: RegistryServer, tmp_path: Path
) -> None:
    folder = tmp_path / "evidence"
    made(registry, folder)
    report = json.loads((folder / "report.json").read_text())
    report["entries"][2]["verdict"] = "verified"
    report["entries"][3]["verdict"] = "verified"
    (folder / "report.json").write_text(json.dumps(report))
    ended = again(resealed(folder))
    assert verdicts(ended) == ["verified", "verified", "unsigned", "not judged"]
    notes = json.loads(ended.stdout)["notes"]
    assert [note for note in notes if "says verified, and judged again it is unsigned" in note]
    for blob in (folder / "images").rglob("blobs/sha256/*"):
        blob.write_bytes(blob.read_bytes().replace(b"a", b"b"))
    assert "verified" not in verdicts(again(resealed(folder)))


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
        (("--evidence", "save25", "a/b"), "something is there already"),
        (("--evidence", "no/such/e.zip", "a/b"), "there is no such folder"),
    ],
)
def test_what_cannot_be_done_with_evidence_is_refused_in_one_sentence(flags: tuple[str, ...], said: str) -> None:
    ended = chains("audit", "--key", OLD, IGNORED, *flags)
    assert (ended.exit_code, ended.stdout) == (1, "")
    assert said in ended.stderr.splitlines()[0]


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd", "a/../../b", "a\\b", "images/\x1b", ""])
def test_a_member_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    archive = tmp_path / "hostile.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr(zipfile.ZipInfo(name), b"x")
    ended = again(archive)
    assert ended.exit_code == 1
    assert "which no evidence has" in ended.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["hostile.zip"]


def test_what_no_cluster_would_name_so_is_kept_under_a_hash() -> None:
    assert run_file(RunKey("TaskRun", "a", "b-1", "")) == "runs/a/taskrun-b-1.json"
    hostile = run_file(RunKey("TaskRun", "../..", "b", ""))
    assert hostile.startswith("runs/")
    assert ".." not in hostile
    image = ImageReference(Repository("localhost:5000", "team/app"), Digest("sha256", "a1" * 32))
    assert image_folder(image) == f"images/localhost+5000/team/app/sha256-{'a1' * 32}"
