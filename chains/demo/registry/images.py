"""Small images with real layers, the same for the same seed."""

import io
import tarfile
from dataclasses import dataclass

import msgspec

from chains.demo.registry.digests import sha256_digest
from chains.demo.registry.documents import OCI_INDEX, OCI_MANIFEST

CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar"


@dataclass(frozen=True, slots=True)
class Image:
    """An image of one layer, and the bytes of everything in it."""

    layer: bytes
    config: bytes
    manifest: bytes


def image(seed: str, architecture: str = "amd64") -> Image:
    """Make an image whose only file holds the seed."""
    layer = _archive("seed.txt", f"{seed}\n".encode())
    config = msgspec.json.encode(
        {
            "architecture": architecture,
            "os": "linux",
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": [sha256_digest(layer)]},
        }
    )
    manifest = msgspec.json.encode(
        {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": descriptor(CONFIG_TYPE, config),
            "layers": [descriptor(LAYER_TYPE, layer)],
        }
    )
    return Image(layer, config, manifest)


def index(images: dict[str, Image]) -> bytes:
    """Make the index of images by architecture."""
    children = [
        descriptor(OCI_MANIFEST, child.manifest) | {"platform": {"architecture": architecture, "os": "linux"}}
        for architecture, child in images.items()
    ]
    return msgspec.json.encode({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": children})


def descriptor(media_type: str, content: bytes) -> dict[str, object]:
    """Describe content."""
    return {"mediaType": media_type, "digest": sha256_digest(content), "size": len(content)}


def _archive(name: str, content: bytes) -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return written.getvalue()
