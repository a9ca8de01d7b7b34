"""A shelf in memory that believes what is put on it, and signed things to put there."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from chains.artifacts.reference import Digest, ImageReference, Repository
from chains.hosts.errors import UnreadableError
from chains.keys.verifier import KeyVerifier
from chains.registry.stored_images import StoredImages
from chains.registry.stored_layers import LayerReader
from tests.verify.recordings import CAPTURES, WORKDIR, bytes_of


@dataclass
class Shelf:
    """What a registry would have that does not check a digest: an attacker's."""

    tags: dict[str, bytes] = field(default_factory=dict)
    referrers: tuple[Digest, ...] = ()
    manifests: dict[Digest, bytes] = field(default_factory=dict)
    blobs: dict[Digest, bytes] = field(default_factory=dict)

    async def tagged(self, image: ImageReference, suffix: str) -> bytes | None:
        return self.tags.get(suffix)

    async def referring(self, image: ImageReference) -> tuple[Digest, ...]:
        return self.referrers

    async def manifest(self, image: ImageReference, digest: Digest) -> bytes:
        return self.manifests[digest]

    async def blob(self, image: ImageReference, digest: Digest, most: int) -> bytes:
        if digest not in self.blobs:
            raise UnreadableError(f"no blob {digest}", transient=False)
        return self.blobs[digest]


def digest_of(body: bytes) -> Digest:
    return Digest("sha256", hashlib.sha256(body).hexdigest())


def stored(shelf: Shelf) -> StoredImages:
    return StoredImages(LayerReader(shelf))


def recorded(repository: str) -> tuple[ImageReference, Shelf]:
    """The image `v1` of a recorded repository, and all that stands beside it."""
    held: Mapping[str, dict] = json.loads((CAPTURES / "repositories.json").read_text())[repository]
    manifests = {name: bytes_of(text) for name, text in held["manifests"].items()}
    image = ImageReference(Repository("127.0.0.1:5056", repository), digest_of(manifests["v1"]))
    beside = f"sha256-{image.digest.hex}"
    shelf = Shelf(blobs={digest_of(body): body for body in map(bytes_of, held["blobs"])})
    shelf.tags = {suffix: manifests[beside + suffix] for suffix in (".sig", ".att") if beside + suffix in manifests}
    shelf.manifests = {digest_of(body): body for body in manifests.values()}
    if beside in manifests:
        listed = json.loads(manifests[beside])["manifests"]
        shelf.referrers = tuple(Digest.parse(one["digest"]) for one in listed)
    return image, shelf


def key(name: str) -> KeyVerifier:
    return KeyVerifier.from_pem((WORKDIR / name).read_bytes())


def workdir(name: str) -> Path:
    return WORKDIR / name
