"""The steps of the image's building stage, done one after another in a folder, and what comes of them."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.manifests.builders import ROOT, project, said, stages

pytestmark = [pytest.mark.peers, pytest.mark.timeout(300)]
PREFIX = "/opt/chains"


def _context(folder: Path) -> None:
    """Copy what the stage copies from the build context; of a folder what is in it, as COPY does."""
    folder.mkdir()
    for rest in said(stages()[0], "COPY"):
        *sources, target = shlex.split(rest)
        for source in map(ROOT.joinpath, sources):
            if source.is_dir():
                shutil.copytree(source, folder / target)
            else:
                shutil.copy(source, folder / target)


def _step(line: str, context: Path, prefix: Path) -> None:
    """Do what one RUN says, with this Python in the place of the image's."""
    (settings,) = said(stages()[0], "ENV")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    env = {**os.environ, **dict(pair.split("=") for pair in shlex.split(settings)), "PATH": path}
    _said(line.replace(PREFIX, str(prefix)), context, env)


def _said(command: str, cwd: Path, env: dict[str, str]) -> str:
    """Run a line in a shell, which must succeed, and return what it printed."""
    result = subprocess.run(command, shell=True, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert result.returncode == 0, f"{command}\n{result.stdout}{result.stderr}"
    return result.stdout


def test_the_steps_make_a_command_that_runs_without_the_checkout(tmp_path: Path) -> None:
    context, prefix = tmp_path / "src", tmp_path / "chains"
    _context(context)
    for line in said(stages()[0], "RUN"):
        _step(line, context, prefix)
    shutil.rmtree(context)
    assert not list(prefix.glob("lib/python*/site-packages/pip"))
    env = {"PATH": f"{prefix}/bin:{os.defpath}", "HOME": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    assert project()["version"] in _said("chains --version", tmp_path, env)
    assert "All verified" in _said("chains demo", tmp_path, env)
