"""A workbench: one registry of either kind with images in it, signed through our own line from run to store."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from chains.artifacts.reference import Digest, ImageReference, Repository
from chains.config.config import read_config
from chains.demo.registry.documents import OCI_INDEX, OCI_MANIFEST
from chains.demo.registry.images import image as made_image
from chains.demo.registry.images import index as made_index
from chains.demo.registry.server import RegistryServer
from chains.keys.signer import KeySigner
from chains.payloads.payload import IN_TOTO, SIMPLE_SIGNING
from chains.pipeline.parts import Transparency
from chains.pipeline.plan import plan_run
from chains.pipeline.sign import sign_plan
from chains.registry.client import Manifest, RegistryClient
from chains.registry.cosign_images import CosignImages
from chains.registry.cosign_layout import config_digest, layers_of, tag_for
from chains.registry.credential import Keychain
from chains.registry.credentials import ChainedKeychain
from chains.registry.oci_store import OciStore
from tests.builders import image_results, taskrun
from tests.peers.docker_registry import docker_registry
from tests.peers.referrers_registry import referrers_registry

REAL_REGISTRIES: Mapping[str, Callable[[Path], AbstractAsyncContextManager[str]]] = {
    "docker-registry": docker_registry,
    "referrers-registry": referrers_registry,
}
REGISTRIES = ("embedded", "docker-registry")
NOBODY = ChainedKeychain()
SIGNATURES, ATTESTATIONS = SIMPLE_SIGNING, IN_TOTO

every_registry = pytest.mark.parametrize("registry_kind", REGISTRIES)


def new_signer() -> KeySigner:
    """Make a P-256 key."""
    return KeySigner.of(ec.generate_private_key(ec.SECP256R1()))


@dataclass(frozen=True)
class Bench:
    """A registry's address, a client of ours for it, and a key pair whose public half is in the file `public_key`."""

    address: str
    client: RegistryClient
    folder: Path
    signer: KeySigner = field(default_factory=new_signer)

    @property
    def public_key(self) -> Path:
        return write(self.folder / "ours.pub", self.signer.public_pem)

    @property
    def images(self) -> CosignImages:
        """Our own reader."""
        return CosignImages(self.client, NOBODY)

    async def push(
        self, path: str = "team/app", seed: str = "one", tag: str = "v1", *, architecture: str = "amd64"
    ) -> ImageReference:
        """Push a whole image, layer and config and all."""
        repository, image = Repository(self.address, path), made_image(seed, architecture)
        for blob in (image.layer, image.config):
            await self.client.put_blob(repository, blob, NOBODY)
        digest = await self.client.put_manifest(repository, tag, image.manifest, OCI_MANIFEST, NOBODY)
        return ImageReference(repository, digest)

    async def push_index(self, path: str = "team/app", tag: str = "multi") -> ImageReference:
        """Push images for two architectures, and the index of both."""
        repository, children = Repository(self.address, path), {}
        for architecture in ("amd64", "arm64"):
            await self.push(path, f"one for {architecture}", architecture, architecture=architecture)
            children[architecture] = made_image(f"one for {architecture}", architecture)
        digest = await self.client.put_manifest(repository, tag, made_index(children), OCI_INDEX, NOBODY)
        return ImageReference(repository, digest)

    async def sign(
        self,
        image: ImageReference,
        run: str = "build",
        *,
        attestation_format: str = "slsa/v1",
        repository: Repository | None = None,
        transparency: Transparency | None = None,
        signer: KeySigner | None = None,
        encoding: str = "dsse",
    ) -> None:
        """Sign and attest an image as its TaskRun's plan says, into its own repository or the one given."""
        results = image_results(str(image.repository), str(image.digest))
        settings = {"artifacts.taskrun.storage": "oci", "artifacts.taskrun.format": attestation_format}
        settings["storage.oci.encoding-format"] = encoding
        if transparency is not None:
            settings["transparency.enabled"] = "true"
        told = taskrun(name=run, uid=f"uid of {run}", results=results, annotations={"build": run})
        config = read_config(settings).config
        plan, kept = plan_run(told, config), config.encoding
        store = OciStore(self.client, _nobody, repository, tags=kept.tags, bundles=kept.bundles)
        receipts = await sign_plan(plan, {"x509": signer or self.signer}, {"oci": store}, transparency=transparency)
        assert len(receipts) == (3 if encoding == "both" else 2)
        assert not any(receipt.failures for receipt in receipts)

    def repository(self, path: str) -> Repository:
        """Name a repository of this registry."""
        return Repository(self.address, path)

    async def manifest_of(self, image: ImageReference, digest: str) -> dict[str, Any]:
        """Fetch a manifest from the image's repository by its digest."""
        found = await self.client.get_manifest(image.repository, Digest.parse(digest), NOBODY)
        assert found is not None
        document = json.loads(found.body)
        assert isinstance(document, dict)
        return document

    async def manifest(self, image: ImageReference, media_type: str) -> Manifest:
        """Fetch the manifest of the image's signatures or attestations."""
        found = await self.client.get_manifest(image.repository, tag_for(image.digest, media_type), NOBODY)
        assert found is not None
        return found

    async def layers(self, image: ImageReference, media_type: str) -> list[bytes]:
        """Fetch the image's signatures or attestations as they are stored, in their order."""
        layers = layers_of((await self.manifest(image, media_type)).body)
        digests = [Digest.parse(layer.digest) for layer in layers if layer is not None]
        return [await self.client.get_blob(image.repository, digest, NOBODY) for digest in digests]

    async def copy_signatures(self, image: ImageReference, path: str) -> ImageReference:
        """Carry the image's signatures to another repository that has the same image, as a thief would."""
        target, tag = Repository(self.address, path), tag_for(image.digest, SIGNATURES)
        found = await self.manifest(image, SIGNATURES)
        config = config_digest(found.body)
        assert config is not None
        blobs = [*await self.layers(image, SIGNATURES), await self.client.get_blob(image.repository, config, NOBODY)]
        for blob in blobs:
            await self.client.put_blob(target, blob, NOBODY)
        await self.client.put_manifest(target, tag, found.body, found.media_type, NOBODY)
        return ImageReference(target, image.digest)


@asynccontextmanager
async def bench(registry_kind: str, folder: Path) -> AsyncIterator[Bench]:
    """Set up a registry of that kind and a client for it."""
    registry = REAL_REGISTRIES[registry_kind](folder) if registry_kind in REAL_REGISTRIES else _embedded()
    async with registry as address, RegistryClient() as client:
        yield Bench(address, client, folder)


@asynccontextmanager
async def _embedded() -> AsyncIterator[str]:
    async with RegistryServer() as server:
        yield server.address


def write(path: Path, content: bytes) -> Path:
    """Write a file and return its path."""
    path.write_bytes(content)
    return path


def _nobody(_: object) -> Keychain:
    return NOBODY
