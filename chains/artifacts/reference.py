"""Digests, repositories and image references, parsed strictly: what a run's results say is hostile input.

The grammar follows go-containerregistry's weak mode, which Tekton Chains and cosign use, less what cannot name an image
(a URL scheme, user information, a path that climbs).
"""

import re
from dataclasses import dataclass
from typing import Self

from chains.errors import InputError

HEX_LENGTH = {"sha1": 40, "sha256": 64, "sha384": 96, "sha512": 128}
DOCKER_HUB = "index.docker.io"
IMAGE_SCHEMES = ("oci://", "docker://")

_HEX = re.compile(r"[a-f0-9]+", re.ASCII)
_TAG = re.compile(r"[A-Za-z0-9_.-]{1,128}", re.ASCII)
_PATH = re.compile(r"[a-z0-9_./-]{2,255}", re.ASCII)
_HOST = re.compile(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?)(:[0-9]{1,5})?", re.ASCII)


def shown(text: str, limit: int = 120) -> str:
    """Quote hostile text for a message: escaped, and cut at `limit` characters."""
    return ascii(text if len(text) <= limit else text[:limit] + "…")


@dataclass(frozen=True, slots=True)
class Digest:
    """One content digest: a lower-case algorithm of `HEX_LENGTH` and as many lower-case hex digits as it has."""

    algorithm: str
    hex: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `algorithm:hex`; as in Tekton Chains the algorithm's case and outer white space are forgiven."""
        parts = text.split(":")
        if len(parts) != 2:
            raise InputError(f"the digest {shown(text)} is not of the form algorithm:hex")
        algorithm, digits = parts[0].strip().lower(), parts[1].strip()
        length = HEX_LENGTH.get(algorithm)
        if length is None:
            raise InputError(f"the digest {shown(text)} has an algorithm other than {', '.join(HEX_LENGTH)}")
        if len(digits) != length or not _HEX.fullmatch(digits):
            raise InputError(f"the digest {shown(text)} needs {length} hex digits in lower case after {algorithm}:")
        return cls(algorithm, digits)

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.hex}"


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository in a registry: `registry` is `host[:port]`, `path` has no leading slash."""

    registry: str
    path: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `[registry/]path`; without a registry it is Docker Hub, whose official images get `library/`."""
        first, slash, rest = text.partition("/")
        if slash and (first == "localhost" or "." in first or ":" in first):
            registry, path = first, rest
        else:
            registry, path = DOCKER_HUB, text
        if registry == "docker.io":
            registry = DOCKER_HUB
        if not _HOST.fullmatch(registry):
            raise InputError(f"the repository {shown(text)} has no usable registry host")
        port = registry.rpartition(":")[2] if not registry.endswith("]") and ":" in registry else ""
        if port and not 0 < int(port) < 65536:
            raise InputError(f"the repository {shown(text)} has a port outside 1 to 65535")
        if not _PATH.fullmatch(path):
            raise InputError(
                f"the repository {shown(text)} needs a path of 2 to 255 characters "
                "out of a-z, 0-9, '_', '-', '.' and '/'"
            )
        if any(piece in ("", ".", "..") for piece in path.split("/")):
            raise InputError(f"the repository {shown(text)} has an empty or climbing path segment")
        if registry == DOCKER_HUB and "/" not in path:
            path = f"library/{path}"
        return cls(registry, path)

    def __str__(self) -> str:
        return f"{self.registry}/{self.path}"


@dataclass(frozen=True, slots=True)
class ImageReference:
    """An image by digest, always sha256."""

    repository: Repository
    digest: Digest

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `[scheme://]repository[:tag]@sha256:hex`; the tag is dropped, the schemes are oci:// and docker://."""
        left, at, right = _without_scheme(text).partition("@")
        if not at or "@" in right:
            raise InputError(f"the image {shown(text)} is not of the form repository@sha256:hex")
        if not right.startswith("sha256:"):
            raise InputError(_no_image_digest(text, right))
        if len(right) != 71 or not _HEX.fullmatch(right[7:]):
            raise InputError(f"the image {shown(text)} needs 64 hex digits in lower case after sha256:")
        return cls(Repository.parse(_without_tag(left)), Digest("sha256", right[7:]))

    def __str__(self) -> str:
        return f"{self.repository}@{self.digest}"


def _no_image_digest(text: str, digest: str) -> str:
    algorithm, colon, _ = digest.partition(":")
    if not colon:
        return f"the image {shown(text)} has {shown(digest)} for a digest: write sha256: and its digits, a tag is none"
    return f"the image {shown(text)} has a digest of {shown(algorithm)}, and images go by sha256"


def _without_scheme(text: str) -> str:
    for scheme in IMAGE_SCHEMES:
        if text.startswith(scheme):
            text = text[len(scheme) :]
            break
    if "://" in text:
        raise InputError(
            f"{shown(text)} is a URL, not an image: leave the scheme out, or use ARTIFACT_URI for what is no image"
        )
    return text


def _without_tag(text: str) -> str:
    name, colon, tag = text.rpartition(":")
    if colon and "/" not in tag and name and _TAG.fullmatch(tag):
        return name
    return text


@dataclass(frozen=True, slots=True)
class Artifact:
    """A URI and the digests it goes by: algorithm to hex digits."""

    uri: str
    digests: dict[str, str]
