"""A plain client of registries, and small things to push."""

import base64
import hashlib
import io
import json
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from multidict import CIMultiDictProxy
from yarl import URL

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
OCTETS = {"Content-Type": "application/octet-stream"}
CONFIG = b'{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":[]}}'
LAYER = b"a layer"
LARGE = 512 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: CIMultiDictProxy[str]
    body: bytes

    @property
    def codes(self) -> list[str]:
        return [error["code"] for error in json.loads(self.body)["errors"]]

    @property
    def location(self) -> str:
        return self.headers["Location"]


class Client:
    """Sends what it is told, byte for byte."""

    def __init__(self, session: aiohttp.ClientSession, base: str) -> None:
        self._session = session
        self._base = base

    async def send(
        self, method: str, target: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send to a path or to a URL that the registry gave, which may be relative."""
        content = io.BytesIO(body) if body and len(body) > LARGE else body
        url = target if "://" in target else f"{self._base}{target}"
        async with self._session.request(
            method,
            URL(url, encoded=True),
            data=content,
            headers=headers,
            allow_redirects=False,
            skip_auto_headers=("Accept",),
        ) as response:
            # docker-registry announces the whole blob's length with a 416 and does not send it
            received = b"" if response.status == 416 else await response.read()
            return Answer(response.status, response.headers.copy(), received)

    async def start(self, repository: str) -> str:
        """Open an upload and return its URL."""
        return (await self.send("POST", f"/v2/{repository}/blobs/uploads/")).location

    async def push_blob(self, repository: str, content: bytes) -> str:
        """Push a blob and return its digest."""
        digest = sha256(content)
        answer = await self.send("PUT", with_digest(await self.start(repository), digest), content)
        assert answer.status == 201, answer
        return digest

    async def push_manifest(
        self, repository: str, reference: str, body: bytes, media_type: str = OCI_MANIFEST
    ) -> Answer:
        headers = {"Content-Type": media_type} if media_type else {}
        return await self.send("PUT", f"/v2/{repository}/manifests/{reference}", body, headers)

    async def push_image(self, repository: str, tag: str, body: bytes | None = None) -> bytes:
        """Push the blobs of `manifest()` and it, or `body`, under a tag; return the manifest."""
        await self.push_blob(repository, CONFIG)
        await self.push_blob(repository, LAYER)
        body = body or manifest()
        answer = await self.push_manifest(repository, tag, body)
        assert answer.status == 201, answer
        return body

    async def manifest(
        self, repository: str, reference: str, accept: str = OCI_MANIFEST, method: str = "GET"
    ) -> Answer:
        return await self.send(method, f"/v2/{repository}/manifests/{reference}", headers={"Accept": accept})


@asynccontextmanager
async def client(address: str, scheme: str = "http") -> AsyncIterator[Client]:
    async with aiohttp.ClientSession(auto_decompress=False) as session:
        yield Client(session, f"{scheme}://{address}")


def fresh_repository() -> str:
    return f"contract/{uuid.uuid4().hex}"


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def sha256(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def with_digest(location: str, digest: str) -> str:
    return f"{location}{'&' if '?' in location else '?'}digest={digest}"


def descriptor(media_type: str, content: bytes, **more: object) -> dict[str, object]:
    return {"mediaType": media_type, "size": len(content), "digest": sha256(content), **more}


def manifest(**changes: Any) -> bytes:
    """Write an image manifest; a change to None takes the member away."""
    members: dict[str, object] = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": descriptor("application/vnd.oci.image.config.v1+json", CONFIG),
        "layers": [descriptor("application/vnd.oci.image.layer.v1.tar", LAYER)],
        **changes,
    }
    return json.dumps({key: value for key, value in members.items() if value is not None}).encode()


def index(*children: dict[str, object], media_type: str = OCI_INDEX) -> bytes:
    return json.dumps({"schemaVersion": 2, "mediaType": media_type, "manifests": children}).encode()
