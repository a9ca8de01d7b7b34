"""Our commands and cosign's, given by an administrator to a real API server while the service runs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.cluster import SYSTEM, E2eCluster, install, kubectl
from tests.e2e.images import push_image
from tests.e2e.service import at_work, reached, service, told
from tests.faults.runs import taskrun
from tests.peers.cosign import Cosign
from tests.peers.docker_registry import docker_registry
from tests.peers.programs import chains

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]
REFERENCE = f"k8s://{SYSTEM}/signing-secrets"


@pytest.fixture
def keyless(cluster: E2eCluster) -> Iterator[E2eCluster]:
    """A cluster whose Secret is as `config/` ships it, and is again afterwards."""
    _without_key(cluster)
    yield cluster
    _without_key(cluster)


def _without_key(cluster: E2eCluster) -> None:
    kubectl(cluster.plane, "delete", "secret", "signing-secrets", "-n", SYSTEM)
    install(cluster.plane)


async def test_a_key_is_made_kept_and_replaced(keyless: E2eCluster, tmp_path: Path) -> None:
    settings = {"KUBECONFIG": str(keyless.plane.admin)}
    cosign = Cosign("cosign-3", tmp_path, settings)
    async with docker_registry(tmp_path) as address, at_work(keyless, tmp_path) as process:
        images = [await push_image(address, "team/app", seed) for seed in ("first", "second")]
        first = keyless.build(taskrun("first", images[:1]))
        await told(process, "signing key")
        assert keyless.mark(first) is None
        made = await cosign.call("generate-key-pair", REFERENCE)
        assert made.succeeded, made
        public = (tmp_path / "cosign.pub").rename(tmp_path / "first.pub")
        install(keyless.plane)
        again = await chains(tmp_path, "generate-key-pair", REFERENCE, env=settings)
        assert (again.status, "exists and is immutable" in again.err) == (1, True), again
        await reached("true", keyless, first)

        kubectl(keyless.plane, "delete", "secret", "signing-secrets", "-n", SYSTEM)
        replaced = await chains(tmp_path, "generate-key-pair", REFERENCE, env=settings)
        assert replaced.succeeded, replaced
        await told(process, "is in force", times=2)
        await reached("true", keyless, keyless.build(taskrun("second", images[1:])))
        for key, image in ((public, images[0]), (tmp_path / "cosign.pub", images[1])):
            assert (await cosign.verify(key, image)).succeeded


async def test_a_run_that_failed_is_signed_again_when_asked_for(cluster: E2eCluster, tmp_path: Path) -> None:
    process = service(cluster, cluster.kubeconfig, tmp_path)
    async with docker_registry(tmp_path) as address:
        image = await push_image(address, "team/app", "resigned")
        bad = "169.254.169.254/team/app@sha256:" + "a1" * 32
        await process.start()
        try:
            run = cluster.build(taskrun("resigned", (bad,)))
            await reached("failed", cluster, run)
            cluster.end({**run, "status": taskrun("resigned", (image,))["status"]})
            admin = ("--kubeconfig", cluster.plane.admin, "-n", cluster.namespace)
            asked = await chains(tmp_path, "resign", "taskrun/resigned", *admin)
            assert asked.succeeded, asked
            await reached("true", cluster, run)
        finally:
            await process.close()
