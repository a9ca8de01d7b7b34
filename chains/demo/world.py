"""A world in one process: a Kubernetes API, a registry, a transparency log, a signing secret, and the service."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from chains.controller.service import Scope, Service
from chains.controller.turn import Turn
from chains.demo.kubernetes.server import KubernetesServer
from chains.demo.registry.server import RegistryServer
from chains.demo.rekor.server import RekorServer
from chains.hosts.reach import Reach
from chains.keys.generate import generate_key_pair
from chains.keys.verifier import KeyVerifier
from chains.kube.client import KubeClient
from chains.kube.cluster import CONFIG_MAP, KubeCluster
from chains.kube.event_lane import event_lane
from chains.kube.secret import write_key_pair_secret
from chains.wiring import ClusterWiring, secret_source

SYSTEM_NAMESPACE = "tekton-chains"
SECRET = "signing-secrets"  # noqa: S105 - an object's name
PASSWORD = b"demo"


@dataclass(frozen=True, slots=True)
class World:
    """The servers, how to reach them from outside, and the public keys of service and log."""

    kubernetes: KubernetesServer
    registry: RegistryServer
    rekor: RekorServer
    kubeconfig: Path
    public_key: Path
    log_key: Path

    @property
    def verifier(self) -> KeyVerifier:
        """The verifier of what the service signs."""
        return KeyVerifier.from_pem(self.public_key.read_bytes())


@asynccontextmanager
async def world(folder: Path, settings: Mapping[str, str], namespaces: tuple[str, ...]) -> AsyncIterator[World]:
    """Start the servers and lay out what an administrator would: namespaces, settings and a key pair.

    If the settings have `transparency.enabled`, its URL and public key are those of the world's own log by default.
    """
    async with KubernetesServer() as kubernetes, RegistryServer() as registry, RekorServer() as rekor:
        own = {"transparency.url": rekor.url, "transparency.public-key": rekor.public_key.decode()}
        settings = own | dict(settings) if "transparency.enabled" in settings else settings
        kubeconfig, public_key, log_key = folder / "kubeconfig", folder / "cosign.pub", folder / "rekor.pub"
        log_key.write_bytes(rekor.public_key)
        kubeconfig.write_text(kubernetes.kubeconfig())
        for namespace in (SYSTEM_NAMESPACE, *namespaces):
            await kubernetes.apply(_object("Namespace", namespace))
            if namespace != SYSTEM_NAMESPACE:
                await kubernetes.apply(_object("ServiceAccount", "default", namespace))
        await kubernetes.apply(_object("ConfigMap", CONFIG_MAP, SYSTEM_NAMESPACE) | {"data": dict(settings)})
        public_key.write_bytes(await _make_key_pair(str(kubeconfig)))
        yield World(kubernetes, registry, rekor, kubeconfig, public_key, log_key)


async def _make_key_pair(kubeconfig: str) -> bytes:
    pair = await asyncio.to_thread(generate_key_pair, PASSWORD)
    client = await KubeClient.connect(kubeconfig)
    try:
        files = {"cosign.key": pair.private_pem, "cosign.pub": pair.public_pem, "cosign.password": PASSWORD}
        await write_key_pair_secret(client, SYSTEM_NAMESPACE, SECRET, files)
    finally:
        await client.close()
    return pair.public_pem


@asynccontextmanager
async def controller(here: World, observe: Callable[[Turn], None]) -> AsyncIterator[Service]:
    """Run the service against the world, as `chains controller` would, until the body ends."""
    client = await KubeClient.connect(str(here.kubeconfig))
    stop = asyncio.Event()
    try:
        secret = secret_source(f"k8s://{SYSTEM_NAMESPACE}/{SECRET}", client, SYSTEM_NAMESPACE)
        async with (
            event_lane(client) as events,
            ClusterWiring(client, secret, Reach(), env={}, ca_files={}, events=events) as wiring,
        ):
            cluster = KubeCluster(client, SYSTEM_NAMESPACE, events)
            service = Service(cluster, wiring, Scope(), observe=observe)
            running = asyncio.create_task(service.run(stop))
            try:
                yield service
            finally:
                stop.set()
                await running
    finally:
        await client.close()


def _object(kind: str, name: str, namespace: str = "") -> dict[str, object]:
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata}
