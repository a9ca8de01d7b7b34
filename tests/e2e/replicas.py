"""Several replicas of the service, each with an account of its own, and what the servers' logs say each wrote."""

import asyncio
import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from chains.artifacts.reference import ImageReference, Repository
from chains.demo.registry.documents import OCI_MANIFEST
from chains.demo.registry.images import image
from chains.registry.client import RegistryClient
from tests.e2e.cluster import ACCOUNT, ELECTION, MERGE, SYSTEM, E2eCluster, lines
from tests.e2e.images import NOBODY
from tests.faults.controller_process import ControllerProcess

CLUSTER_ROLES = (f"{ACCOUNT}-cluster-access", "tekton-chains-pull-secrets")
RBAC = "/apis/rbac.authorization.k8s.io/v1"
_WRITE = re.compile(r'"(?:PUT|POST|PATCH|DELETE) /v2/[^"]*" [0-9]+ [0-9]+ "[^"]*" "chains \(([^)]*)\)"')


class Replica:
    """One process with a name of its own in the logs of both servers."""

    def __init__(self, cluster: E2eCluster, kubeconfig: Path, folder: Path, name: str) -> None:
        env = {"POD_NAME": name, "CONFIG_LEADERELECTION_NAME": ELECTION}
        self.name = name
        self.process = ControllerProcess(
            kubeconfig, folder / f"{name}.log", "--namespace", cluster.namespace, "--workers", "8", env=env
        )

    def told(self, change: str) -> int:
        """How many buckets the process says it gained, lost, or gave."""
        return sum(line.get("change") == change for line in lines(self.process.log))

    def buckets(self) -> int:
        """How many buckets the process says it has."""
        return self.told("gained") - self.told("lost") - self.told("given")

    def writes(self, cluster: E2eCluster, folder: Path) -> tuple[int, int]:
        """What the servers' logs say it wrote: requests to the registry, and to the API for runs."""
        registry = Counter(_WRITE.findall((folder / "docker-registry.log").read_text()))
        user = f"system:serviceaccount:{SYSTEM}:{self.name}"
        audited = [json.loads(line)["user"]["username"] for line in cluster.plane.audit_log.read_text().splitlines()]
        return registry[self.name], audited.count(user)


@asynccontextmanager
async def replicas(
    cluster: E2eCluster, folder: Path, settings: Mapping[str, str], count: int = 3
) -> AsyncIterator[tuple[Replica, ...]]:
    """Run so many replicas that share three buckets, one each; all that live at the end must end by themselves."""
    path = f"/api/v1/namespaces/{SYSTEM}/configmaps/{ELECTION}"
    cluster.plane.ask("PATCH", path, {"data": {"buckets": str(count), **settings}}, MERGE)
    names = [f"replica-{number}-of-{cluster.namespace}" for number in range(count)]
    made = tuple(Replica(cluster, _account(cluster, name), folder, name) for name in names)
    try:
        for each in made:
            await each.process.start()
        async with asyncio.timeout(45):
            while [each.buckets() for each in made] != [1] * count:
                await asyncio.sleep(0.1)
        yield made
        ends = await asyncio.gather(*(each.process.terminate() for each in made if each.process.running))
        assert all(status == 0 for status, _ in ends)
    finally:
        for each in made:
            await each.process.close()
        cluster.plane.ask("PATCH", path, {"data": None}, MERGE)


async def push_images(address: str, count: int) -> list[str]:
    """Push so many images that have nothing in common."""
    repository, free = Repository(address, "team/app"), asyncio.Semaphore(8)

    async def pushed(client: RegistryClient, number: int) -> str:
        made = image(f"image {number}")
        async with free:
            for blob in (made.layer, made.config):
                await client.put_blob(repository, blob, NOBODY)
            digest = await client.put_manifest(repository, f"n{number}", made.manifest, OCI_MANIFEST, NOBODY)
        return str(ImageReference(repository, digest))

    async with RegistryClient() as client:
        return list(await asyncio.gather(*(pushed(client, number) for number in range(count))))


async def layer_counts(address: str, images: list[str]) -> Counter[tuple[int, int]]:
    """Count images by how many signatures and how many attestations each has."""
    async with aiohttp.ClientSession() as session:

        async def layers(tag: str) -> int:
            url, accepted = f"http://{address}/v2/team/app/manifests/{tag}", {"Accept": OCI_MANIFEST}
            async with session.get(url, headers=accepted) as response:
                found: dict[str, Any] = json.loads(await response.read())
                return len(found["layers"]) if response.status == 200 else 0

        async def both(one: str) -> tuple[int, int]:
            tag = one.partition("@")[2].replace(":", "-")
            return await layers(f"{tag}.sig"), await layers(f"{tag}.att")

        return Counter(await asyncio.gather(*map(both, images)))


def _account(cluster: E2eCluster, name: str) -> Path:
    """Make an account with exactly the rights that are shipped."""
    subjects = [{"kind": "ServiceAccount", "name": name, "namespace": SYSTEM}]
    ask, group = cluster.plane.ask, "rbac.authorization.k8s.io"
    ask("POST", f"/api/v1/namespaces/{SYSTEM}/serviceaccounts", {"metadata": {"name": name}})
    for role in CLUSTER_ROLES:
        bound = {"apiGroup": group, "kind": "ClusterRole", "name": role}
        made = {"metadata": {"name": f"{name}-{role}"}, "subjects": subjects, "roleRef": bound}
        ask("POST", f"{RBAC}/clusterrolebindings", made)
    bound = {"apiGroup": group, "kind": "Role", "name": ACCOUNT}
    made = {"metadata": {"name": name}, "subjects": subjects, "roleRef": bound}
    ask("POST", f"{RBAC}/namespaces/{SYSTEM}/rolebindings", made)
    return cluster.plane.service_account(SYSTEM, name)
