"""Rekor's second API over one log: entries in, tiles and checkpoints out."""

import re
from collections.abc import Callable

import msgspec
from aiohttp import web

from chains.demo.rekor.answers import Document, refusal
from chains.demo.rekor.log import Log
from chains.demo.rekor.proposals_v2 import canonicalise_v2
from chains.errors import InputError
from chains.payloads.log_entry_json import write_log_entry
from chains.rekor.log_v2 import INDEX_HEADER
from chains.rekor.tiles import HEIGHT, WIDTH

_TILE = re.compile(r"((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([0-9]{1,3}))?", re.ASCII)
# How gRPC numbers what went wrong.
_INVALID, _NOT_FOUND, _EXISTS = 3, 5, 6


class ApiV2:
    """Answers requests; `distorted` may change an entry's document on its way out."""

    def __init__(self, log: Log, distorted: Callable[[Document], Document]) -> None:
        self._log = log
        self._distorted = distorted

    def routes(self) -> list[web.RouteDef]:
        """Return which path is answered by what."""
        return [
            web.post("/api/v2/log/entries", self._create),
            web.get("/api/v2/checkpoint", self._checkpoint),
            web.get("/api/v2/tile/entries/{name:.+}", self._entries),
            web.get("/api/v2/tile/{level:[0-9]}/{name:.+}", self._tile),
        ]

    async def _create(self, request: web.Request) -> web.Response:
        try:
            body = canonicalise_v2(await request.read())
        except InputError as error:
            return _json(refusal(_INVALID, str(error)), 400)
        index, is_new = self._log.add(body, 0)
        if not is_new:
            message = "an equivalent entry already exists in the transparency log"
            return _json(refusal(_EXISTS, message), 409, {INDEX_HEADER: str(index)})
        document = msgspec.json.decode(write_log_entry(await self._log.entry(index)))
        return _json(self._distorted(document), 201)

    async def _checkpoint(self, _request: web.Request) -> web.Response:
        return web.Response(text=await self._log.checkpoint())

    async def _tile(self, request: web.Request) -> web.Response:
        level = int(request.match_info["level"])
        hashes = self._log.tree.complete(HEIGHT * level)
        return _slice(hashes, request.match_info["name"], b"".join)

    async def _entries(self, request: web.Request) -> web.Response:
        def packed(bodies: list[bytes]) -> bytes:
            return b"".join(len(body).to_bytes(2) + body for body in bodies)

        return _slice(self._log.bodies(), request.match_info["name"], packed)


def _slice(items: list[bytes], name: str, packed: Callable[[list[bytes]], bytes]) -> web.Response:
    """Answer the part of a row that a tile's name asks for; a partial one must be there whole."""
    match = _TILE.fullmatch(name)
    if match is None:
        return _json(refusal(_INVALID, "this is no tile's name"), 400)
    index = int(match[1].replace("x", "").replace("/", ""))
    found = items[index * WIDTH : index * WIDTH + int(match[2] or WIDTH)]
    if len(found) != int(match[2] or WIDTH):
        return _json(refusal(_NOT_FOUND, "the tile is not there"), 404)
    return web.Response(body=packed(found), headers={"Content-Type": "application/octet-stream"})


def _json(document: object, status: int, headers: dict[str, str] | None = None) -> web.Response:
    told = {"Content-Type": "application/json", **(headers or {})}
    return web.Response(body=msgspec.json.encode(document), status=status, headers=told)
