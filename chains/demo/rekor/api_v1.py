"""Rekor's first API over one log."""

import hashlib
import re
from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec
from aiohttp import web

from chains.demo.rekor.answers import Document, entry_document, refusal
from chains.demo.rekor.log import Log
from chains.demo.rekor.proposals import canonicalise
from chains.errors import InputError

ENTRIES = "/api/v1/log/entries"
_INDEX = re.compile(r"[0-9]{1,18}", re.ASCII)
_UUID = re.compile(r"(?:[0-9a-fA-F]{16})?[0-9a-fA-F]{64}", re.ASCII)
_MOST_QUERIES = 10
_T = TypeVar("_T")


class _Search(msgspec.Struct, rename="camel"):
    entry_uuids: list[str] | None = msgspec.field(name="entryUUIDs", default=None)
    log_indexes: list[int] | None = None
    entries: list[msgspec.Raw] | None = None


class _PublicKey(msgspec.Struct, frozen=True):
    content: str = ""


class _IndexQuery(msgspec.Struct, rename="camel"):
    hash: str = ""
    public_key: _PublicKey = _PublicKey()


class ApiV1:
    """Answers requests; `distorted` may change an entry's document on its way out."""

    def __init__(
        self, log: Log, now: Callable[[], int], distorted: Callable[[Document], Document], public_key: bytes
    ) -> None:
        self._log = log
        self._now = now
        self._distorted = distorted
        self._public_key = public_key

    def routes(self) -> list[web.RouteDef]:
        """Return which path is answered by what."""
        return [
            web.post(ENTRIES, self._refusing(self._create)),
            web.get(ENTRIES, self._refusing(self._by_index)),
            web.post(f"{ENTRIES}/retrieve", self._refusing(self._search)),
            web.get(f"{ENTRIES}/{{uuid}}", self._refusing(self._by_uuid)),
            web.post("/api/v1/index/retrieve", self._refusing(self._by_hash)),
            web.get("/api/v1/log", self._tree),
            web.get("/api/v1/log/proof", self._refusing(self._proof)),
            web.get("/api/v1/log/publicKey", self._key),
        ]

    def _refusing(
        self, answer: Callable[[web.Request], Awaitable[web.Response]]
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def refusing(request: web.Request) -> web.Response:
            try:
                return await answer(request)
            except InputError as error:
                return _json(refusal(400, str(error)), 400)

        return refusing

    async def _create(self, request: web.Request) -> web.Response:
        index, is_new = self._log.add(canonicalise(await request.read()), self._now())
        location = f"{ENTRIES}/{self._log.uuid(index)}"
        if not is_new:
            message = f"an equivalent entry already exists in the transparency log with UUID {self._log.uuid(index)}"
            return _json(refusal(409, message), 409, {"Location": location})
        return _json(await self._document(index), 201, {"Location": location, "ETag": self._log.uuid(index)})

    async def _by_index(self, request: web.Request) -> web.Response:
        text = request.query.get("logIndex", "")
        if not _INDEX.fullmatch(text):
            return _json({"code": 602, "message": "logIndex in query is required and is a number"}, 422)
        return await self._answer(int(text) if int(text) < self._log.tree.size else None)

    async def _by_uuid(self, request: web.Request) -> web.Response:
        uuid = request.match_info["uuid"]
        if not _UUID.fullmatch(uuid):
            return _json({"code": 605, "message": "entryUUID in path should match 64 or 80 hex digits"}, 422)
        return await self._answer(self._log.find(uuid))

    async def _answer(self, index: int | None) -> web.Response:
        if index is None:
            return _json(refusal(404, "entry not found"), 404)
        return _json(await self._document(index), 200)

    async def _search(self, request: web.Request) -> web.Response:
        query = _decode(await request.read(), _Search)
        uuids, indexes, proposals = query.entry_uuids or [], query.log_indexes or [], query.entries or []
        if len(uuids) + len(indexes) + len(proposals) > _MOST_QUERIES:
            return _json({"code": 602, "message": f"more than {_MOST_QUERIES} were asked for"}, 422)
        found = [self._log.find(uuid) for uuid in uuids]
        found += [index if 0 <= index < self._log.tree.size else None for index in indexes]
        for proposal in proposals:
            digest = hashlib.sha256(b"\x00" + canonicalise(bytes(proposal))).hexdigest()
            found.append(self._log.find(digest))
        return _json([await self._document(index) for index in found if index is not None], 200)

    async def _by_hash(self, request: web.Request) -> web.Response:
        """Find by an artifact's digest or a signer's public key: whatever entry names it, both if both are given."""
        query = _decode(await request.read(), _IndexQuery)
        wanted = [part.encode() for part in (query.hash.rpartition(":")[2], query.public_key.content) if part]
        found = [at for at, body in enumerate(self._log.bodies()) if wanted and all(part in body for part in wanted)]
        return _json([self._log.uuid(at) for at in found], 200)

    async def _proof(self, request: web.Request) -> web.Response:
        """Prove that the log has only grown since it had `firstSize` entries."""
        tree = self._log.tree
        sizes = request.query.get("firstSize", "1"), request.query.get("lastSize", "")
        if not all(_INDEX.fullmatch(text) for text in sizes) or not 0 < int(sizes[0]) <= int(sizes[1]) <= tree.size:
            return _json(refusal(400, "the sizes are not those of two trees of this log, the smaller one first"), 400)
        first, last = map(int, sizes)
        hashes = [one.hex() for one in tree.consistency(first, last)]
        return _json({"hashes": hashes, "rootHash": tree.root(last).hex()}, 200)

    async def _tree(self, _request: web.Request) -> web.Response:
        tree = self._log.tree
        document = {
            "inactiveShards": [],
            "rootHash": tree.root().hex(),
            "signedTreeHead": await self._log.checkpoint(),
            "treeID": str(int(self._log.tree_id, 16)),
            "treeSize": tree.size,
        }
        return _json(document, 200)

    async def _key(self, _request: web.Request) -> web.Response:
        return web.Response(body=self._public_key, headers={"Content-Type": "application/x-pem-file"})

    async def _document(self, index: int) -> Document:
        return self._distorted(entry_document(await self._log.entry(index)))


def _decode(body: bytes, shape: type[_T]) -> _T:
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"this cannot be read: {error}") from error


def _json(document: object, status: int, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(
        body=msgspec.json.encode(document) + b"\n",
        status=status,
        headers={"Content-Type": "application/json", **(headers or {})},
    )
