"""Small whole images in a registry, for those who ask whether what is signed is there."""

from chains.artifacts.reference import ImageReference, Repository
from chains.demo.registry.documents import OCI_MANIFEST
from chains.demo.registry.images import image
from chains.registry.client import RegistryClient
from chains.registry.credentials import ChainedKeychain


async def push_image(address: str, path: str, seed: str) -> str:
    """Push an image and return it as `host/repository@digest`."""
    repository, made, nobody = Repository(address, path), image(seed), ChainedKeychain()
    async with RegistryClient() as client:
        for blob in (made.layer, made.config):
            await client.put_blob(repository, blob, nobody)
        digest = await client.put_manifest(repository, seed.replace(" ", "-"), made.manifest, OCI_MANIFEST, nobody)
    return str(ImageReference(repository, digest))
