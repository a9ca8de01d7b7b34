"""The client of Rekor's first API against the embedded log."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from chains.demo.faults import Fault
from chains.demo.rekor.server import RekorServer
from chains.errors import EdgeError
from chains.hosts.reach import Reach
from chains.keys.generate import new_signer
from chains.keys.signer import KeySigner
from chains.payloads.payload import SignedPayload
from chains.rekor.log_key import LogKey
from chains.rekor.log_v1 import LogV1
from chains.rekor.verify import verify_logged
from tests.rekor.builders import attestation, client, key_of, signed_image

Made = Callable[[KeySigner], Awaitable[SignedPayload]]
either = pytest.mark.parametrize("made", [signed_image, attestation])
KEYS = {
    "P-256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "RSA": lambda: rsa.generate_private_key(65537, 2048),
    "Ed25519": ed25519.Ed25519PrivateKey.generate,
}


@either
@pytest.mark.parametrize("kind", list(KEYS))
async def test_what_is_uploaded_comes_back_proven_whatever_kind_of_key_signed_it(made: Made, kind: str) -> None:
    signer = KeySigner.of(KEYS[kind]())
    async with RekorServer() as server, client(server) as log:
        signed = await made(signer)
        for number in range(3):
            await log.upload(await signed_image(body=b"%d" % number))
        entry = await log.upload(signed)
        verify_logged(replace(signed, log_entry=entry), (key_of(server),), signer.public_pem)
        assert entry.log_index == 3
        assert entry.url == f"{server.url}/api/v1/log/entries?logIndex=3"
        assert entry.promise
        assert entry.proof is not None


@either
async def test_uploading_the_same_again_finds_the_same_entry(made: Made) -> None:
    signer = new_signer()
    async with RekorServer() as server, client(server) as log:
        first = await log.upload(await made(signer))
        second = await log.upload(await made(signer))
        assert (second.uuid, second.log_index, second.body) == (first.uuid, first.log_index, first.body)
        assert server.log.tree.size == 1


async def test_many_uploads_at_once_are_all_logged() -> None:
    async with RekorServer() as server, client(server) as log:
        payloads = [await signed_image(body=b"%d" % number) for number in range(40)]
        entries = await asyncio.gather(*map(log.upload, payloads))
        assert sorted(entry.log_index for entry in entries) == list(range(40))


async def test_an_answer_without_a_proof_is_asked_for_again() -> None:
    async with RekorServer() as server, client(server) as log:
        answered = 0

        def first_without(document: dict[str, Any]) -> None:
            nonlocal answered
            answered += 1
            if answered == 1:
                for entry in document.values():
                    del entry["verification"]["inclusionProof"]

        server.distort = first_without
        assert (await log.upload(await signed_image())).proof is not None


def _other_log(entry: dict[str, Any]) -> None:
    entry["logID"] = "00" * 32


def _other_time(entry: dict[str, Any]) -> None:
    entry["integratedTime"] += 1


def _other_index(entry: dict[str, Any]) -> None:
    entry["logIndex"] += 1


def _other_root(entry: dict[str, Any]) -> None:
    entry["verification"]["inclusionProof"]["rootHash"] = "00" * 32


def _other_place(entry: dict[str, Any]) -> None:
    entry["verification"]["inclusionProof"]["logIndex"] += 1


def _longer_proof(entry: dict[str, Any]) -> None:
    entry["verification"]["inclusionProof"]["hashes"].append("00" * 32)


def _other_checkpoint(entry: dict[str, Any]) -> None:
    proof = entry["verification"]["inclusionProof"]
    proof["checkpoint"] = proof["checkpoint"].replace("rekor.demo", "rekor.dem0", 1)


def _no_promise(entry: dict[str, Any]) -> None:
    del entry["verification"]["signedEntryTimestamp"]


def _other_body(entry: dict[str, Any]) -> None:
    entry["body"] = "e30="


LIES = [
    (_other_log, "is of the log 0000"),
    (_other_time, "signed entry timestamp is not signed by"),
    (_other_index, "signed entry timestamp is not signed by"),
    (_other_root, "does not lead to the root"),
    (_other_place, "inclusion proof"),
    (_longer_proof, "too long"),
    (_other_checkpoint, "checkpoint is not signed by"),
    (_no_promise, "lacks the signed timestamp"),
    (_other_body, "UUID is not the hash"),
]


@pytest.mark.parametrize(("lie", "why"), LIES, ids=[lie.__name__ for lie, _ in LIES])
async def test_an_entry_that_does_not_hold_is_refused_for_good(lie: Callable[[Any], None], why: str) -> None:
    async with RekorServer() as server, client(server) as log:
        await log.upload(await signed_image(body=b"another"))
        server.distort = lambda document: [lie(entry) for entry in document.values()] and None
        with pytest.raises(EdgeError, match=why) as raised:
            await log.upload(await signed_image())
        assert not raised.value.transient
        assert "nothing of it is trusted" in str(raised.value)


async def test_a_log_with_another_key_than_the_one_that_is_known_is_refused_for_good() -> None:
    async with RekorServer() as server:
        async with LogV1(server.url, (LogKey.from_pem(new_signer().public_pem),)) as log:
            with pytest.raises(EdgeError, match="the log's key is known for") as raised:
                await log.upload(await signed_image())
        assert not raised.value.transient


async def test_a_true_entry_about_something_else_is_refused() -> None:
    async with RekorServer() as server, client(server) as log:
        other = await log.upload(await signed_image(body=b"another"))
        server.faults.add(Fault("POST", status=409, headers={"Location": f"/api/v1/log/entries/{other.uuid}"}))
        with pytest.raises(EdgeError, match="about another signature"):
            await log.upload(await signed_image())


@pytest.mark.parametrize(
    ("fault", "transient", "wait"),
    [
        (Fault(status=503, headers={"Retry-After": "7"}), True, 7.0),
        (Fault(status=429), True, None),
        (Fault(status=500, body='{"code":500,"message":"trillian is down"}'), True, None),
        (Fault(status=501), False, None),
        (Fault(status=400, body='{"code":400,"message":"bad entry"}'), False, None),
        (Fault(status=413), False, None),
        (Fault(status=302, headers={"Location": "http://127.0.0.1:1/"}), False, None),
        (Fault(status=200, body="<html>"), True, None),
        (Fault(status=201, body="<html>"), True, None),
        (Fault(status=201, body="{}"), True, None),
        (Fault(status=409), True, None),
        (Fault(cut="before"), True, None),
        (Fault(cut="after"), True, None),
        (Fault(cut="within"), True, None),
    ],
)
async def test_a_failure_says_whether_it_passes(fault: Fault, transient: bool, wait: float | None) -> None:
    async with RekorServer() as server, client(server) as log:
        server.faults.add(fault)
        with pytest.raises(EdgeError, match=r"127\.0\.0\.1") as raised:
            await log.upload(await signed_image())
        assert (raised.value.transient, raised.value.retry_after) == (transient, wait)


async def test_what_the_log_says_of_a_refusal_is_told() -> None:
    async with RekorServer() as server, client(server) as log:
        signed = await signed_image()
        forged = replace(signed, signature=replace(signed.signature, raw=b"forged"))
        with pytest.raises(EdgeError, match=r"answered 400 .*not by the key") as raised:
            await log.upload(forged)
        assert not raised.value.transient
        assert server.log.tree.size == 0


async def test_an_upload_that_was_performed_and_not_answered_is_found_the_next_time() -> None:
    signer = new_signer()
    async with RekorServer() as server, client(server) as log:
        server.faults.add(Fault("POST", cut="after", times=1))
        with pytest.raises(EdgeError):
            await log.upload(await signed_image(signer))
        assert (await log.upload(await signed_image(signer))).log_index == 0
        assert server.log.tree.size == 1


async def test_a_log_that_never_answers_is_not_waited_for() -> None:
    async with RekorServer() as server, client(server, idle=0.05) as log:
        hold = asyncio.Event()
        server.faults.add(Fault(hold=hold))
        with pytest.raises(EdgeError, match="did not answer in time") as raised:
            await log.upload(await signed_image())
        hold.set()
        assert raised.value.transient


async def test_what_is_too_large_is_not_sent() -> None:
    async with RekorServer() as server, client(server, upload=1000) as log:
        everything = server.faults.add(Fault(status=500))
        with pytest.raises(EdgeError, match="1000 are sent at most") as raised:
            await log.upload(await attestation(body=b"[" + b"0," * 1000 + b"0]"))
        assert not raised.value.transient
        assert server.faults.hits(everything) == 0


async def test_an_answer_that_is_too_large_is_not_read() -> None:
    async with RekorServer() as server, client(server, answer=100) as log:
        with pytest.raises(EdgeError, match="more than the 100 bytes"):
            await log.upload(await signed_image())


async def test_a_signature_without_its_key_is_not_uploaded() -> None:
    async with RekorServer() as server, client(server) as log:
        signed = await signed_image()
        with pytest.raises(EdgeError, match="without its public key"):
            await log.upload(replace(signed, signature=replace(signed.signature, public_key=b"")))


async def test_a_log_that_cannot_be_reached_is_a_passing_failure() -> None:
    async with RekorServer() as server:
        gone = client(server)
    async with gone as log:
        with pytest.raises(EdgeError, match="cannot be reached") as raised:
            await log.upload(await signed_image())
        assert raised.value.transient


async def test_each_request_that_failed_is_told_with_its_status() -> None:
    told: list[tuple[str, str, int | None]] = []
    async with RekorServer() as server:
        log = LogV1(server.url, (key_of(server),), reach=Reach(observe=lambda *one: told.append(one)))
        server.faults.add(Fault("POST", status=429, times=1))
        server.faults.add(Fault("POST", cut="before", times=1))
        async with log:
            for _ in range(2):
                with pytest.raises(EdgeError):
                    await log.upload(await signed_image())
            signed = await signed_image()
            # The second time the log says that it has it (409), which is no failure.
            assert (
                (await log.upload(signed)).log_index == (await log.upload(signed)).log_index == server.log.tree.size - 1
            )
    assert told == [("log", server.url, 429), ("log", server.url, None)]
