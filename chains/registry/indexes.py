"""What an index lists: the images for each platform, those of indexes inside it as well.

What a manifest is, is told by its bytes, as those are pulled: a registry may serve them under another media type.
"""

from collections.abc import Callable
from enum import Enum

import msgspec

from chains.artifacts.reference import Digest, ImageReference
from chains.errors import EdgeError, InputError
from chains.payloads.payload import Origin
from chains.registry.client import Manifest, RegistryClient
from chains.registry.cosign_layout import DOCKER_MANIFEST, OCI_MANIFEST
from chains.registry.credential import Keychain
from chains.registry.errors import DeniedError
from chains.registry.platforms import children_of
from chains.registry.referrers import OCI_INDEX

MOST_CHILDREN = 128
MOST_INDEXES = 16
_NULL = b"null"


class _Kind(Enum):
    IMAGE = "an image"
    INDEX = "an index"
    OTHER = "neither"
    UNTOLD = "one of these"


_KINDS = {
    OCI_MANIFEST: _Kind.IMAGE,
    DOCKER_MANIFEST: _Kind.IMAGE,
    OCI_INDEX: _Kind.INDEX,
    "application/vnd.docker.distribution.manifest.list.v2+json": _Kind.INDEX,
    "": _Kind.UNTOLD,
}


class _Shape(msgspec.Struct, rename="camel"):
    """The members that make a manifest one of its kind."""

    media_type: str = ""
    manifests: msgspec.Raw = msgspec.Raw(_NULL)
    layers: msgspec.Raw = msgspec.Raw(_NULL)
    config: msgspec.Raw = msgspec.Raw(_NULL)

    @property
    def lists(self) -> bool:
        """Whether it has what an index has."""
        return bytes(self.manifests) != _NULL

    @property
    def holds(self) -> bool:
        """Whether it has what an image has."""
        return bytes(self.layers) != _NULL or bytes(self.config) != _NULL


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
        """Return the images and indexes that an index lists by sha256, each once, and nothing else that it lists.

        Nothing is listed by an image, by what is neither, and by what is not there. Raise EdgeError.
        """
        try:
            return await self._listed(image, self._keychain_for(origin))
        except DeniedError:
            self._forget(origin)
            return await self._listed(image, self._keychain_for(origin))

    async def _listed(self, image: ImageReference, keychain: Keychain) -> tuple[Digest, ...]:
        kinds = {image.digest: _Kind.UNTOLD}
        unread, read = [image.digest], 0
        while unread and read < MOST_INDEXES:
            digest = unread.pop(0)
            manifest = await self._client.get_manifest(image.repository, digest, keychain)
            read += 1
            kinds[digest] = _kind_of(manifest, image) if manifest is not None else kinds[digest]
            if manifest is None or kinds[digest] is not _Kind.INDEX:
                continue
            for child, kind in _children(manifest.body, image):
                if child not in kinds and kind in (_Kind.INDEX, _Kind.UNTOLD):
                    unread.append(child)
                kinds.setdefault(child, kind)
        found = [digest for digest, kind in kinds.items() if kind in (_Kind.IMAGE, _Kind.INDEX)]
        if unread or len(found) > MOST_CHILDREN:
            raise EdgeError(
                f"{image} lists more than {MOST_CHILDREN} images or {MOST_INDEXES - 1} indexes, and no more are "
                "signed: let it list fewer, or set artifacts.oci.sign-children to false",
                transient=False,
            )
        return tuple(digest for digest in found if digest != image.digest)


def _kind_of(manifest: Manifest, image: ImageReference) -> _Kind:
    """Return what the bytes are; they must not be both, as clients would pull them as one or the other."""
    try:
        shape = msgspec.json.decode(manifest.body, type=_Shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        if _KINDS.get(manifest.media_type) is not _Kind.INDEX:
            return _Kind.OTHER
        raise EdgeError(f"what the index {image} lists cannot be read: {error}", transient=False) from error
    if shape.media_type not in _KINDS:
        return _Kind.OTHER
    if shape.lists and shape.holds:
        raise EdgeError(
            f"{manifest.digest} of {image} is an image and an index at once, which clients read in either way: "
            "what it lists is not signed",
            transient=False,
        )
    if shape.lists:
        return _Kind.INDEX
    return _Kind.IMAGE if shape.holds else _Kind.OTHER


def _children(index: bytes, image: ImageReference) -> list[tuple[Digest, _Kind]]:
    """Return the images and indexes with a digest that signatures are found by, and what nothing is said of."""
    try:
        told = [(child.digest, _KINDS.get(child.media_type, _Kind.OTHER)) for child in children_of(index)]
        listed = [(Digest.parse(digest), kind) for digest, kind in told if kind is not _Kind.OTHER]
    except InputError as error:
        raise EdgeError(f"what the index {image} lists cannot be read: {error}", transient=False) from error
    return [(digest, kind) for digest, kind in listed if digest.algorithm == "sha256"]
