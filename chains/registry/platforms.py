"""Images for one platform out of an index."""

import msgspec

from chains.artifacts.reference import Digest, shown
from chains.errors import InputError


class _Platform(msgspec.Struct, frozen=True):
    os: str = ""
    architecture: str = ""
    variant: str = ""

    def __str__(self) -> str:
        return "/".join(filter(None, (self.os, self.architecture, self.variant)))


class _Child(msgspec.Struct, frozen=True, rename="camel"):
    digest: str
    media_type: str = ""
    platform: _Platform = _Platform()


class _Index(msgspec.Struct, frozen=True):
    manifests: list[_Child] = []


def children_of(index: bytes) -> tuple[_Child, ...]:
    """Return what an index lists; an image lists nothing."""
    try:
        return tuple(msgspec.json.decode(index, type=_Index).manifests)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"the image's manifest is damaged: {error}") from error


def child_for(platform: str, index: bytes) -> Digest:
    """Return the digest of the one image for `os/architecture[/variant]`; raise InputError where there is not one."""
    children = children_of(index)
    if not children:
        raise InputError("specified reference is not a multiarch image")
    found = [child for child in children if _matches(child.platform, platform)]
    if len(found) != 1:
        there = ", ".join(str(child.platform) for child in children)
        raise InputError(f"{len(found)} images of the index are for {shown(platform)}; it has {there}")
    return Digest.parse(found[0].digest)


def _matches(platform: _Platform, wanted: str) -> bool:
    return wanted in (str(platform), f"{platform.os}/{platform.architecture}")
