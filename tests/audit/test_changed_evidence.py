"""Evidence that somebody has changed: what is refused, and what is judged as if nothing had been."""

import hashlib
import json
import os
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chains.artifacts.reference import Digest, ImageReference, Repository
from chains.cli.evidence.names import SUMS, image_folder, is_member, run_file
from chains.cli.evidence.read import EvidenceShelf
from chains.cli.evidence.write import EvidenceFolder, sums_of, sums_text
from chains.demo.registry.server import RegistryServer
from chains.registry.client import Manifest
from chains.registry.remembering_shelf import RememberingShelf
from chains.runs.sighting import RunKey
from tests.audit.evidences import again, made, resealed, verdicts
from tests.builders import taskrun_object
from tests.verify.recordings import Ended, recorded_registry


@pytest.fixture(scope="module")
def registry() -> Iterator[RegistryServer]:
    with recorded_registry("c25/app", "c25/unsigned", "c31bundle/app") as server:
        yield server


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


@pytest.mark.parametrize("name", ["registry.example.com/prod", "{there}@sha256:" + "a" * 64, "{there}/other:v1"])
def test_an_image_is_not_judged_under_the_name_of_another(registry: RegistryServer, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "evidence"
    made(registry, folder)
    report = json.loads((folder / "report.json").read_text())
    report["entries"][0]["name"] = name.format(there=f"{registry.address}/c25/app")
    (folder / "report.json").write_text(json.dumps(report))
    ended = again(resealed(folder))
    assert (ended.exit_code, ended.stdout) == (1, "")
    assert "which is another image" in ended.stderr


def test_evidence_of_a_later_form_is_not_read_as_if_it_were_of_ours(registry: RegistryServer, tmp_path: Path) -> None:
    folder = tmp_path / "evidence"
    made(registry, folder)
    report = json.loads((folder / "report.json").read_text())
    (folder / "report.json").write_text(json.dumps(report | {"schema": 2}))
    ended = again(resealed(folder))
    assert (ended.exit_code, ended.stdout) == (1, "")
    assert "is of form 2" in ended.stderr


def test_the_age_of_builds_is_counted_from_what_the_auditor_says(registry: RegistryServer, tmp_path: Path) -> None:
    made(registry, tmp_path / "evidence.zip")
    ended = again(tmp_path / "evidence.zip", "--max-age", "1d", "--time", "2999-01-01T00:00:00Z")
    assert verdicts(ended)[:2] == ["does not verify"] * 2
    assert "longer ago than 1 day" in ended.stdout


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd", "a/../../b", "a\\b", "images/\x1b", ""])
def test_a_member_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    archive = tmp_path / "hostile.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr(zipfile.ZipInfo(name), b"x")
    ended = again(archive)
    assert ended.exit_code == 1
    assert "which no evidence has" in ended.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["hostile.zip"]


def test_evidence_holds_nothing_but_files(registry: RegistryServer, tmp_path: Path) -> None:
    folder = tmp_path / "evidence"
    made(registry, folder)
    [blobs] = folder.glob("images/*/c25/app/sha256-*/blobs/sha256")
    os.mkfifo(blobs / ("0" * 64))
    for place in ("0" * 64, "images"):
        ended = again(folder)
        assert (ended.exit_code, ended.stdout) == (1, "")
        assert "is neither file nor folder" in ended.stderr, place
        (blobs / ("0" * 64)).unlink(missing_ok=True)
        if place != "images":
            (folder / "images").rename(tmp_path / "elsewhere")
            (folder / "images").symlink_to(tmp_path / "elsewhere")
            (folder / SUMS).write_bytes(sums_text(sums_of(folder)))


def test_an_archive_that_unpacks_into_more_than_it_is_large_is_refused_before(tmp_path: Path) -> None:
    archive = tmp_path / "bomb.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr(zipfile.ZipInfo("a"), b"x" * 4096)
        packed.writestr(zipfile.ZipInfo("b"), b"")
        packed.filelist[1] = packed.getinfo("a")
    ended = again(archive)
    assert ended.exit_code == 1
    assert "holds more than it is large" in ended.stderr


Rows = list[dict[str, Any]]


def judged_with(registry: RegistryServer, folder: Path, change: Callable[[Rows], object]) -> Ended:
    """Judge evidence again whose report's entries somebody changed, and sealed it anew."""
    made(registry, folder)
    report = json.loads((folder / "report.json").read_text())
    change(report["entries"])
    (folder / "report.json").write_text(json.dumps(report))
    return again(resealed(folder))


def test_a_report_that_was_emptied_judges_nothing(registry: RegistryServer, tmp_path: Path) -> None:
    ended = judged_with(registry, tmp_path / "evidence", list.clear)
    assert (ended.exit_code, verdicts(ended)) == (20, ["not judged"])
    notes = json.loads(ended.stdout)["notes"]
    assert len([note for note in notes if note.startswith("the evidence holds images/")]) == 3


def test_an_image_whose_row_was_left_out_is_noted(registry: RegistryServer, tmp_path: Path) -> None:
    ended = judged_with(registry, tmp_path / "evidence", lambda entries: entries.pop(2))
    [_, note] = json.loads(ended.stdout)["notes"]
    assert note.startswith("the evidence holds images/")
    assert "/c25/unsigned/sha256-" in note


def test_a_run_outside_of_the_evidence_is_not_read(registry: RegistryServer, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "taskrun-x.json").write_bytes(msgspec.json.encode(taskrun_object("x")))
    kind = f"{'../' * 40}{outside.relative_to('/')}/taskrun"
    row = {"name": "x", "verdict": "verified", "run": {"kind": kind, "namespace": "ns", "name": "x", "uid": "u"}}
    ended = judged_with(registry, tmp_path / "evidence", lambda entries: entries.append(row))
    assert (ended.exit_code, ended.stdout) == (1, "")
    assert "which is no kind of run" in ended.stderr
    assert run_file(RunKey(kind, "ns", "x", "u")).count("/") == 1


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "noon"])
def test_a_moment_that_is_none_is_refused(registry: RegistryServer, tmp_path: Path, moment: str) -> None:
    folder = tmp_path / "evidence"
    made(registry, folder)
    report = json.loads((folder / "report.json").read_text())
    (folder / "report.json").write_text(json.dumps(report | {"audited": moment}))
    ended = again(resealed(folder))
    assert (ended.exit_code, ended.stdout) == (1, "")
    assert "has no report that can be read" in ended.stderr


