"""The embedded log answers as Rekor does, to whoever asks it over HTTP."""

import base64
import hashlib
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import msgspec
import pytest
import pytest_asyncio

from chains.demo.rekor.server import RekorServer
from chains.payloads.payload import LogEntry
from chains.rekor.answers import read_entries
from chains.rekor.checkpoint import read_checkpoint
from chains.rekor.log_v2 import INDEX_HEADER
from chains.rekor.merkle import leaf_hash
from chains.rekor.proposals import propose
from chains.rekor.proposals_v2 import propose_v2
from chains.rekor.verify import verify_entry
from tests.rekor.builders import attestation, key_of, signed_image

ENTRIES = "/api/v1/log/entries"


class Place:
    """A server and an HTTP session to it."""

    def __init__(self, server: RekorServer, session: aiohttp.ClientSession) -> None:
        self.server = server
        self._session = session

    async def ask(self, method: str, path: str, body: bytes | None = None, **told: Any) -> tuple[int, bytes, Any]:
        """Return status, body and headers."""
        url = f"{self.server.url}{path}"
        async with self._session.request(method, url, data=body, **told) as answer:
            return answer.status, await answer.read(), answer.headers

    async def entries(self, method: str, path: str, **told: Any) -> tuple[LogEntry, ...]:
        status, body, _ = await self.ask(method, path, **told)
        assert status in (200, 201)
        return read_entries(body)


@pytest_asyncio.fixture
async def place() -> AsyncIterator[Place]:
    async with RekorServer(clock=lambda: 1700000000.5) as server, aiohttp.ClientSession() as session:
        yield Place(server, session)


async def test_an_entry_is_found_by_index_and_by_either_uuid(place: Place) -> None:
    proposal = propose(await signed_image())
    [made] = await place.entries("POST", ENTRIES, body=proposal)
    assert (made.integrated_time, made.log_index, len(made.uuid)) == (1700000000, 0, 80)
    for path in (f"{ENTRIES}?logIndex=0", f"{ENTRIES}/{made.uuid}", f"{ENTRIES}/{made.uuid[16:]}"):
        [found] = await place.entries("GET", path)
        assert found == made
        verify_entry(found, key_of(place.server))


async def test_an_entry_that_is_there_is_a_conflict_that_names_it(place: Place) -> None:
    proposal = propose(await attestation())
    [made] = await place.entries("POST", ENTRIES, body=proposal)
    status, body, headers = await place.ask("POST", ENTRIES, proposal)
    assert status == 409
    assert headers["Location"] == f"{ENTRIES}/{made.uuid}"
    assert made.uuid.encode() in body


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", f"{ENTRIES}?logIndex=0", None, 404),
        ("GET", f"{ENTRIES}?logIndex=-1", None, 422),
        ("GET", ENTRIES, None, 422),
        ("GET", f"{ENTRIES}/{'0' * 64}", None, 404),
        ("GET", f"{ENTRIES}/zz", None, 422),
        ("POST", ENTRIES, b"", 400),
        ("POST", ENTRIES, b'{"apiVersion":"0.0.1","kind":"jar","spec":{}}', 400),
        ("POST", ENTRIES, b'{"apiVersion":"0.0.1","kind":"hashedrekord","spec":{}}', 400),
        ("POST", f"{ENTRIES}/retrieve", b'{"logIndexes":[0,1,2,3,4,5,6,7,8,9,10]}', 422),
        ("POST", f"{ENTRIES}/retrieve", b"[", 400),
        ("POST", "/api/v2/log/entries", b"{}", 400),
        ("GET", "/api/v2/tile/0/000", None, 404),
        ("GET", "/api/v2/tile/0/0", None, 400),
    ],
)
async def test_what_is_not_there_or_makes_no_sense_is_refused(
    place: Place, method: str, path: str, body: bytes | None, status: int
) -> None:
    found, said, _ = await place.ask(method, path, body)
    assert found == status
    assert b'"message":' in said
    assert place.server.log.tree.size == place.server.tiles.tree.size == 0


