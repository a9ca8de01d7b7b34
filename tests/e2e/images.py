"""Small whole images in a registry, for those who ask whether what is signed is there."""

from chains.artifacts.reference import ImageReference, Repository
from chains.demo.registry.documents import OCI_MANIFEST
from chains.demo.registry.images import image
from chains.registry.client import RegistryClient
from chains.registry.credential import Keychain
from chains.registry.credentials import ChainedKeychain

NOBODY = ChainedKeychain()


async def push_image(address: str, path: str, seed: str, keychain: Keychain = NOBODY) -> str:
    """Push an image and return it as `host/repository@digest`."""
    repository, made = Repository(address, path), image(seed)
    async with RegistryClient() as client:
        for blob in (made.layer, made.config):
            await client.put_blob(repository, blob, keychain)
        digest = await client.put_manifest(repository, seed.replace(" ", "-"), made.manifest, OCI_MANIFEST, keychain)
    return str(ImageReference(repository, digest))
