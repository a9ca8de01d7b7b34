"""A world with the service in it, and what tests ask of it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chains.artifacts.reference import ImageReference
from chains.controller.service import Service
from chains.controller.turn import End, Turn
from chains.demo.world import World, controller, world
from chains.kube.client import KubeClient
from chains.kube.resources import Resource
from chains.pipeline.verify import verify_attestations, verify_signatures
from chains.registry.client import RegistryClient
from chains.registry.cosign_images import CosignImages
from chains.registry.credentials import ChainedKeychain
from tests.builders import image_results, taskrun_object

OCI = {"artifacts.taskrun.format": "slsa/v1", "artifacts.taskrun.storage": "oci"}
NAMESPACE = "builds"
SLSA_V0_2 = "https://slsa.dev/provenance/v0.2"


@dataclass
class Here:
    """A world under test, its service, and the turns that it took."""

    world: World
    service: Service
    turns: asyncio.Queue[Turn] = field(default_factory=asyncio.Queue)

    async def apply_build(self, name: str, repository: str = "team/app") -> ImageReference:
        """Push an image and apply a finished run that names it."""
        image = self.world.registry.push_image(repository, seed=name)
        await self.world.kubernetes.apply(build(name, image))
        return image

    async def until(self, end: End, name: str = "") -> Turn:
        """Wait for a turn that ended so, of that run if a name is given."""
        while (turn := await self.turns.get()).end is not end or (name and turn.key.name != name):
            pass
        return turn

    def annotations(self, name: str) -> dict[str, str]:
        """Return the annotations of a TaskRun as the API has it."""
        found = self.world.kubernetes.get("TaskRun", name, NAMESPACE)
        assert found is not None
        return found["metadata"].get("annotations", {})

    def finalizers(self, name: str) -> list[str]:
        """Return the finalizers of a TaskRun as the API has it."""
        found = self.world.kubernetes.get("TaskRun", name, NAMESPACE)
        assert found is not None
        return found["metadata"].get("finalizers", [])

    async def delete(self, resource: Resource, name: str, namespace: str = NAMESPACE) -> None:
        """Delete an object through the API."""
        client = await KubeClient.connect(str(self.world.kubeconfig))
        try:
            assert await client.delete(resource.path(namespace, name))
        finally:
            await client.close()

    async def verify(self, image: ImageReference) -> None:
        """Verify signature and attestation of an image with the world's public key."""
        async with RegistryClient() as client:
            stored = CosignImages(client, ChainedKeychain())
            await verify_signatures(image, stored, self.world.verifier)
            await verify_attestations(image, stored, self.world.verifier, SLSA_V0_2)


@asynccontextmanager
async def inhabited(folder: Path, settings: Mapping[str, str] = OCI) -> AsyncIterator[Here]:
    """A world with one namespace and the service running in it; bounded in time."""
    turns: asyncio.Queue[Turn] = asyncio.Queue()
    async with (
        asyncio.timeout(60),
        world(folder, settings, (NAMESPACE,)) as here,
        controller(here, turns.put_nowait) as service,
    ):
        yield Here(here, service, turns)


def build(name: str, image: ImageReference) -> dict[str, Any]:
    """A finished run that built an image."""
    results = image_results(str(image.repository), str(image.digest))
    found = taskrun_object(name, namespace=NAMESPACE, results=results, annotations={"example.com/build": name})
    del found["metadata"]["uid"]
    found["spec"]["serviceAccountName"] = "default"
    return found
