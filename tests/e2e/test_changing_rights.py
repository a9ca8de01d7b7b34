"""Rights and tokens that come and go while the service runs."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chains.registry.credentials import DocumentsKeychain
from chains.registry.docker_config import DockerConfig
from tests.e2e.cluster import ACCOUNT, SYSTEM, E2eCluster, install, kubectl, until
from tests.e2e.control_plane import ROOT, ControlPlane
from tests.e2e.images import push_image
from tests.e2e.service import at_work, reached, service, told
from tests.faults.runs import taskrun
from tests.peers.docker_registry import docker_registry, passwords

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]
PULL_SECRETS = "tekton-chains-pull-secrets"


async def test_a_team_is_served_as_soon_as_it_lets_its_pull_secrets_be_read(
    cluster: E2eCluster, tmp_path: Path
) -> None:
    async with docker_registry(tmp_path, auth=passwords(tmp_path)) as address:
        document = json.dumps({"auths": {address: {"username": "ci", "password": "pw"}}}).encode()
        cluster.give_push_secret(document)
        run = taskrun("pushed", (await push_image(address, "team/app", "pushed", _keychain(document)),))
        kubectl(cluster.plane, "delete", "clusterrolebinding", PULL_SECRETS)
        process = service(cluster, cluster.kubeconfig, tmp_path)
        try:
            account = f"/api/v1/namespaces/{cluster.namespace}/serviceaccounts/default"
            await _answered(403, cluster.plane, cluster.kubeconfig, account)
            await process.start()
            built = cluster.build(run)
            await told(process, 'resources: [\\"serviceaccounts\\"], verbs: [\\"get\\"]')
            assert cluster.mark(built) is None
            granted = (f"--clusterrole={PULL_SECRETS}", f"--serviceaccount={SYSTEM}:{ACCOUNT}")
            kubectl(cluster.plane, "create", "rolebinding", PULL_SECRETS, "-n", cluster.namespace, *granted)
            await reached("true", cluster, built)
        finally:
            await process.close()
            kubectl(cluster.plane, "apply", "-k", str(ROOT / "config"))
            await _answered(404, cluster.plane, cluster.kubeconfig, "/api/v1/namespaces/default/serviceaccounts/none")


async def test_a_new_token_is_used_as_soon_as_the_old_one_is_refused(cluster: E2eCluster, tmp_path: Path) -> None:
    async with docker_registry(tmp_path) as address, at_work(cluster, tmp_path) as process:
        images = [await push_image(address, "team/app", seed) for seed in ("with the old", "with the new")]
        await reached("true", cluster, cluster.build(taskrun("old", images[:1])))
        kubectl(cluster.plane, "delete", "serviceaccount", ACCOUNT, "-n", SYSTEM)
        kubectl(cluster.plane, "apply", "-k", str(ROOT / "config"))
        await _answered(401, cluster.plane, cluster.kubeconfig, "/apis/tekton.dev/v1/taskruns")
        run = cluster.build(taskrun("new", images[1:]))
        await told(process, "HTTP 401")
        assert cluster.mark(run) is None
        assert install(cluster.plane) == cluster.kubeconfig
        await reached("true", cluster, run)


def _keychain(document: bytes) -> DocumentsKeychain:
    async def fetch() -> AsyncIterator[DockerConfig]:
        yield DockerConfig.parse(document)

    return DocumentsKeychain(fetch)


async def _answered(status: int, plane: ControlPlane, kubeconfig: Path, path: str) -> None:
    """Wait until the API server answers so: it learns of a change of rights, and of tokens, a moment later."""
    await asyncio.to_thread(until, lambda: plane.status(kubeconfig, "GET", path) == status, f"HTTP {status}")
