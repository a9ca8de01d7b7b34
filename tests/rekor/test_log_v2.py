"""The client of Rekor's second API against the embedded log, and proofs that it makes of tiles."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from chains.demo.faults import Fault
from chains.demo.rekor.proposals_v2 import canonicalise_v2
from chains.demo.rekor.server import RekorServer
from chains.demo.rekor.tree import MerkleTree
from chains.errors import EdgeError, InputError, VerificationError
from chains.keys.generate import new_signer
from chains.keys.signer import KeySigner
from chains.rekor.bodies import read_body
from chains.rekor.log_key import LogKey
from chains.rekor.log_v2 import LogV2
from chains.rekor.proposals_v2 import propose_v2
from chains.rekor.tiles import HEIGHT, WIDTH, TileReader, tile_path
from chains.rekor.verify import verify_logged
from tests.rekor.builders import attestation, client_v2, key_of, signed_image

either = pytest.mark.parametrize("made", [signed_image, attestation])
KEYS = {
    "P-256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "P-521": lambda: ec.generate_private_key(ec.SECP521R1()),
    "RSA": lambda: rsa.generate_private_key(65537, 2048),
}


@either
@pytest.mark.parametrize("kind", list(KEYS))
async def test_what_is_uploaded_comes_back_proven(made: Any, kind: str) -> None:
    signer = KeySigner.of(KEYS[kind]())
    async with RekorServer() as server, client_v2(server) as log:
        await log.upload(await signed_image())
        signed = await made(signer)
        entry = await log.upload(signed)
        verify_logged(replace(signed, log_entry=entry), (key_of(server),), signer.public_pem)
        assert (entry.log_index, entry.integrated_time, entry.promise) == (1, 0, b"")


@pytest.mark.parametrize("before", [0, 1, 255, 256, 700])
async def test_what_is_there_already_is_proven_from_tiles(before: int) -> None:
    signer = new_signer()
    async with RekorServer() as server, client_v2(server) as log:
        for number in range(before):
            server.tiles.add(b"%d" % number, 0)
        first = await log.upload(await attestation(signer))
        for number in range(300):
            server.tiles.add(b"later %d" % number, 0)
        signed = await attestation(signer)
        again = await log.upload(signed)
        assert (again.log_index, again.body, again.log_id) == (first.log_index, first.body, first.log_id)
        assert again.proof is not None
        assert again.proof.tree_size == before + 301
        verify_logged(replace(signed, log_entry=again), (key_of(server),), signer.public_pem)


async def test_a_log_that_signs_with_ed25519_goes_by_the_id_of_its_notes() -> None:
    log_signer, signer = KeySigner.of(ed25519.Ed25519PrivateKey.generate()), new_signer()
    async with RekorServer(log_signer) as server, client_v2(server) as log:
        for _ in range(2):
            signed = await attestation(signer)
            entry = await log.upload(signed)
            assert entry.log_id != key_of(server).log_id
            verify_logged(replace(signed, log_entry=entry), (key_of(server),), signer.public_pem)


async def test_what_is_too_large_is_not_sent() -> None:
    async with RekorServer() as server, client_v2(server, upload=100) as log:
        everything = server.faults.add(Fault(status=500))
        with pytest.raises(EdgeError, match="100 are sent at most: this artifact cannot be logged") as raised:
            await log.upload(await attestation())
        assert not raised.value.transient
        assert server.faults.hits(everything) == 0


async def test_an_ed25519_signature_is_refused_before_it_is_sent() -> None:
    async with RekorServer() as server, client_v2(server) as log:
        signed = await signed_image(KeySigner.of(ed25519.Ed25519PrivateKey.generate()))
        with pytest.raises(EdgeError, match="takes no Ed25519 signatures") as raised:
            await log.upload(signed)
        assert not raised.value.transient


def _other_log(entry: dict[str, Any]) -> None:
    entry["logId"]["keyId"] = "AAAA"


def _other_root(entry: dict[str, Any]) -> None:
    entry["inclusionProof"]["rootHash"] = "AAAA"


def _other_index(entry: dict[str, Any]) -> None:
    entry["logIndex"] = "7"


def _other_body(entry: dict[str, Any]) -> None:
    entry["canonicalizedBody"] = "e30="


def _other_checkpoint(entry: dict[str, Any]) -> None:
    checkpoint = entry["inclusionProof"]["checkpoint"]
    checkpoint["envelope"] = checkpoint["envelope"].replace("127.0.0.1", "127.0.0.2", 1)


def _no_proof(entry: dict[str, Any]) -> None:
    del entry["inclusionProof"]


LIES = [
    (_other_log, "the log's key is known for"),
    (_other_root, "does not lead to the root"),
    (_other_index, "proof is for another index"),
    (_other_body, "body is another"),
    (_other_checkpoint, "checkpoint is not signed by"),
    (_no_proof, "lacks the inclusion proof"),
]


@pytest.mark.parametrize(("lie", "why"), LIES, ids=[lie.__name__ for lie, _ in LIES])
async def test_an_entry_that_does_not_hold_is_refused_for_good(lie: Callable[[Any], None], why: str) -> None:
    async with RekorServer() as server, client_v2(server) as log:
        await log.upload(await signed_image(body=b"another"))
        server.distort = lie
        with pytest.raises(EdgeError, match=why) as raised:
            await log.upload(await signed_image())
        assert not raised.value.transient


@pytest.mark.parametrize(
    ("path", "answer", "why"),
    [
        ("checkpoint", b"garbage", "no signed note"),
        ("tile/0", b"\x00" * 32 * 2, "inclusion proof does not lead"),
        ("tile/0", b"\x00" * 7, "a tile of 2 hashes has 7 bytes"),
    ],
)
async def test_tiles_and_checkpoints_that_do_not_hold_are_refused_for_good(path: str, answer: bytes, why: str) -> None:
    signer = new_signer()
    async with RekorServer() as server, client_v2(server) as log:
        server.tiles.add(b"first", 0)
        await log.upload(await signed_image(signer))
        server.faults.add(Fault("GET", path=path, status=200, body=answer))
        with pytest.raises(EdgeError, match=why) as raised:
            await log.upload(await signed_image(signer))
        assert not raised.value.transient


@pytest.mark.parametrize(
    ("fault", "transient"),
    [
        (Fault("POST", status=503), True),
        (Fault("POST", status=405), False),
        (Fault("POST", status=409), True),
        (Fault("POST", status=409, headers={"x-log-index": "9"}), True),
        (Fault("POST", status=201, body=b"garbage"), True),
        (Fault("GET", status=404), False),
        (Fault("GET", status=500), True),
        (Fault("GET", cut="within"), True),
    ],
)
async def test_a_failure_says_whether_it_passes(fault: Fault, transient: bool) -> None:
    signer = new_signer()
    async with RekorServer() as server, client_v2(server) as log:
        await log.upload(await signed_image(signer))
        server.faults.add(fault)
        with pytest.raises(EdgeError) as raised:
            await log.upload(await signed_image(signer))
        assert raised.value.transient is transient


async def test_another_logs_key_is_not_enough() -> None:
    signer = new_signer()
    async with RekorServer() as server, client_v2(server) as log:
        await log.upload(await signed_image(signer))
        async with LogV2(server.url, (LogKey.from_pem(new_signer().public_pem),)) as other:
            for body in (b"new", b'{"critical":{}}'):
                with pytest.raises(EdgeError, match=r"is known") as raised:
                    await other.upload(await signed_image(signer, body))
                assert not raised.value.transient


@either
async def test_the_log_makes_of_a_request_what_we_expect(made: Any) -> None:
    request, body = propose_v2(await made())
    assert canonicalise_v2(request) == body


async def test_the_log_checks_what_it_is_given() -> None:
    signed = await signed_image()
    forged, _ = propose_v2(replace(signed, signature=replace(signed.signature, raw=b"forged")))
    for request in (forged, b"", b"{}", b'{"hashedRekordRequestV002":{}}'):
        with pytest.raises(InputError):
            canonicalise_v2(request)


def test_an_entry_of_the_second_api_about_an_envelope_is_understood() -> None:
    body = read_body(
        b'{"apiVersion":"0.0.2","kind":"dsse","spec":{"dsseV002":{"payloadHash":{"algorithm":"SHA2_256","digest":"AAAA"},'
        b'"signatures":[{"content":"AQ==","verifier":{"keyDetails":"x","publicKey":{"rawBytes":"Ag=="}}}]}}}'
    )
    assert (body.signature, body.verifier, body.payload_hash) == (b"\x01", b"\x02", ("sha256", "000000"))


@given(st.integers(1, 70_000), st.data())
@settings(max_examples=25)
def test_tiles_are_named_as_they_are_published(index: int, data: st.DataObject) -> None:
    path = tile_path(0, index, data.draw(st.integers(1, 255)))
    digits = path.removeprefix("tile/0/").partition(".p/")[0]
    assert int(digits.replace("x", "").replace("/", "")) == index
    assert all(len(part.removeprefix("x")) == 3 for part in digits.split("/"))
    assert tile_path("entries", 1234067) == "tile/entries/x001/x234/067"


@given(st.integers(1, 1500), st.data())
@settings(max_examples=40)
async def test_a_proof_made_of_tiles_is_the_trees_own(size: int, data: st.DataObject) -> None:
    tree = MerkleTree()
    for number in range(size):
        tree.append(b"%d" % number)
    seen = data.draw(st.integers(1, size))
    index = data.draw(st.integers(0, seen - 1))

    async def fetch(path: str) -> bytes:
        _, level, name = path.split("/", 2)
        number, _, width = name.partition(".p/")
        at = int(number.replace("x", "").replace("/", ""))
        return b"".join(tree.complete(HEIGHT * int(level))[at * WIDTH :][: int(width or WIDTH)])

    assert await TileReader(fetch, seen).proof(index) == tuple(tree.proof(index, seen))


async def test_a_tile_that_is_too_short_is_no_tile() -> None:
    async def fetch(_: str) -> bytes:
        return b""

    with pytest.raises(VerificationError, match="a tile of 3 hashes has 0 bytes"):
        await TileReader(fetch, 3).proof(0)
