"""Where an image and what stands beside it are kept: a registry."""

from typing import Protocol

import msgspec

from chains.artifacts.reference import Digest, ImageReference, Repository
from chains.errors import EdgeError, InputError
from chains.registry.client import RegistryClient
from chains.registry.credential import Keychain
from chains.registry.refusals import UnreadableError


class Shelf(Protocol):
    """Manifests and blobs around an image, each checked against its digest."""

    async def tagged(self, image: ImageReference, suffix: str) -> bytes | None:
        """Return the manifest of cosign's tag for the image, such as `.sig`; None when there is none."""

    async def referring(self, image: ImageReference) -> tuple[Digest, ...]:
        """Return the manifests that name the image as their subject, in the order they are listed."""

    async def manifest(self, image: ImageReference, digest: Digest) -> bytes:
        """Return one manifest; raise UnreadableError when it is missing."""

    async def blob(self, image: ImageReference, digest: Digest, most: int) -> bytes:
        """Return one blob of at most `most` bytes; raise UnreadableError when it is missing or larger."""


class _Descriptor(msgspec.Struct, frozen=True):
    digest: str = ""


class _Index(msgspec.Struct, frozen=True):
    manifests: list[_Descriptor] | None = None


class RegistryShelf:
    """A registry's repository: the image's own, or the one where everything is kept instead."""

    def __init__(
        self,
        client: RegistryClient,
        keychain: Keychain,
        repository: Repository | None = None,
        *,
        tag_prefix: str = "",
    ) -> None:
        self._client = client
        self._keychain = keychain
        self._repository = repository
        self._tag_prefix = tag_prefix

    def place(self, image: ImageReference) -> Repository:
        """Return the repository that holds what stands beside the image."""
        return self._repository or image.repository

    def tag(self, image: ImageReference, suffix: str) -> str:
        """Return cosign's tag for the image."""
        return f"{self._tag_prefix}{image.digest.algorithm}-{image.digest.hex}{suffix}"

    async def tagged(self, image: ImageReference, suffix: str) -> bytes | None:
        """Return the manifest of cosign's tag for the image; None when there is none."""
        found = await self._client.get_manifest(self.place(image), self.tag(image, suffix), self._keychain)
        return None if found is None else found.body

    async def referring(self, image: ImageReference) -> tuple[Digest, ...]:
        """Ask the referrers API or, where the registry has none, the index under the fallback tag."""
        repository = self.place(image)
        pages = await self._client.list_referrers(repository, image.digest, self._keychain)
        if pages is None:
            tag = f"{image.digest.algorithm}-{image.digest.hex}"
            found = await self._client.get_manifest(repository, tag, self._keychain)
            pages = () if found is None else (found.body,)
        return tuple(dict.fromkeys(digest for page in pages for digest in digests_in(page)))

    async def manifest(self, image: ImageReference, digest: Digest) -> bytes:
        """Return one manifest of the repository."""
        repository = self.place(image)
        found = await self._client.get_manifest(repository, digest, self._keychain)
        if found is None:
            raise UnreadableError(f"{repository} has no manifest {digest}", transient=False)
        return found.body

    async def blob(self, image: ImageReference, digest: Digest, most: int) -> bytes:
        """Return one blob of the repository."""
        return await self._client.get_blob(self.place(image), digest, self._keychain, most=most)


def digests_in(index: bytes) -> tuple[Digest, ...]:
    """Return the digests that an index lists, less those that are none; raise EdgeError when it is no index."""
    try:
        listed = msgspec.json.decode(index, type=_Index).manifests or []
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise EdgeError(f"the list of what refers to the image is no index: {error}", transient=False) from error
    found = []
    for descriptor in listed:
        try:
            found.append(Digest.parse(descriptor.digest))
        except InputError:
            continue
    return tuple(found)
