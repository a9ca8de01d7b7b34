"""Every command of the quickstart, typed as it stands there, on a cluster of its own."""

import asyncio
import os
import sys
import urllib.error
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.docs.blocks import blocks
from tests.e2e.cluster import ACCOUNT, MERGE, SYSTEM
from tests.e2e.control_plane import ROOT, ControlPlane, control_plane, program
from tests.e2e.images import push_image
from tests.faults.controller_process import ControllerProcess
from tests.faults.runs import finished
from tests.peers.docker_registry import docker_registry

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]
RUN = "/apis/tekton.dev/v1/namespaces/default/taskruns/hello"


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[ControlPlane]:
    """A control plane that nothing is installed on."""
    (tmp_path / "plane").mkdir()
    with control_plane(tmp_path / "plane", patience=10) as here:
        yield here


async def test_the_quickstart_ends_with_a_verified_image(fresh: ControlPlane, tmp_path: Path) -> None:
    install, *rest = blocks("docs/quickstart.md")
    assert len(rest) == 4
    (tmp_path / "chains").symlink_to(ROOT)
    async with docker_registry(tmp_path) as address:
        image, _, digest = (await push_image(address, "team/hello", "hello")).partition("@")
        env = _environment(fresh, tmp_path) | {"IMAGE": image, "DIGEST": digest}
        await _typed(install, tmp_path, env)
        process = ControllerProcess(fresh.service_account(SYSTEM, ACCOUNT), tmp_path / "controller.log")
        await process.start()
        tekton = asyncio.create_task(_play_tekton(fresh))
        try:
            said = await _typed("\n".join(rest), tmp_path, env)
        finally:
            tekton.cancel()
            await process.close()
    assert said.count("Verification for ") == 3


async def _typed(commands: str, folder: Path, env: dict[str, str]) -> str:
    """Type commands into a shell that stops at the first that fails; return what they said."""
    process = await asyncio.create_subprocess_exec(
        *("bash", "-euo", "pipefail", "-c", commands),
        cwd=folder,
        env=env,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    return said.decode()


def _environment(plane: ControlPlane, folder: Path) -> dict[str, str]:
    """An administrator's environment, with the programs of the quickstart and no others of ours."""
    folder = folder / "programs"
    folder.mkdir()
    kinds = {
        "kubectl": program("kubectl"),
        "cosign": program("cosign-3"),
        "chains": Path(sys.executable).with_name("chains"),
    }
    for name, path in kinds.items():
        (folder / name).symlink_to(path)
    return {"KUBECONFIG": str(plane.admin), "HOME": str(folder), "PATH": f"{folder}:{os.defpath}"}


async def _play_tekton(plane: ControlPlane) -> None:
    """Do what Tekton would: see the run, run it, and report its results."""
    while True:
        await asyncio.sleep(0.2)
        with suppress(urllib.error.HTTPError):
            run = await asyncio.to_thread(plane.ask, "GET", RUN)
            done = finished({**run, "status": {"results": _results(run), "taskSpec": run["spec"]["taskSpec"]}})
            await asyncio.to_thread(plane.ask, "PATCH", f"{RUN}/status", {"status": done["status"]}, MERGE)
            return


def _results(run: dict[str, Any]) -> list[dict[str, str]]:
    given = {param["name"]: param["value"] for param in run["spec"]["params"]}
    told = {"IMAGE_URL": given["image"], "IMAGE_DIGEST": given["digest"]}
    return [{"name": name, "type": "string", "value": value} for name, value in told.items()]
