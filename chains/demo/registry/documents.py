"""The members of manifests and indexes that a registry must understand."""

from typing import Final

import msgspec

OCI_MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX: Final = "application/vnd.oci.image.index.v1+json"
DOCKER_MANIFEST: Final = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST: Final = "application/vnd.docker.distribution.manifest.list.v2+json"
IMAGES: Final = frozenset({OCI_MANIFEST, DOCKER_MANIFEST})
INDEXES: Final = frozenset({OCI_INDEX, DOCKER_LIST})


class Platform(msgspec.Struct, frozen=True):
    """What a child of an index runs on."""

    architecture: str = ""
    os: str = ""


class Descriptor(msgspec.Struct, frozen=True, rename="camel"):
    """A pointer to content."""

    media_type: str = ""
    digest: str = ""
    size: int = 0
    platform: Platform | None = None


class Document(msgspec.Struct, frozen=True, rename="camel"):
    """An image manifest or an index; what is absent is None."""

    schema_version: int = 0
    media_type: str = ""
    artifact_type: str = ""
    config: Descriptor | None = None
    layers: tuple[Descriptor, ...] | None = None
    manifests: tuple[Descriptor, ...] | None = None
    subject: Descriptor | None = None
    annotations: dict[str, str] | None = None


class Referrer(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """A descriptor in the answer of the referrers API."""

    media_type: str
    size: int
    digest: str
    annotations: dict[str, str] | None = None
    artifact_type: str = ""


class ReferrersIndex(msgspec.Struct, frozen=True, rename="camel"):
    """The answer of the referrers API."""

    schema_version: int
    media_type: str
    manifests: tuple[Referrer, ...]


_DOCUMENT = msgspec.json.Decoder(Document)


def parse_document(body: bytes) -> Document:
    """Read a manifest; raise msgspec.MsgspecError when it is none."""
    return _DOCUMENT.decode(body)
