"""Images and what stands beside them: in registries, or in a folder that `save` wrote."""

import asyncio
import os
import re
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from chains.artifacts.image_name import ImageName
from chains.artifacts.reference import ImageReference, Repository
from chains.cli.image_flags import ImageFlags
from chains.cli.loop import run
from chains.errors import EdgeError, InputError
from chains.registry.client import Manifest, RegistryClient
from chains.registry.cosign_images import StoredImages
from chains.registry.credential import Credential, Keychain
from chains.registry.credentials import ChainedKeychain, FixedKeychain, config_file_keychain
from chains.registry.layout_folder import LayoutFolder
from chains.registry.remembering_shelf import RememberingShelf
from chains.registry.shelf import RegistryShelf
from chains.registry.stored_layers import LARGEST, LayerReader
from chains.registry.transport import Limits

_T = TypeVar("_T")
_UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}
_SIZE = re.compile(r"([0-9]{1,12})\s*([kmg]?i?b)?", re.ASCII | re.IGNORECASE)
_SPAN = re.compile(r"(?:([0-9]{1,4})h)?(?:([0-9]{1,6})m)?(?:([0-9]{1,8})s)?", re.ASCII)


class ImageNotFoundError(EdgeError):
    """The registry has no such image."""


class ImageSource:
    """Finds images by name, and the candidates beside them."""

    def __init__(self, client: RegistryClient, keychain: Keychain, flags: ImageFlags) -> None:
        self.client = client
        self.keychain = keychain
        self._flags = flags

    async def resolve(self, text: str) -> ImageReference:
        """Return the image by digest; raise ImageNotFoundError when its tag does not exist."""
        if self._flags.local_image:
            return LayoutFolder(Path(text)).image()
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
        shelf = LayoutFolder(Path(text)) if self._flags.local_image else self.registry_shelf()
        return LayerReader(shelf, largest=largest_layer())

    def stored(self, text: str) -> StoredImages:
        """Return the finder of candidates beside an image."""
        return StoredImages(self.reader(text), self._flags.layouts)

    def remembered(self) -> tuple[RememberingShelf, StoredImages]:
        """Return a shelf for one image that fetches everything once, and the finder of candidates on it."""
        shelf = RememberingShelf(self.registry_shelf())
        return shelf, StoredImages(LayerReader(shelf, largest=largest_layer()), self._flags.layouts)


@asynccontextmanager
async def image_source(
    flags: ImageFlags, names: tuple[str, ...], *, largest: int = 0
) -> AsyncGenerator[ImageSource, None]:
    """Open the source of these images, with blobs of up to `largest` bytes; nothing is connected before it is used."""
    hosts = set() if flags.local_image else {ImageName.parse(name).repository.registry for name in names}
    client = RegistryClient(
        insecure=flags.allow_insecure_registry,
        plain_http=flags.allow_http_registry,
        ca_files=dict.fromkeys(hosts, flags.registry_cacert) if flags.registry_cacert else {},
        limits=replace(Limits(), blob=max(largest, largest_layer()), total=3600.0 if largest else Limits().total),
    )
    async with client:
        yield ImageSource(client, _keychain(flags, frozenset(hosts)), flags)


def run_within(timeout: str, main: Coroutine[Any, Any, _T]) -> _T:
    """Run a command's coroutine within a span of time as Go writes it, such as `3m0s`."""
    try:
        seconds = span_in_seconds(timeout)
    except InputError:
        main.close()
        raise

    async def bounded() -> _T:
        async with asyncio.timeout(seconds):
            return await main

    try:
        return run(bounded())
    except TimeoutError as error:
        raise EdgeError(f"it was not done within {timeout}; --timeout gives it longer", transient=True) from error


def span_in_seconds(timeout: str) -> int:
    """Read a span of time as Go writes it; raise InputError for what is none."""
    span = _SPAN.fullmatch(timeout)
    if span is None or not any(span.groups()):
        raise InputError(f"--timeout {timeout[:40]!r} is no span of time: write one such as 3m0s")
    hours, minutes, seconds = (int(number or 0) for number in span.groups())
    return hours * 3600 + minutes * 60 + seconds


def largest_layer() -> int:
    """Return the most bytes of one layer, which $COSIGN_MAX_ATTACHMENT_SIZE may set, as in `64MiB`."""
    text = os.environ.get("COSIGN_MAX_ATTACHMENT_SIZE", "").strip()
    if not text:
        return LARGEST
    size = _SIZE.fullmatch(text)
    if size is None:
        raise InputError(f"COSIGN_MAX_ATTACHMENT_SIZE is {text[:40]!r}: write a size in bytes, or such as 64MiB")
    return int(size[1]) * _UNITS[(size[2] or "").lower()]


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
