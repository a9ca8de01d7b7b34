"""Images in registries, and what stands beside them there."""

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace

from chains.artifacts.image_name import ImageName
from chains.artifacts.reference import ImageReference, Repository
from chains.cli.image_flags import ImageFlags
from chains.cli.image_source import ImageNotFoundError, largest_layer
from chains.hosts.reach import Reach
from chains.registry.client import Manifest, RegistryClient
from chains.registry.credential import Credential, Keychain
from chains.registry.credentials import ChainedKeychain, FixedKeychain, config_file_keychain
from chains.registry.limits import Limits
from chains.registry.registry_shelf import RegistryShelf
from chains.registry.remembering_shelf import RememberingShelf
from chains.registry.stored_images import StoredImages
from chains.registry.stored_layers import LayerReader


class RegistryImages:
    """Finds images by name, and the candidates beside them."""

    def __init__(self, client: RegistryClient, keychain: Keychain, flags: ImageFlags) -> None:
        self.client = client
        self.keychain = keychain
        self._flags = flags

    async def resolve(self, text: str) -> ImageReference:
        """Return the image by digest; raise ImageNotFoundError when its tag does not exist."""
        name = ImageName.parse(text)
        return ImageReference(name.repository, name.digest or (await self.manifest(name)).digest)

    async def manifest(self, name: ImageName) -> Manifest:
        """Return the image's manifest; raise ImageNotFoundError when it does not exist."""
        reference = name.digest or name.tag
        found = await self.client.get_manifest(name.repository, reference, self.keychain)
        if found is None:
            raise ImageNotFoundError(f"image tag not found: {name.repository} has no {reference}", transient=False)
        return found

    def registry_shelf(self) -> RegistryShelf:
        """Return where registries keep what stands beside images."""
        prefix = self._flags.attachment_tag_prefix
        return RegistryShelf(self.client, self.keychain, _one_place(), tag_prefix=prefix)

    def reader(self, text: str) -> LayerReader:
        """Return the reader of the layers beside an image."""
        return LayerReader(self.registry_shelf(), largest=largest_layer())

    def stored(self, text: str) -> StoredImages:
        """Return the finder of candidates beside an image."""
        return StoredImages(self.reader(text), self._flags.layouts)

    def remembered(self) -> tuple[RememberingShelf, StoredImages]:
        """Return a shelf for one image that fetches everything once, and the finder of candidates on it."""
        shelf = RememberingShelf(self.registry_shelf())
        return shelf, StoredImages(LayerReader(shelf, largest=largest_layer()), self._flags.layouts)


@asynccontextmanager
async def registry_images(
    flags: ImageFlags, names: tuple[str, ...], *, largest: int = 0
) -> AsyncGenerator[RegistryImages, None]:
    """Open the registries of these images, with blobs of up to `largest` bytes; nothing is connected before its use."""
    hosts = {ImageName.parse(name).repository.registry for name in names}
    client = RegistryClient(
        Reach.from_environment(os.environ),
        insecure=flags.allow_insecure_registry,
        plain_http=flags.allow_http_registry,
        ca_files=dict.fromkeys(hosts, flags.registry_cacert) if flags.registry_cacert else {},
        limits=replace(Limits(), blob=max(largest, largest_layer()), total=3600.0 if largest else Limits().total),
    )
    async with client:
        yield RegistryImages(client, _keychain(flags, frozenset(hosts)), flags)


def _one_place() -> Repository | None:
    """Return the one repository that holds everything beside images, where $COSIGN_REPOSITORY names one."""
    named = os.environ.get("COSIGN_REPOSITORY", "")
    return Repository.parse(named) if named else None


def _keychain(flags: ImageFlags, hosts: frozenset[str]) -> Keychain:
    own = config_file_keychain(os.environ)
    if not flags.registry_username and not flags.registry_token:
        return own
    credential = Credential(flags.registry_username, flags.registry_password, registry_token=flags.registry_token)
    return ChainedKeychain(FixedKeychain(credential, hosts), own)
