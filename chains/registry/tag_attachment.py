"""Attaching by tag: one layer more in cosign's `.sig` or `.att` image, appended and never replaced."""

import asyncio
from dataclasses import dataclass

from chains.artifacts.reference import Repository
from chains.errors import EdgeError, InputError
from chains.registry.client import Manifest, RegistryClient
from chains.registry.cosign_layout import EMPTY, Image, Layer, append_layer, config_digest, is_present
from chains.registry.credential import Keychain

TRIES = 8


@dataclass(frozen=True, slots=True)
class TagAttachment:
    """One layer, the tag that it goes under, and the keychain that opens it."""

    client: RegistryClient
    layer: Layer
    repository: Repository
    tag: str
    keychain: Keychain

    def __str__(self) -> str:
        return f"{self.repository}:{self.tag}"

    @property
    def location(self) -> str:
        """Where it can be found."""
        return f"{self}@{self.layer.digest}"

    async def attach(self) -> bool:
        """Append until the tag is read with the layer in it; outside writers know no lock, and may drop it.

        Return whether anything had to be written.
        """
        async with self.client.writer(self.repository, self.tag):
            for attempt in range(TRIES):
                found = await self.client.get_manifest(self.repository, self.tag, self.keychain, writing=True)
                if found is not None and self._is_in(found):
                    return attempt > 0
                await self._append(found)
            raise EdgeError(f"what was written to {self} was gone again {TRIES - 1} times", transient=True)

    async def _append(self, found: Manifest | None) -> None:
        try:
            grown = append_layer(EMPTY if found is None else await self._image(found), self.layer)
        except InputError as error:
            raise unfit(self, error) from error
        blobs = [self.layer.body] if grown.config is None else [grown.config, self.layer.body]
        await asyncio.gather(*(self.client.put_blob(self.repository, blob, self.keychain) for blob in blobs))
        await self.client.put_manifest(self.repository, self.tag, grown.manifest, grown.media_type, self.keychain)

    async def _image(self, found: Manifest) -> Image:
        digest = config_digest(found.body)
        config = None if digest is None else await self.client.get_blob(self.repository, digest, self.keychain)
        return Image(found.body, found.media_type, config)

    def _is_in(self, found: Manifest) -> bool:
        try:
            return is_present(found.body, self.layer)
        except InputError as error:
            raise unfit(self, error) from error


def unfit(place: object, error: InputError) -> EdgeError:
    """Return the error for a tag that holds what nothing can be added to."""
    return EdgeError(
        f"nothing can be added to {place}: {error}; whoever wrote that tag can move it out of the way", transient=False
    )
