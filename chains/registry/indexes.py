"""What an index lists: the images for each platform, those of indexes inside it as well."""

from collections.abc import Callable

from chains.artifacts.reference import Digest, ImageReference
from chains.errors import EdgeError, InputError
from chains.payloads.payload import Origin
from chains.registry.client import RegistryClient
from chains.registry.credential import Keychain
from chains.registry.platforms import children_of
from chains.registry.referrers import OCI_INDEX
from chains.registry.refusals import DeniedError

MOST_CHILDREN = 128
MOST_INDEXES = 16
_INDEXES = frozenset((OCI_INDEX, "application/vnd.docker.distribution.manifest.list.v2+json"))


class IndexReader:
    """Reads indexes with the registry credentials of the run that built them."""

    def __init__(
        self,
        client: RegistryClient,
        keychain_for: Callable[[Origin], Keychain],
        forget: Callable[[Origin], None] = lambda origin: None,
    ) -> None:
        """`forget` is called when a run's credentials are refused, before they are looked up and tried once more."""
        self._client = client
        self._keychain_for = keychain_for
        self._forget = forget

    async def children(self, image: ImageReference, origin: Origin) -> tuple[Digest, ...]:
        """Return what an index lists, each once; nothing for an image or what is not there. Raise EdgeError."""
        try:
            return await self._listed(image, self._keychain_for(origin))
        except DeniedError:
            self._forget(origin)
            return await self._listed(image, self._keychain_for(origin))

    async def _listed(self, image: ImageReference, keychain: Keychain) -> tuple[Digest, ...]:
        found: dict[Digest, None] = {}
        unread, read = [image.digest], 0
        while unread and read < MOST_INDEXES:
            manifest = await self._client.get_manifest(image.repository, unread.pop(0), keychain)
            read += 1
            if manifest is None or manifest.media_type not in _INDEXES:
                continue
            for digest, is_index in _children(manifest.body, image):
                if is_index and digest not in found:
                    unread.append(digest)
                found[digest] = None
        if unread or len(found) > MOST_CHILDREN:
            raise EdgeError(
                f"{image} lists more than {MOST_CHILDREN} images or {MOST_INDEXES - 1} indexes, and no more are "
                "signed: let it list fewer, or set artifacts.oci.sign-children to false",
                transient=False,
            )
        return tuple(digest for digest in found if digest != image.digest)


def _children(index: bytes, image: ImageReference) -> list[tuple[Digest, bool]]:
    try:
        return [(Digest.parse(child.digest), child.media_type in _INDEXES) for child in children_of(index)]
    except InputError as error:
        raise EdgeError(f"what the index {image} lists cannot be read: {error}", transient=False) from error
