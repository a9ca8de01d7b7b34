"""Somebody else who writes to a `.sig` or `.att` tag as cosign does: reads, appends, writes, and knows no lock."""

import hashlib
import json
from typing import Any

import aiohttp

_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"


class Intruder:
    """Writes to one registry."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = url

    async def manifest(self, repository: str, tag: str) -> dict[str, Any] | None:
        """Return what a tag names, None when there is no such tag."""
        place = f"{self._url}/v2/{repository}/manifests/{tag}"
        async with self._session.get(place, headers={"Accept": _MANIFEST}) as response:
            return json.loads(await response.read()) if response.status == 200 else None

    async def append(self, repository: str, tag: str, text: str) -> str:
        """Add one layer to what the tag holds now; return its digest."""
        return await self.append_to(await self.manifest(repository, tag), repository, tag, text)

    async def append_to(self, held: dict[str, Any] | None, repository: str, tag: str, text: str) -> str:
        """Add one layer to what was read before, whatever the tag holds by now; return its digest."""
        layers = held["layers"] if held else []
        kind = "application/vnd.dev.cosign.simplesigning.v1+json"
        layer = {"mediaType": kind, **await self._blob(repository, text.encode()), "annotations": {"example": "theirs"}}
        await self.write(repository, tag, [*layers, layer])
        return str(layer["digest"])

    async def write(self, repository: str, tag: str, layers: list[dict[str, Any]]) -> None:
        """Let the tag hold exactly these layers."""
        counted = {"type": "layers", "diff_ids": [one["digest"] for one in layers]}
        config = json.dumps({"architecture": "", "os": "", "config": {}, "rootfs": counted}).encode()
        described = {"mediaType": _CONFIG, **await self._blob(repository, config)}
        manifest = {"schemaVersion": 2, "mediaType": _MANIFEST, "config": described, "layers": layers}
        place = f"{self._url}/v2/{repository}/manifests/{tag}"
        headers = {"Content-Type": _MANIFEST}
        async with self._session.put(place, data=json.dumps(manifest).encode(), headers=headers) as response:
            assert response.status == 201, await response.text()

    async def _blob(self, repository: str, content: bytes) -> dict[str, Any]:
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        async with self._session.post(f"{self._url}/v2/{repository}/blobs/uploads/") as response:
            assert response.status == 202, await response.text()
            place = response.headers["Location"]
            assert place.startswith(self._url), "only the registry under test is ever written to"
        async with self._session.put(
            f"{place}&digest={digest}", data=content, headers={"Content-Type": "application/octet-stream"}
        ) as response:
            assert response.status == 201, await response.text()
        return {"digest": digest, "size": len(content)}


def tag_of(image: str, suffix: str) -> tuple[str, str]:
    """Return the repository (without its host) and the tag that cosign keeps an image's payloads under."""
    name, _, digest = image.partition("@")
    return name.partition("/")[2], f"{digest.replace(':', '-')}.{suffix}"
