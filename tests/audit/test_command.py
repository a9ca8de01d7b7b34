"""`chains audit` over lists of images and repositories, against recorded repositories."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from chains.audit.table import Look, as_table
from chains.demo.faults import Fault
from chains.demo.registry.server import RegistryServer
from tests.audit.builders import entry, report
from tests.cli.command import chains as chains_apart
from tests.verify.recordings import IGNORED, WORKDIR, Ended, chains, recorded_registry

OLD, NEW, A = str(WORKDIR / "k25/cosign.pub"), str(WORKDIR / "k31/cosign.pub"), str(WORKDIR / "kx/a.pub")


@pytest.fixture(scope="module")
def registry() -> Iterator[RegistryServer]:
    with recorded_registry("c25/app", "c25/unsigned", "c31bundle/app", "mix/dual", "zz/proofonly") as server:
        yield server


def audit(*arguments: str, key: str = OLD) -> Ended:
    return chains("audit", "--key", key, IGNORED, *arguments)


def verdicts(ended: Ended) -> dict[str, str]:
    return {entry["name"]: entry["verdict"] for entry in json.loads(ended.stdout)["entries"]}


def test_everything_that_verifies_ends_with_0_and_one_sentence(registry: RegistryServer) -> None:
    ended = audit(f"{registry.address}/c25/app:v1")
    assert (ended.exit_code, ended.stderr) == (0, "")
    assert ended.stdout.splitlines()[0].split() == ["verified", f"{registry.address}/c25/app:v1"]
    assert ended.stdout.endswith("It verified. (1 verified)\n")


def test_one_bad_image_stops_no_other_and_ends_with_12(registry: RegistryServer) -> None:
    names = ("c25/unsigned:v1", "c25/app:v1", "c25/app:nosuch", "c31bundle/app:v1")
    ended = audit("-o", "json", *(f"{registry.address}/{name}" for name in names))
    assert ended.exit_code == 12
    assert list(verdicts(ended).values()) == [
        "unsigned",
        "verified",
        "image not found",
        "does not verify",
    ]


def test_a_repository_that_is_throttled_leaves_no_other_image_unjudged(registry: RegistryServer) -> None:
    throttled = registry.faults.add(Fault(path="/v2/mix/", status=429, headers={"Retry-After": "300"}))
    bad = [f"{registry.address}/mix/dual:v{number}" for number in range(6)]
    well = [f"{registry.address}/{name}:v1" for name in ("c25/app", "c25/unsigned")]
    try:
        ended = audit("-o", "json", *bad, well[0], *bad, well[1])
    finally:
        registry.faults.remove(throttled)
    found = verdicts(ended)
    assert (found.pop(well[0]), found.pop(well[1])) == ("verified", "unsigned")
    assert set(found.values()) == {"not judged"}
    assert "answered 429" in ended.stdout
    assert "left alone" not in ended.stdout
    assert ended.exit_code == 12


def test_any_of_several_keys_will_do_and_is_named(registry: RegistryServer) -> None:
    names = [f"{registry.address}/{name}:v1" for name in ("c25/app", "c31bundle/app")]
    ended = audit("--key", NEW, "-o", "json", *names)
    assert ended.exit_code == 0, ended.stdout
    entries = json.loads(ended.stdout)["entries"]
    assert [entry["attestations"][0]["key"] for entry in entries] == [OLD, NEW]
    assert [entry["attestations"][0]["layout"] for entry in entries] == ["tag", "bundle"]


def test_a_list_of_images_has_comments_and_blank_lines(registry: RegistryServer, tmp_path: Path) -> None:
    listed = tmp_path / "images.txt"
    name = f"{registry.address}/c25/app:v1"
    listed.write_text(f"# production\n\n{name}   # the shop\nA/B\n")
    ended = audit("--images", str(listed), "-o", "json")
    assert verdicts(ended) == {name: "verified", "A/B": "not judged"}
    assert ended.exit_code == 20


def test_a_name_that_is_no_text_is_told_of_all_the_same() -> None:
    ended = audit("-o", "json", "\udcff/x\x1b[31m")
    assert verdicts(ended) == {"\\udcff/x\\x1b[31m": "not judged"}


@pytest.mark.parametrize("form", ["json", "jsonl", "html", "sarif", "junit", "table"])
@pytest.mark.parametrize("flag", ["--builder-id", "--source-uri", "--source-digest", "--type"])
def test_what_is_asked_may_be_no_text(registry: RegistryServer, tmp_path: Path, form: str, flag: str) -> None:
    key = tmp_path / "k\udcff.pub"
    key.write_bytes(Path(OLD).read_bytes())
    names = [f"{registry.address}/{name}:v1" for name in ("c25/app", "c25/unsigned")]
    assert audit("-o", form, names[0], key=str(key)).exit_code == 0
    assert audit("-o", form, flag, "b\udcff", *names, key=str(key)).exit_code == 12


def test_a_list_may_come_from_standard_input(registry: RegistryServer) -> None:
    name = f"{registry.address}/c25/app:v1"
    ended = chains_apart("audit", "--key", OLD, IGNORED, "--images", "-", stdin=f"{name}\n")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert name in ended.stdout


def test_every_image_tag_of_a_repository_is_audited_and_nothing_that_stands_beside_one(
    registry: RegistryServer,
) -> None:
    ended = audit("--repository", f"{registry.address}/c25/app", "-o", "json")
    names = [name.rpartition(":")[2] for name in verdicts(ended)]
    assert "v1" in names
    assert not [name for name in names if name.startswith("sha256-")]


def test_a_tag_that_only_looks_like_one_of_ours_is_of_an_image(registry: RegistryServer) -> None:
    names = [f"sha256-{'0' * 64}{end}" for end in ("", ".sig", ".att", ".sbom", ".payload", ".sig.v1", "0")]
    for name in (*names, f"sha256-{'0' * 63}", "sha256-latest.sig"):
        registry.push_image("look/alike", "alike", name)
    ended = audit("--repository", f"{registry.address}/look/alike", "-o", "json")
    tags = [name.rpartition(":")[2] for name in verdicts(ended)]
    assert sorted(tags) == sorted((*names[4:], f"sha256-{'0' * 63}", "sha256-latest.sig"))
    [note] = json.loads(ended.stdout)["notes"]
    assert note.startswith(f"4 tags are left out of {registry.address}/look/alike: ")
    assert f"Note: {note}" in audit("--repository", f"{registry.address}/look/alike").stdout


def test_tags_that_take_too_long_to_list_could_not_be_judged(registry: RegistryServer) -> None:
    slow = Fault(path="/v2/c25/app/tags/list", delay=30.0)
    registry.faults.add(slow)
    try:
        ended = audit("--timeout", "1s", "--repository", f"{registry.address}/c25/app")
    finally:
        registry.faults.remove(slow)
    assert ended.exit_code == 20
    assert "could not be listed within 1 s" in ended.stdout


def test_a_registry_that_fails_once_is_asked_again(registry: RegistryServer) -> None:
    name = f"{registry.address}/c25/app"
    for path in ("/v2/c25/app/tags/list", "/v2/c25/app/manifests/v1", "/v2/c25/app/manifests/sha256-.*sig"):
        once = registry.faults.add(Fault(path=path, status=503, times=1))
        ended = audit("--repository", name, "-o", "json")
        assert registry.faults.hits(once) == 1, path
        assert verdicts(ended)[f"{name}:v1"] == "verified", path


def test_a_repository_that_is_not_there_could_not_be_judged(registry: RegistryServer) -> None:
    ended = audit("--repository", f"{registry.address}/no/such", f"{registry.address}/c25/app:v1")
    assert ended.exit_code == 20
    assert "1 of 2 verified, 1 could not be judged." in ended.stdout


def test_a_registry_that_is_down_could_not_be_judged(registry: RegistryServer) -> None:
    down = Fault(path="/v2/mix/", status=503)
    registry.faults.add(down)
    try:
        ended = audit("-o", "json", *(f"{registry.address}/{name}:v1" for name in ("mix/dual", "c25/app")))
    finally:
        registry.faults.remove(down)
    assert list(verdicts(ended).values()) == ["not judged", "verified"]
    assert ended.exit_code == 20


def test_an_image_that_takes_too_long_could_not_be_judged(registry: RegistryServer) -> None:
    slow = Fault(path="/v2/mix/.*sig", delay=30.0)
    registry.faults.add(slow)
    try:
        names = (f"{registry.address}/{name}:v1" for name in ("mix/dual", "c25/app"))
        ended = audit("--timeout", "1s", "-o", "json", *names)
    finally:
        registry.faults.remove(slow)
    assert list(verdicts(ended).values()) == ["not judged", "verified"]
    assert (ended.exit_code, ended.stderr) == (20, "")
    assert "within 1 s" in ended.stdout


def test_every_attestation_must_satisfy_the_policies(registry: RegistryServer, tmp_path: Path) -> None:
    name = f"{registry.address}/c25/app:v1"
    for text, code in (('predicateType.startsWith("https://slsa.dev/")', 0), ("predicate.builder.id == 'nobody'", 12)):
        policy = tmp_path / f"policy-{code}.cel"
        policy.write_text(text)
        assert audit("--policy", str(policy), name).exit_code == code


def test_what_is_bad_outweighs_what_could_not_be_judged(registry: RegistryServer) -> None:
    ended = audit(f"{registry.address}/c25/unsigned:v1", "127.0.0.1:1/a/b:v1")
    assert ended.exit_code == 12


def test_an_attestation_alone_is_incomplete_unless_no_more_is_required(registry: RegistryServer) -> None:
    name = f"{registry.address}/zz/proofonly:v1"
    assert list(verdicts(audit("-o", "json", name, key=A)).values()) == ["incomplete"]
    assert audit("--require", "attestation", name, key=A).exit_code == 0
    assert audit("--require", "signature", name, key=A).exit_code == 12


def test_what_provenance_must_say_is_asked_of_every_image(registry: RegistryServer) -> None:
    name = f"{registry.address}/c25/app:v1"
    ended = audit("--builder-id", "https://builder.example.com/other", name)
    assert ended.exit_code == 12
    assert "its builder is" in ended.stdout
    assert audit("--max-age", "1d", "--time", "2999-01-01T00:00:00Z", name).exit_code == 12
    before = audit("--max-age", "1d", "--time", "1999-01-01T00:00:00Z", name)
    assert (before.exit_code, "which is after 1999" in before.stdout) == (12, True)
    build = json.loads(audit("-o", "json", name).stdout)["entries"][0]["attestations"][0]["build"]
    assert audit("--max-age", "1d", "--time", build["finished"], name).exit_code == 0


def test_several_names_of_one_image_have_what_stands_beside_it_fetched_once(registry: RegistryServer) -> None:
    name = f"{registry.address}/c25/app:v1"
    before = registry.requests.total()
    audit(name)
    once = registry.requests.total() - before
    audit(*[name] * 5)
    assert registry.requests.total() - before - once == once + 4


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "there is nothing to audit"),
        (("--images", "/no/such/file"), "cannot be read"),
        (("--time", "noon", "a/b"), "is no time"),
        (("--time", "0001-01-01T00:00:00+14:00", "a/b"), "is no time"),
        (("--require", "signature", "--builder-id", "x", "a/b"), "--builder-id is asked of attestations"),
        (("--require", "signature", "--type", "link", "a/b"), "--type is asked of attestations"),
        (("--timeout", "soon", "a/b"), "no span of time"),
        (("-o", "xml", "a/b"), "sarif"),
        (("-o", "json", "--output-file", "/no/such/folder/report", "127.0.0.1:1/a/b"), "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_sentence(arguments: tuple[str, ...], said: str) -> None:
    ended = audit(*arguments)
    assert (ended.exit_code, ended.stdout) == (1, "")
    assert said in ended.stderr.splitlines()[0]


def test_a_pipe_has_names_whole_and_a_narrow_terminal_breaks_them_before_the_digest() -> None:
    image = f"registry.example.com/{'team/' * 12}app@sha256:{'a1' * 32}"
    found = report(entry(name=image, run=None), entry(name="short", run=None))
    assert image in as_table(found, Look())
    lines = as_table(found, Look(width=80)).splitlines()
    assert lines[0].endswith(image.partition("@")[0])
    assert lines[1].strip() == f"@sha256:{'a1' * 32}"
    assert [line for line in lines if line.endswith("  short")]


def test_without_a_key_nothing_is_audited() -> None:
    assert "a public key is needed" in chains("audit", IGNORED, "a/b").stderr


def test_a_report_goes_to_a_file_on_demand(registry: RegistryServer, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    ended = audit("-o", "json", "--output-file", str(path), f"{registry.address}/c25/app:v1")
    assert (ended.exit_code, ended.stdout) == (0, "")
    assert ended.stderr == f"It verified. The report is in {path}\n"
    assert json.loads(path.read_text())["good"] is True


def test_progress_and_colour_are_for_a_terminal(registry: RegistryServer) -> None:
    ours, theirs = pty.openpty()
    told = ("audit", "--key", OLD, IGNORED, f"{registry.address}/c25/app:v1", f"{registry.address}/c25/unsigned:v1")
    env = {name: text for name, text in os.environ.items() if name != "NO_COLOR"}
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        done = subprocess.run(
            [sys.executable, "-m", "chains", *told], stdout=theirs, stderr=theirs, env=env, timeout=60, check=False
        )
        os.close(theirs)
        shown = b""
        with suppress(OSError):  # what Linux says when nobody writes any more
            while piece := terminal.read(4096):
                shown += piece
    assert done.returncode == 12
    assert b"2/2" in shown
    assert b"\x1b[32mverified" in shown
    assert b"\x1b[31munsigned" in shown
