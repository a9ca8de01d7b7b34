"""What a registry may say that is not so; each lie stands until it is taken back or used up."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web

from chains.demo.registry.call import Answer, Call
from chains.demo.registry.digests import sha256_digest
from chains.demo.registry.manifests import present
from chains.demo.registry.refusals import refused
from chains.demo.registry.routes import is_digest
from chains.demo.registry.storage import Manifest

_READS: Final = frozenset({"GET", "HEAD"})
_PIECE: Final = b"\0" * 65536


@dataclass(slots=True)
class Lies:
    """The lies that are told; set members at any time.

    `bodies` and `digests` are keyed by the digest whose content, or whose Docker-Content-Digest, is another on reading;
    `head_digests` lies on HEAD alone.
    `lost_manifests` and `lost_blobs` count the next writes that are answered 201 and kept nowhere.
    After each write of a tag the next `stale_reads` of it answer what it named before.
    `blobs_at` and `uploads_at` are origins (`http://host:port`) that reads of blobs are redirected to and that the
    Location of an upload names. Reads of the digests in `endless` never come to an end, those in `stalled` stop halfway
    and wait. With `page` every answer is 200 and this HTML, as from a captive portal.
    """

    bodies: Mapping[str, bytes] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    head_digests: dict[str, str] = field(default_factory=dict)
    lost_manifests: int = 0
    lost_blobs: int = 0
    stale_reads: int = 0
    blobs_at: str = ""
    uploads_at: str = ""
    endless: frozenset[str] = frozenset()
    stalled: frozenset[str] = frozenset()
    page: str = ""
    _past: dict[tuple[str, str], Manifest | None] = field(default_factory=dict)
    _past_reads: Counter[tuple[str, str]] = field(default_factory=Counter)

    async def answer(self, call: Call, honest: Answer) -> web.StreamResponse:
        """Answer with a lie where there is one to tell, else honestly."""
        if self.page:
            return web.Response(text=self.page, content_type="text/html")
        if call.request.method in _READS and call.route.kind in ("manifest", "blob"):
            return await self._read(call, honest)
        if call.request.method == "PUT" and call.route.kind in ("manifest", "upload"):
            return await self._write(call, honest)
        response = await honest(call)
        return self._elsewhere(call, response)

    async def _read(self, call: Call, honest: Answer) -> web.StreamResponse:
        route = call.route
        if route.kind == "blob" and self.blobs_at:
            location = f"{self.blobs_at}/v2/{route.repository}/blobs/{route.reference}"
            return web.Response(status=307, headers={"Location": location})
        place = (route.repository, route.reference)
        if self._past_reads[place] > 0:
            self._past_reads[place] -= 1
            response: web.StreamResponse = present(call, self._past[place])
        else:
            response = await honest(call)
        return await self._untrue(call.request, response)

    async def _untrue(self, request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
        """Turn an honest answer to a read into what is said of its digest."""
        digest = response.headers.get("Docker-Content-Digest", "")
        claimed = self.digests | self.head_digests if request.method == "HEAD" else self.digests
        if digest in claimed:
            response.headers["Docker-Content-Digest"] = claimed[digest]
        if digest in self.endless and request.method == "GET":
            return await _endless(request, response)
        if digest in self.stalled and isinstance(response, web.Response) and isinstance(response.body, bytes):
            return await _stalled(request, response, response.body)
        if digest in self.bodies:
            return web.Response(status=response.status, body=self.bodies[digest], headers=_entity(response))
        return response

    async def _write(self, call: Call, honest: Answer) -> web.StreamResponse:
        if call.route.kind == "manifest" and self.lost_manifests > 0:
            self.lost_manifests -= 1
            return _pretended(call, "manifests", sha256_digest(await _body(call)))
        if call.route.kind == "upload" and self.lost_blobs > 0:
            self.lost_blobs -= 1
            await _body(call)
            return _pretended(call, "blobs", call.request.query.get("digest", ""))
        if not self.stale_reads or call.route.kind == "upload" or is_digest(call.route.reference):
            return self._elsewhere(call, await honest(call))
        place = (call.route.repository, call.route.reference)
        before = call.storage.manifest(*place)
        response = await honest(call)
        self._past[place], self._past_reads[place] = before, self.stale_reads
        return response

    def _elsewhere(self, call: Call, response: web.StreamResponse) -> web.StreamResponse:
        if self.uploads_at and call.route.kind in ("start", "upload") and response.status == 202:
            path = response.headers["Location"].split("/", 3)[3]
            response.headers["Location"] = f"{self.uploads_at}/{path}"
        return response


async def _endless(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    """Send zeros until the client has had enough, or the server stops."""
    stream = web.StreamResponse(headers=_entity(response))
    stream.enable_chunked_encoding()
    await stream.prepare(request)
    while True:
        await stream.write(_PIECE)


async def _stalled(request: web.Request, response: web.Response, body: bytes) -> web.StreamResponse:
    """Send half of the body and wait until the server stops."""
    stream = web.StreamResponse(headers=_entity(response))
    stream.content_length = len(body)
    await stream.prepare(request)
    if request.method == "HEAD":
        return stream
    await stream.write(body[: len(body) // 2])
    await asyncio.Event().wait()
    return stream


async def _body(call: Call) -> bytes:
    return await call.body(call.behaviour.blob_limit, refused(413, "SIZE_INVALID"))


def _entity(response: web.StreamResponse) -> dict[str, str]:
    return {key: value for key, value in response.headers.items() if key.lower() != "content-length"}


def _pretended(call: Call, collection: str, digest: str) -> web.Response:
    headers = {"Docker-Content-Digest": digest, "Location": call.location(f"{collection}/{digest}")}
    return web.Response(status=201, headers=headers)
