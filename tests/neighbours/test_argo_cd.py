"""Argo CD's engine syncs an application with its page's hook to a real API server: a Job that fails holds it back."""

import asyncio
import urllib.error
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.docs.blocks import section
from tests.e2e.control_plane import ControlPlane, control_plane
from tests.peers.bench import Bench, bench, write
from tests.peers.programs import chains, run

pytestmark = pytest.mark.neighbours
NAMESPACE = "team"
JOBS = f"/apis/batch/v1/namespaces/{NAMESPACE}/jobs"
DEPLOYMENT = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/app"
NOW = "2026-01-01T00:00:00Z"
IMAGE, KEY = "registry.example.com/team/app:v1", "/keys/cosign.pub"


@pytest.fixture
def plane(tmp_path: Path) -> Iterator[ControlPlane]:
    """A control plane without controllers: this file stands for the one that runs Jobs."""
    (tmp_path / "plane").mkdir()
    with control_plane(tmp_path / "plane") as here:
        here.ask("POST", "/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
        yield here


@pytest.mark.parametrize("attested", [True, False], ids=["attested", "not attested"])
async def test_a_sync_goes_on_only_when_the_hooks_container_verified_the_image(
    plane: ControlPlane, *, attested: bool, tmp_path: Path
) -> None:
    async with bench("docker-registry", tmp_path) as here:
        image = await here.push()
        if attested:
            await here.sign(image, encoding="both")
        (job,) = section("docs/how-to/argo-cd.md", "Configure")
        application = f"{job}---\n{yaml.safe_dump(_deployment())}".replace(IMAGE, str(image))
        write(tmp_path / "application.yaml", application.encode())

        syncing = asyncio.create_task(
            run("argo-sync", plane.admin, NAMESPACE, "application.yaml", home=tmp_path, env={"KUBECONFIG": ""})
        )
        created = await _created_job(plane, syncing)
        assert not _deployed(plane)
        ended = await _run_container(here, created)
        assert (ended == 0) == attested
        _end(plane, created, succeeded=attested)
        synced = await syncing

    assert synced.succeeded == attested, synced
    assert _deployed(plane) == attested, synced


async def _created_job(plane: ControlPlane, syncing: "asyncio.Task[Any]") -> dict[str, Any]:
    """Wait for the hook; the sync ends by itself when it makes none."""
    while not syncing.done():
        found = await asyncio.to_thread(plane.ask, "GET", JOBS)
        if found["items"]:
            (job,) = found["items"]
            assert isinstance(job, dict)
            return job
        await asyncio.sleep(0.1)
    pytest.fail(f"the sync made no Job: {syncing.result()}")


async def _run_container(here: Bench, job: dict[str, Any]) -> int:
    """Do what a node would: run the container's arguments, with the key where it is mounted."""
    (container,) = job["spec"]["template"]["spec"]["containers"]
    arguments = [argument.replace(KEY, str(here.public_key)) for argument in container["args"]]
    assert arguments != container["args"]
    return (await chains(here.folder, *arguments)).status


def _end(plane: ControlPlane, job: dict[str, Any], *, succeeded: bool) -> None:
    """Write the status that the Job's controller would."""
    ends = ("SuccessCriteriaMet", "Complete") if succeeded else ("FailureTarget", "Failed")
    conditions = [{"type": kind, "status": "True", "lastTransitionTime": NOW, "message": "ended"} for kind in ends]
    status: dict[str, Any] = {"startTime": NOW, "conditions": conditions, "uncountedTerminatedPods": {}}
    status |= {"succeeded": 1, "completionTime": NOW} if succeeded else {"failed": 1}
    plane.ask("PUT", f"{JOBS}/{job['metadata']['name']}/status", job | {"status": status})


def _deployed(plane: ControlPlane) -> bool:
    try:
        plane.ask("GET", DEPLOYMENT)
    except urllib.error.HTTPError as error:
        assert error.code == 404
        return False
    return True


def _deployment() -> dict[str, Any]:
    pods = {"metadata": {"labels": {"app": "app"}}, "spec": {"containers": [{"name": "app", "image": IMAGE}]}}
    spec = {"selector": {"matchLabels": {"app": "app"}}, "template": pods}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "app"}, "spec": spec}
