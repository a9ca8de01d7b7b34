"""Searching the log for what somebody else put there."""

import base64
import hashlib
from dataclasses import replace

import msgspec
import pytest

from chains.demo.rekor.server import RekorServer
from chains.errors import EdgeError, VerificationError
from chains.keys.generate import new_signer
from chains.payloads.payload import SignedPayload
from chains.rekor.search import LogSearch
from tests.rekor.builders import attestation, client, key_of, signed_image


def search(server: RekorServer) -> LogSearch:
    return LogSearch(server.url, (key_of(server),))


def as_stored(signed: SignedPayload) -> SignedPayload:
    """What an auditor has of it: neither the key nor the entry."""
    return replace(signed, signature=replace(signed.signature, public_key=b""), log_entry=None)


def intoto_entry(signed: SignedPayload, public_key: bytes) -> bytes:
    """An entry of the kind that cosign 2 made of attestations."""
    assert signed.envelope is not None
    content = {
        "hash": {"algorithm": "sha256", "value": hashlib.sha256(signed.envelope).hexdigest()},
        "payloadHash": {"algorithm": "sha256", "value": hashlib.sha256(signed.payload.body).hexdigest()},
    }
    spec = {"content": content, "publicKey": base64.b64encode(public_key).decode()}
    return msgspec.json.encode({"apiVersion": "0.0.1", "kind": "intoto", "spec": spec})


@pytest.mark.parametrize("make", [signed_image, attestation])
async def test_what_was_uploaded_is_found_without_knowing_where(make) -> None:
    signer = new_signer()
    signed = await make(signer)
    async with RekorServer() as server, client(server) as log, search(server) as searched:
        await log.upload(await make())
        uploaded = await log.upload(signed)
        found = await searched.find(as_stored(signed), signer.public_pem)
        assert found is not None
        assert (found.uuid, found.url) == (uploaded.uuid, uploaded.url)


async def test_an_entry_of_a_kind_that_is_not_proposed_any_more_is_found_by_the_payload() -> None:
    signer = new_signer()
    signed = await attestation(signer)
    async with RekorServer() as server, search(server) as searched:
        for _ in range(12):  # more than one search may ask for, and the right one among them
            server.log.add(intoto_entry(signed, new_signer().public_pem), 1)
        server.log.add(intoto_entry(signed, signer.public_pem), 2)
        found = await searched.find(as_stored(signed), signer.public_pem)
        assert found is not None
        assert found.log_index == 12


async def test_the_earliest_of_several_counts() -> None:
    signer = new_signer()
    signed = await attestation(signer)
    async with RekorServer() as server, search(server) as searched:
        body = intoto_entry(signed, signer.public_pem)
        for body_again, moment in ((body, 30), (body + b" ", 10), (body + b"  ", 20)):
            server.log.add(body_again, moment)
        found = await searched.find(as_stored(signed), signer.public_pem)
        assert found is not None
        assert found.integrated_time == 10


async def test_what_was_never_uploaded_is_not_found() -> None:
    signer = new_signer()
    async with RekorServer() as server, client(server) as log, search(server) as searched:
        await log.upload(await signed_image(new_signer()))
        assert await searched.find(await signed_image(signer, b"{}"), signer.public_pem) is None


@pytest.mark.parametrize("member", ["signedEntryTimestamp", "inclusionProof"])
async def test_an_answer_without_proof_is_not_believed(member: str) -> None:
    signer = new_signer()
    signed = await signed_image(signer)
    async with RekorServer() as server, client(server) as log, search(server) as searched:
        await log.upload(signed)
        server.distort = lambda document: [entry["verification"].pop(member) for entry in document.values()]
        with pytest.raises(VerificationError, match="lacks the signed timestamp or the inclusion proof"):
            await searched.find(as_stored(signed), signer.public_pem)


async def test_an_entry_that_is_about_something_else_is_not_believed() -> None:
    signer = new_signer()
    signed, other = await signed_image(signer), await signed_image(signer, b"{}")
    async with RekorServer() as server, client(server) as log, search(server) as searched:
        await log.upload(signed)
        document: dict = {}
        server.distort = document.update
        await log.upload(other)
        server.distort = lambda found: (found.clear(), found.update(document))
        with pytest.raises(VerificationError, match="about another signature"):
            await searched.find(as_stored(signed), signer.public_pem)


async def test_a_log_that_does_not_answer_is_named() -> None:
    signer = new_signer()
    async with LogSearch("http://127.0.0.1:9", ()) as searched:
        with pytest.raises(EdgeError, match=r"127\.0\.0\.1:9 cannot be reached"):
            await searched.find(await signed_image(signer), signer.public_pem)
