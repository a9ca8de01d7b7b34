"""`chains demo`."""

from pathlib import Path

from tests.cli.command import chains

NOTHING = "nothing to sign"


def test_the_story_ends_well_and_says_what_to_do_next(tmp_path: Path) -> None:
    result = chains("demo", cwd=tmp_path, env={"TMPDIR": str(tmp_path)})
    assert (result.returncode, result.stderr) == (0, "")
    assert "All verified in" in result.stdout
    assert "1 attestation holds: 1 in cosign's tag." in result.stdout
    [report] = tmp_path.glob("chains-audit-*.html")
    assert f"The report is in {report}" in result.stdout
    assert "<h1>All 8 verified.</h1>" in report.read_text()
    *_, keep, simulate = result.stdout.splitlines()
    assert keep.endswith(" chains demo --keep")
    command, sample = simulate.rsplit(" ", 1)
    assert command.endswith(" chains simulate")
    assert (tmp_path / sample).is_file()


def test_the_story_gives_each_reason_for_nothing_to_sign_once(tmp_path: Path) -> None:
    told = chains("demo", cwd=tmp_path, env={"TMPDIR": str(tmp_path)}).stdout.partition("\n3. ")[0].splitlines()
    reasons = [line.strip() for line in told if line.strip().startswith("- ")]
    assert sum(line.strip().startswith(NOTHING) for line in told) == len(reasons) == len(set(reasons)) > 1
    assert any("add 'IMAGE_URL' to the task's results" in reason for reason in reasons)
