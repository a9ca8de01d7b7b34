"""`chains demo`."""

import asyncio
import os
import re
import sys
from pathlib import Path

from tests.cli.command import ROOT, chains

NOTHING = "nothing to sign"


def files(folder: Path) -> set[str]:
    """The names of the files in a folder, none where it is gone."""
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def test_the_story_ends_well_and_says_what_to_do_next(tmp_path: Path) -> None:
    result = chains("demo", cwd=tmp_path, env={"TMPDIR": str(tmp_path)})
    assert (result.returncode, result.stderr) == (0, "")
    assert "All verified in" in result.stdout
    assert "1 attestation holds: 1 in cosign's tag." in result.stdout
    [report] = tmp_path.glob("chains-audit-*.html")
    assert f"The report is in {report}" in result.stdout
    assert "<h1>All 8 verified.</h1>" in report.read_text()
    *_, over, stays, opened, keep, simulate = result.stdout.splitlines()
    assert over == "This world is over: its servers are gone, and the files of its commands with them."
    assert [*tmp_path.iterdir()] == [report]
    assert stays.endswith(f" {report}")
    assert opened.endswith(f" python3 -m webbrowser {report}")
    assert keep.endswith(" chains demo --keep")
    command, sample = simulate.rsplit(" ", 1)
    assert command.endswith(" chains simulate")
    assert (tmp_path / sample).is_file()


async def test_a_kept_world_has_its_files_until_it_is_interrupted(tmp_path: Path) -> None:
    env = os.environ | {"NO_COLOR": "1", "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)}
    told = (sys.executable, "-m", "chains", "demo", "--keep")
    process = await asyncio.create_subprocess_exec(*told, cwd=tmp_path, env=env, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        async with asyncio.timeout(60):
            story = (await process.stdout.readuntil(b"  cosign verify-attestation ")).decode()
            [folder] = re.findall(r"until then its files are kept: ls (\S+)$", story, re.MULTILINE)
            [audit] = re.findall(r"^  chains (audit .*)$", story, re.MULTILINE)
            exported = dict(re.findall(r"^  export (\w+)=(\S+)$", story, re.MULTILINE))
            assert {"cosign.pub", "kubeconfig", "rekor.pub"} == files(Path(folder))
            audited = await asyncio.to_thread(chains, *audit.split(), env=exported)
            assert "All 8 verified." in audited.stdout + audited.stderr
            process.terminate()
            rest, _ = await process.communicate()
        assert process.returncode == 0
        assert "This world is over" in rest.decode()
        assert files(Path(folder)) == set()
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


def test_the_story_gives_each_reason_for_nothing_to_sign_once(tmp_path: Path) -> None:
    told = chains("demo", cwd=tmp_path, env={"TMPDIR": str(tmp_path)}).stdout.partition("\n3. ")[0].splitlines()
    reasons = [line.strip() for line in told if line.strip().startswith("- ")]
    assert sum(line.strip().startswith(NOTHING) for line in told) == len(reasons) == len(set(reasons)) > 1
    assert any("add 'IMAGE_URL' to the task's results" in reason for reason in reasons)
