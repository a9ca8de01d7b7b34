"""What the service finds in its pod: the API's address, its certificate and a token that is renewed."""

import asyncio
import json
from contextlib import aclosing
from pathlib import Path

import pytest

from chains.errors import EdgeError
from chains.kube.client import KubeClient
from chains.kube.connection import Connection, Surroundings
from chains.kube.resources import RUNS
from tests.e2e.cluster import ACCOUNT, SYSTEM, E2eCluster, install, kubectl
from tests.faults.runs import taskrun

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


async def test_the_pods_account_is_used_and_its_token_read_again(cluster: E2eCluster, tmp_path: Path) -> None:
    run = cluster.begin(taskrun("seen", (), done=False))
    (tmp_path / "ca.crt").write_bytes(cluster.plane.ca_file.read_bytes())
    _mount_token(cluster, tmp_path)
    environ = {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": str(cluster.plane.port)}
    client = KubeClient(await Connection.open(None, Surroundings(environ, tmp_path)))
    path = RUNS["TaskRun"].path(cluster.namespace, run["metadata"]["name"])
    try:
        assert await client.get(path)
        kubectl(cluster.plane, "delete", "serviceaccount", ACCOUNT, "-n", SYSTEM)
        install(cluster.plane)
        async with asyncio.timeout(60):
            while not await _is_refused(client, path):
                await asyncio.sleep(0.2)
        _mount_token(cluster, tmp_path)
        assert await client.get(path)
        async with aclosing(client.list_pages(RUNS["TaskRun"], cluster.namespace)) as pages:
            assert [len(page.items) async for page in pages] == [1]
    finally:
        await client.close()


def _mount_token(cluster: E2eCluster, folder: Path) -> None:
    """Put the token of the service account where a pod has it."""
    kubeconfig = json.loads(cluster.kubeconfig.read_text())
    (folder / "token").write_text(kubeconfig["users"][0]["user"]["token"])


async def _is_refused(client: KubeClient, path: str) -> bool:
    try:
        await client.get(path)
    except EdgeError as error:
        assert "HTTP 401" in str(error)
        return True
    return False