def test_no_image_and_no_run_is_kept_in_the_place_of_another() -> None:
    digest = Digest("sha256", "a1" * 32)
    own = image_folder(ImageReference(Repository("r.example.com", "a/b"), digest))
    within = image_folder(ImageReference(Repository("r.example.com", f"a/b/sha256-{digest.hex}/index.json"), digest))
    assert not within.startswith(own)
    assert all(is_member(name) for name in (own, within, run_file(RunKey("TaskRun", "a", "b" * 253, ""))))


async def test_a_layer_that_goes_by_sha512_is_kept_so(tmp_path: Path) -> None:
    manifest, layer = b'{"schemaVersion":2,"layers":[]}', b"payload"
    image = ImageReference(Repository("r.example.com", "a/b"), Digest("sha256", hashlib.sha256(manifest).hexdigest()))
    digest = Digest("sha512", hashlib.sha512(layer).hexdigest())
    shelf = RememberingShelf(OneLayer(layer))
    await shelf.blob(image, digest, 99)
    EvidenceFolder(tmp_path / "evidence").saw_image(image, Manifest(manifest, "", image.digest), shelf)
    kept = EvidenceShelf(tmp_path / "evidence")
    assert await kept.blob(image, digest, 99) == layer
    assert await kept.manifest(image, image.digest) == manifest


class OneLayer:
    """A shelf with one blob."""

    def __init__(self, layer: bytes) -> None:
        self._layer = layer

    async def tagged(self, image: ImageReference, suffix: str) -> bytes | None:
        return None

    async def referring(self, image: ImageReference) -> tuple[Digest, ...]:
        return ()

    async def manifest(self, image: ImageReference, digest: Digest) -> bytes:
        raise AssertionError(digest)

    async def blob(self, image: ImageReference, digest: Digest, most: int) -> bytes:
        return self._layer
