"""Images and what stands beside them: in registries, or in a folder that `save` wrote."""

import asyncio
import os
import re
from collections.abc import Coroutine
from contextlib import AbstractAsyncContextManager, nullcontext
from pathlib import Path
from typing import Any, Protocol, TypeVar

from chains.artifacts.reference import ImageReference
from chains.cli.image_flags import ImageFlags
from chains.cli.imports import import_over_http
from chains.cli.loop import run
from chains.errors import EdgeError, InputError
from chains.pipeline.ports import SignedImages
from chains.registry.layout_folder import LayoutFolder
from chains.registry.stored_images import StoredImages
from chains.registry.stored_layers import LARGEST, LayerReader

_T = TypeVar("_T")
_UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}
_SIZE = re.compile(r"([0-9]{1,12})\s*([kmg]?i?b)?", re.ASCII | re.IGNORECASE)
_SPAN = re.compile(r"(?:([0-9]{1,4})h)?(?:([0-9]{1,6})m)?(?:([0-9]{1,8})s)?", re.ASCII)


class ImageNotFoundError(EdgeError):
    """The registry has no such image."""


class ImageSource(Protocol):
    """Finds images by name, and the candidates beside them."""

    async def resolve(self, text: str) -> ImageReference:
        """Return the image by digest; raise ImageNotFoundError when its tag does not exist."""

    def stored(self, text: str) -> SignedImages:
        """Return the finder of candidates beside an image."""


class FolderImages:
    """Images that are folders; nothing is connected."""

    def __init__(self, flags: ImageFlags) -> None:
        self._flags = flags

    async def resolve(self, text: str) -> ImageReference:
        """Return the image of a folder; raise InputError when it holds none."""
        return LayoutFolder(Path(text)).image()

    def stored(self, text: str) -> StoredImages:
        """Return the finder of candidates in a folder."""
        return StoredImages(LayerReader(LayoutFolder(Path(text)), largest=largest_layer()), self._flags.layouts)


def image_source(flags: ImageFlags, names: tuple[str, ...]) -> AbstractAsyncContextManager[ImageSource]:
    """Return the source of these images; what speaks to registries is imported only when one is asked."""
    if flags.local_image:
        return nullcontext(FolderImages(flags))
    registries: AbstractAsyncContextManager[ImageSource]
    registries = import_over_http("chains.cli.registry_images").registry_images(flags, names)
    return registries


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