async def test_entries_are_searched_by_uuid_index_proposal_and_digest(place: Place) -> None:
    signed = await signed_image()
    [made] = await place.entries("POST", ENTRIES, body=propose(signed))
    proposal = propose(signed).decode()
    for query in (f'{{"entryUUIDs":["{made.uuid}"]}}', '{"logIndexes":[0, 7]}', f'{{"entries":[{proposal}]}}'):
        status, body, _ = await place.ask("POST", f"{ENTRIES}/retrieve", query.encode())
        assert (status, body.count(made.uuid.encode())) == (200, 1)
    digest = hashlib.sha256(signed.payload.body).hexdigest()
    _, body, _ = await place.ask("POST", "/api/v1/index/retrieve", f'{{"hash":"sha256:{digest}"}}'.encode())
    assert made.uuid.encode() in body
    _, body, _ = await place.ask("POST", "/api/v1/index/retrieve", b'{"hash":""}')
    assert made.uuid.encode() not in body


async def test_the_log_tells_its_key_and_its_tree(place: Place) -> None:
    await place.ask("POST", ENTRIES, propose(await signed_image()))
    _, key, _ = await place.ask("GET", "/api/v1/log/publicKey")
    assert key == place.server.public_key
    _, body, _ = await place.ask("GET", "/api/v1/log")
    assert f'"rootHash":"{place.server.log.tree.root().hex()}"'.encode() in body
    assert b'"treeSize":1' in body
    read_checkpoint(await place.server.log.checkpoint()).check(key_of(place.server))


async def test_the_second_api_publishes_checkpoint_tiles_and_entries(place: Place) -> None:
    request, leaf = propose_v2(await attestation())
    status, _, _ = await place.ask("POST", "/api/v2/log/entries", request)
    again, _, headers = await place.ask("POST", "/api/v2/log/entries", request)
    assert (status, again, headers[INDEX_HEADER]) == (201, 409, "0")
    _, note, _ = await place.ask("GET", "/api/v2/checkpoint")
    checkpoint = read_checkpoint(note.decode())
    checkpoint.check(key_of(place.server))
    assert (checkpoint.size, checkpoint.root_hash) == (1, leaf_hash(leaf))
    _, tile, _ = await place.ask("GET", "/api/v2/tile/0/000.p/1")
    assert tile == leaf_hash(leaf)
    _, entries, _ = await place.ask("GET", "/api/v2/tile/entries/000.p/1")
    assert entries == len(leaf).to_bytes(2) + leaf


async def test_the_second_api_takes_no_envelope_whole(place: Place) -> None:
    signed = await attestation()
    told = propose_v2(signed)[0].decode()
    verifier = told[told.index('"verifier":') + len('"verifier":') : -3]
    payload, signature = (base64.b64encode(raw).decode() for raw in (signed.payload.body, signed.signature.raw))
    envelope = (
        f'{{"payload":"{payload}","payloadType":"{signed.payload.media_type}","signatures":[{{"sig":"{signature}"}}]}}'
    )
    request = f'{{"dsseRequestV002":{{"envelope":{envelope},"verifiers":[{verifier}]}}}}'
    status, body, _ = await place.ask("POST", "/api/v2/log/entries", request.encode())
    assert (status, b"must be hashedrekord" in body) == (400, True), body
    forged = request.replace(payload, base64.b64encode(b"forged").decode())
    status, _, _ = await place.ask("POST", "/api/v2/log/entries", forged.encode())
    assert status == 400


async def test_entries_are_found_by_the_key_that_signed_them(place: Place) -> None:
    mine, theirs = await attestation(), await attestation()
    [made] = await place.entries("POST", ENTRIES, body=propose(mine))
    await place.entries("POST", ENTRIES, body=propose(theirs))
    key = base64.b64encode(mine.signature.public_key).decode()
    query = f'{{"publicKey":{{"format":"x509","content":"{key}"}}}}'
    _, found, _ = await place.ask("POST", "/api/v1/index/retrieve", query.encode())
    assert found.decode().strip() == f'["{made.uuid}"]'


async def test_the_log_proves_that_it_only_grew(place: Place) -> None:
    for _ in range(3):
        await place.entries("POST", ENTRIES, body=propose(await attestation()))
    leaves = [leaf_hash(body) for body in place.server.log.bodies()]
    status, body, _ = await place.ask("GET", "/api/v1/log/proof?firstSize=2&lastSize=3")
    assert (status, msgspec.json.decode(body)["hashes"]) == (200, [leaves[2].hex()])
    status, body, _ = await place.ask("GET", "/api/v1/log/proof?firstSize=3&lastSize=3")
    assert (status, msgspec.json.decode(body)["hashes"]) == (200, [])
    for sizes in ("firstSize=4&lastSize=3", "firstSize=0&lastSize=3", "firstSize=1&lastSize=4", "lastSize=x"):
        assert (await place.ask("GET", f"/api/v1/log/proof?{sizes}"))[0] == 400
