"""What a store of signed payloads keeps to, whichever registry it writes to."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import pytest_asyncio

from chains.artifacts.reference import Digest, ImageReference, Repository
from chains.demo.registry.server import RegistryServer
from chains.errors import EdgeError
from chains.payloads.payload import SignedPayload
from chains.registry.client import RegistryClient
from chains.registry.cosign_images import CosignImages
from chains.registry.cosign_layout import OCI_MANIFEST
from chains.registry.oci_store import OciStore
from tests.registry.builders import CAPTURES, NOBODY, ORIGIN, attestation, client, signed_image

RECORDED = Digest("sha256", "10ebfa665c35045e5f65e45ec8bbc542ad0047a13e32b3e3b7f548dca80f3351")


class Place:
    """One registry, a client to it, and the two sides of the store."""

    def __init__(self, address: str, registry: RegistryClient) -> None:
        self.registry = registry
        self.image = ImageReference(Repository(address, "team/app"), RECORDED)
        self.elsewhere = Repository(address, "team/signatures")
        self.store = OciStore(registry, lambda _: NOBODY)
        self.stored = CosignImages(registry, NOBODY)

    async def put(self, *payloads: SignedPayload) -> None:
        for signed in payloads:
            await self.store.put(signed, ORIGIN)

    async def manifest(self, suffix: str, repository: Repository | None = None) -> dict[str, Any]:
        found = await self.registry.get_manifest(
            repository or self.image.repository, f"sha256-{RECORDED.hex}.{suffix}", NOBODY
        )
        assert found is not None
        document = json.loads(found.body)
        assert isinstance(document, dict)
        return document

    async def push_recorded(self, kind: str, *blobs: str) -> None:
        """Put what cosign wrote under its tag."""
        for name in (*blobs, f"{kind}.config"):
            await self.registry.put_blob(self.image.repository, (CAPTURES / f"{name}.json").read_bytes(), NOBODY)
        body = (CAPTURES / f"{kind}.manifest.json").read_bytes()
        tag = f"sha256-{RECORDED.hex}.{kind[:3]}"
        await self.registry.put_manifest(self.image.repository, tag, body, OCI_MANIFEST, NOBODY)


@pytest_asyncio.fixture
async def place(registry_address: str) -> AsyncIterator[Place]:
    async with client() as registry:
        yield Place(registry_address, registry)


@asynccontextmanager
async def second_process(place: Place) -> AsyncIterator[Place]:
    """A client with locks of its own."""
    async with client() as registry:
        yield Place(place.image.repository.registry, registry)


async def test_exact_bytes_come_back(place: Place) -> None:
    signed = signed_image(place.image, body=b'{"critical":{"identity":{"docker-reference":"\xc3\xa9<&>"}}}')
    attested = attestation(place.image, body=b'{ "predicateType" : "t", "x": "\xe2\x80\xa8<&>" }')
    await place.put(signed, attested)
    (signature,), (found,) = await place.stored.signatures(place.image), await place.stored.attestations(place.image)
    assert signature.payload.body == signed.payload.body
    assert signature.signature.raw == signed.signature.raw
    assert found.envelope == attested.envelope
    assert found.payload.body == attested.payload.body


async def test_a_location_names_repository_tag_and_layer(place: Place) -> None:
    signed = attestation(place.image)
    layer = hashlib.sha256(signed.envelope or b"").hexdigest()
    stored = await place.store.put(signed, ORIGIN)
    assert stored.locations == (f"{place.image.repository}:sha256-{RECORDED.hex}.att@sha256:{layer}",)


async def test_what_is_there_is_appended_to_and_stays_in_order(place: Place) -> None:
    await place.push_recorded("attestations", "attestation-1", "attestation-2")
    before = await place.manifest("att")
    await place.put(attestation(place.image, key="one"), attestation(place.image, key="two"))
    after = await place.manifest("att")
    assert after["layers"][:2] == before["layers"]
    assert len(after["layers"]) == 4
    assert {name: after[name] for name in before if name not in ("layers", "config")} == {
        name: before[name] for name in before if name not in ("layers", "config")
    }


async def test_a_foreign_signature_over_our_payload_is_not_taken_for_ours(place: Place) -> None:
    await place.push_recorded("signatures", "signature-1")
    body = (CAPTURES / "signature-1.json").read_bytes()
    await place.put(signed_image(place.image, signature=b"ours", body=body))
    found = await place.stored.signatures(place.image)
    assert [one.payload.body for one in found] == [body, body]
    assert found[1].signature.raw == b"ours"


async def test_the_same_layer_is_never_there_twice(place: Place) -> None:
    signed, attested = signed_image(place.image), attestation(place.image)
    await place.put(signed, attested)
    before = await place.manifest("sig"), await place.manifest("att")
    await place.put(signed, attested, signed, attested)
    assert (await place.manifest("sig"), await place.manifest("att")) == before


async def test_an_override_is_read_and_written_and_the_images_repository_is_not(place: Place) -> None:
    store = OciStore(place.registry, lambda _: NOBODY, place.elsewhere)
    for key in ("one", "two", "three"):
        await store.put(attestation(place.image, key=key), ORIGIN)
    assert len((await place.manifest("att", place.elsewhere))["layers"]) == 3
    assert await place.stored.attestations(place.image) == ()


async def test_32_writers_at_once_keep_all_32(place: Place) -> None:
    await asyncio.gather(*(place.put(attestation(place.image, key=f"{number:02}")) for number in range(32)))
    found = await place.stored.attestations(place.image)
    assert sorted(one.signature.key_id for one in found) == [f"{number:02}" for number in range(32)]


async def test_a_writer_that_was_overtaken_finds_out_and_tries_again(place: Place) -> None:
    async def insist(target: Place, signed: SignedPayload) -> None:
        for _ in range(20):
            try:
                await target.put(signed)
            except EdgeError as error:
                if not error.transient:
                    raise
            else:
                return

    async with second_process(place) as other:
        ours = [attestation(place.image, key=f"a{number}") for number in range(8)]
        theirs = [attestation(place.image, key=f"b{number}") for number in range(8)]
        await asyncio.gather(*(insist(place, one) for one in ours), *(insist(other, one) for one in theirs))
        # Who wrote last before us may have dropped what we had read back; whoever puts again mends it.
        for signed in (*ours, *theirs):
            await place.put(signed)
    found = await place.stored.attestations(place.image)
    assert sorted(one.signature.key_id for one in found) == sorted(
        [f"a{n}" for n in range(8)] + [f"b{n}" for n in range(8)]
    )


@pytest.mark.parametrize("first", [True, False])
async def test_a_first_signature_and_attestation_take_14_requests(first: bool) -> None:
    async with RegistryServer() as server, client() as registry:
        place = Place(server.address, registry)
        if not first:
            await place.put(attestation(ImageReference(Repository(server.address, "team/other"), RECORDED)))
            server.requests.reset()
        await asyncio.gather(place.put(signed_image(place.image)), place.put(attestation(place.image)))
    assert server.requests.total() <= 14, server.requests
    assert not server.requests["HEAD", "blob"]


async def test_storing_again_takes_one_request_each() -> None:
    async with RegistryServer() as server, client() as registry:
        place = Place(server.address, registry)
        signed, attested = signed_image(place.image), attestation(place.image)
        await place.put(signed, attested)
        server.requests.reset()
        await place.put(signed, attested)
    assert server.requests == {("GET", "manifest"): 2}
