"""Where an image and what stands beside it are kept: a registry."""

from collections.abc import Iterable, Iterator

from chains.artifacts.reference import Digest, ImageReference, Repository
from chains.errors import InputError
from chains.hosts.errors import UnreadableError
from chains.registry.client import RegistryClient
from chains.registry.credential import Keychain
from chains.registry.referrer_lists import list_referrers


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
        found = await list_referrers(self._client, repository, image.digest, self._keychain, writing=False)
        return tuple(dict.fromkeys(_read(referrer.digest for referrer in found.listed)))

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


def _read(digests: Iterable[str]) -> Iterator[Digest]:
    """Yield the digests, less those that are none."""
    for text in digests:
        try:
            yield Digest.parse(text)
        except InputError:
            continue
