"""The store against registries that lose, forget, refuse and overtake; the contract has what holds everywhere."""

import asyncio
import gc
import json
import weakref
from dataclasses import replace

import pytest

from chains.artifacts.reference import Digest, ImageReference, Repository
from chains.demo.faults import Fault
from chains.demo.registry.access import Account, Passwords
from chains.demo.registry.lies import Lies
from chains.demo.registry.server import RegistryServer
from chains.errors import EdgeError
from chains.registry.client import RegistryClient
from chains.registry.cosign_images import CosignImages
from chains.registry.credential import Credential
from chains.registry.oci_store import OciStore
from chains.registry.tag_attachment import TRIES
from tests.registry.builders import NOBODY, ORIGIN, Offering, attestation, client, signed_image


def store(registry: RegistryClient, keychain: Offering = NOBODY, repository: Repository | None = None) -> OciStore:
    return OciStore(registry, lambda _: keychain, repository)


async def test_a_payload_without_images_is_stored_nowhere_and_that_is_no_failure() -> None:
    async with client() as registry:
        signed = attestation()
        bare = replace(signed, payload=replace(signed.payload, images=()))
        assert (await store(registry).put(bare, ORIGIN)).locations == ()


async def test_a_write_that_was_acknowledged_and_lost_is_written_again() -> None:
    async with RegistryServer() as server, client() as registry:
        image = server.push_image("team/app", "a")
        server.lies = Lies(lost_manifests=2)
        await store(registry).put(attestation(image), ORIGIN)
        assert len(await CosignImages(registry, NOBODY).attestations(image)) == 1
    assert server.requests["PUT", "manifest"] == 3


async def test_a_registry_that_keeps_losing_writes_is_a_passing_trouble() -> None:
    async with RegistryServer() as server, client() as registry:
        image = server.push_image("team/app", "a")
        server.lies = Lies(lost_manifests=1000)
        with pytest.raises(EdgeError, match="gone again") as raised:
            await store(registry).put(attestation(image), ORIGIN)
    assert raised.value.transient
    assert server.requests["PUT", "manifest"] == TRIES


async def test_a_stale_read_leads_to_the_same_write_again_and_to_no_second_layer() -> None:
    async with RegistryServer() as server, client() as registry:
        image = server.push_image("team/app", "a")
        server.lies = Lies(stale_reads=1)
        await store(registry).put(attestation(image), ORIGIN)
        server.lies = None
        assert len(await CosignImages(registry, NOBODY).attestations(image)) == 1
    assert server.requests["PUT", "manifest"] == 2


async def test_what_an_outside_writer_dropped_is_put_back() -> None:
    async with RegistryServer() as server, client() as registry, client() as outside:
        image = server.push_image("team/app", "a")
        await store(registry).put(attestation(image, key="before"), ORIGIN)
        held = server.faults.add(Fault("GET", r"manifests/.*\.att", spare=1, times=1, hold=asyncio.Event()))
        ours = asyncio.create_task(store(registry).put(attestation(image, key="ours"), ORIGIN))
        tag = f"sha256-{image.digest.hex}.att"
        old = server.manifest("team/app", tag)
        while not server.faults.hits(held):
            await asyncio.sleep(0)
        # Our write is done and its read-back waits: somebody who had read before puts back what was there.
        kind = "application/vnd.oci.image.manifest.v1+json"
        await outside.put_manifest(image.repository, tag, old, kind, NOBODY)
        assert held.hold is not None
        held.hold.set()
        await ours
        found = await CosignImages(registry, NOBODY).attestations(image)
    assert sorted(signed.signature.key_id for signed in found) == ["before", "ours"]


async def test_every_image_is_tried_and_the_failures_are_listed() -> None:
    async with RegistryServer() as server, client() as registry:
        images = [server.push_image(f"team/{name}", name) for name in ("good", "bad", "also")]
        server.faults.add(Fault("PUT", "team/bad/manifests", status=503, headers={"Retry-After": "9"}))
        with pytest.raises(EdgeError, match="1 of 3 images") as raised:
            await store(registry).put(attestation(*images), ORIGIN)
        assert raised.value.transient
        assert raised.value.retry_after == 9
        assert "team/bad" in str(raised.value)
        stored = CosignImages(registry, NOBODY)
        assert [len(await stored.attestations(image)) for image in images] == [1, 0, 1]
        server.faults.add(Fault("PUT", "team/also2", status=400))
        lasting = [images[1], server.push_image("team/also2", "x")]
        with pytest.raises(EdgeError, match="2 of 2 images") as raised:
            await store(registry).put(attestation(*lasting), ORIGIN)
        assert raised.value.transient, "one of them may work the next time"
        with pytest.raises(EdgeError, match="answered 400") as raised:
            await store(registry).put(attestation(lasting[1]), ORIGIN)
        assert not raised.value.transient


async def test_an_image_named_twice_is_attached_to_once() -> None:
    async with RegistryServer() as server, client() as registry:
        image = server.push_image("team/app", "a")
        assert len((await store(registry).put(attestation(image, image), ORIGIN)).locations) == 1


async def test_a_refusal_names_the_service_account_and_no_password() -> None:
    gate = Passwords({"reader": Account("hunter2", {"*": {"pull"}})})
    async with RegistryServer(gate=gate) as server, client() as registry:
        image = server.push_image("team/app", "a")
        with pytest.raises(EdgeError, match="builds/builder") as raised:
            await store(registry, Offering(Credential("reader", "hunter2"))).put(attestation(image), ORIGIN)
    assert not raised.value.transient
    assert "hunter2" not in str(raised.value)
    assert server.address in str(raised.value)


async def test_a_tag_that_is_no_image_is_left_alone() -> None:
    async with RegistryServer() as server, client() as registry:
        image = server.push_image("team/app", "a")
        index = b'{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}'
        tag = f"sha256-{image.digest.hex}.att"
        kind = "application/vnd.oci.image.index.v1+json"
        await registry.put_manifest(image.repository, tag, index, kind, NOBODY)
        with pytest.raises(EdgeError, match="no image manifest") as raised:
            await store(registry).put(attestation(image), ORIGIN)
        assert not raised.value.transient
        assert server.manifest("team/app", tag) == index


async def test_writers_of_one_tag_share_a_lock_that_is_gone_with_the_last_of_them() -> None:
    async with client() as registry:
        repository = Repository("registry.example.com", "a/b")
        first = registry.writer(repository, "t")
        assert registry.writer(repository, "t") is first
        assert registry.writer(repository, "u") is not first
        gone = weakref.ref(first)
        del first
        gc.collect()
        assert gone() is None


async def test_the_config_grows_with_the_layers() -> None:
    async with RegistryServer() as server, client() as registry:
        image = server.push_image("team/app", "a")
        for name in ("one", "two", "three"):
            await store(registry).put(signed_image(image, signature=name.encode()), ORIGIN)
        manifest = json.loads(server.manifest("team/app", f"sha256-{image.digest.hex}.sig"))
        config = json.loads(server.blob(manifest["config"]["digest"]))
    assert config["rootfs"]["diff_ids"] == [layer["digest"] for layer in manifest["layers"]]
    assert len(config["history"]) == 3


async def test_an_image_that_is_not_there_can_be_signed() -> None:
    async with RegistryServer() as server, client() as registry:
        image = ImageReference(Repository(server.address, "team/gone"), Digest("sha256", "c3" * 32))
        await store(registry).put(signed_image(image), ORIGIN)
        assert len(await CosignImages(registry, NOBODY).signatures(image)) == 1
