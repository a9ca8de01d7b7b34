"""What the store keeps to where it keeps Sigstore bundles, with and without a registry's own list of referrers."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio

from chains.artifacts.reference import Digest, ImageReference, Repository
from chains.demo.registry.behaviour import DISTRIBUTION_2_8, GO_CONTAINERREGISTRY, Behaviour
from chains.demo.registry.documents import OCI_INDEX, OCI_MANIFEST
from chains.demo.registry.images import image as made_image
from chains.demo.registry.server import RegistryServer
from chains.errors import EdgeError
from chains.keys.generate import new_signer
from chains.payloads.payload import COSIGN_SIGN, IN_TOTO, InclusionProof, Payload, SignedPayload
from chains.payloads.sigstore_bundle import BUNDLE
from chains.registry.client import RegistryClient
from chains.registry.cosign_images import CosignImages
from chains.registry.oci_store import OciStore
from chains.registry.referrer_lists import list_referrers
from tests.peers.bench import REAL_REGISTRIES
from tests.registry.builders import LOGGED, NOBODY, ORIGIN, client, signed_image
from tests.rekor.builders import attestation

# Who reads bundles as cosign does passes over entries that nothing proves.
PROVEN = replace(LOGGED, proof=InclusionProof(0, 1, b"r" * 32, (), "a log\n1\nroot\n"))

ENDED = "2026-05-01T08:02:03Z"


class Place:
    """One registry with an image in it, a client to it, and a store that writes bundles."""

    def __init__(self, address: str, registry: RegistryClient) -> None:
        self.registry = registry
        self.repository = Repository(address, "team/app")
        self.store = OciStore(registry, lambda _: NOBODY, tags=False, bundles=True)
        self.both = OciStore(registry, lambda _: NOBODY, tags=True, bundles=True)
        self.stored = CosignImages(registry, NOBODY)
        self.signer = new_signer()

    async def push(self) -> ImageReference:
        made = made_image("one", "amd64")
        for blob in (made.layer, made.config):
            await self.registry.put_blob(self.repository, blob, NOBODY)
        digest = await self.registry.put_manifest(self.repository, "v1", made.manifest, OCI_MANIFEST, NOBODY)
        return ImageReference(self.repository, digest)

    async def statement(self, body: str = "one", kind: str = "t", created: str = ENDED) -> SignedPayload:
        """A signed statement about the image; the key, and so the signature, stay the same."""
        image = await self.push()
        signed = await attestation(self.signer, json.dumps({"predicateType": kind, "predicate": body}).encode())
        payload = Payload(signed.payload.body, IN_TOTO, kind, "run", (image,), created)
        return replace(signed, payload=payload)

    async def listed(self, image: ImageReference) -> list[dict[str, Any]]:
        """The manifests that refer to the image, as they are stored."""
        found = await list_referrers(self.registry, self.repository, image.digest, NOBODY, writing=False)
        documents = []
        for one in found.listed:
            manifest = await self.registry.get_manifest(self.repository, Digest.parse(one.digest), NOBODY)
            assert manifest is not None
            documents.append(json.loads(manifest.body) | {"listed as": one})
        return documents


EMBEDDED = {
    "native": Behaviour(referrers_page=2),
    "native, typed by config": GO_CONTAINERREGISTRY,
    "fallback": DISTRIBUTION_2_8,
}
REAL = [pytest.param(name, marks=pytest.mark.peers) for name in REAL_REGISTRIES]


@pytest_asyncio.fixture(params=[*EMBEDDED, *REAL])
async def place(request: pytest.FixtureRequest, tmp_path: Any) -> AsyncIterator[Place]:
    async with client() as registry:
        if request.param in REAL_REGISTRIES:
            async with REAL_REGISTRIES[request.param](tmp_path) as address:
                yield Place(address, registry)
        else:
            async with RegistryServer(EMBEDDED[request.param]) as server:
                yield Place(server.address, registry)


async def test_a_bundle_refers_to_its_image_as_cosign_writes_it(place: Place) -> None:
    signed = await place.statement()
    [image] = signed.payload.images
    stored = await place.store.put(signed, ORIGIN)
    [found] = await place.listed(image)
    listed = found.pop("listed as")
    assert found["artifactType"] == BUNDLE
    assert listed.artifact_type in (BUNDLE, found["config"]["mediaType"])
    assert (
        found["annotations"]
        == listed.annotations
        == {
            "dev.sigstore.bundle.content": "dsse-envelope",
            "dev.sigstore.bundle.predicateType": "t",
            "org.opencontainers.image.created": ENDED,
        }
    )
    assert found["subject"]["digest"] == str(image.digest)
    assert found["config"] == {
        "mediaType": "application/vnd.oci.empty.v1+json",
        "size": 2,
        "digest": "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
        "artifactType": BUNDLE,
    }
    assert [layer["mediaType"] for layer in found["layers"]] == [BUNDLE]
    assert stored.written
    assert stored.locations[0].startswith(str(image))


async def test_what_is_stored_is_read_back_the_same(place: Place) -> None:
    signed = replace(await place.statement(), log_entry=PROVEN)
    await place.store.put(signed, ORIGIN)
    [found] = await place.stored.attestations(signed.payload.images[0])
    assert (found.payload.body, found.signature.raw, found.log_entry) == (
        signed.payload.body,
        signed.signature.raw,
        PROVEN,
    )
    assert found.signature.key_id == ""


async def test_storing_again_writes_nothing(place: Place) -> None:
    signed = await place.statement()
    await place.store.put(signed, ORIGIN)
    assert not (await place.store.put(signed, ORIGIN)).written
    assert len(await place.listed(signed.payload.images[0])) == 1


async def test_a_log_entry_that_was_fetched_anew_makes_no_second_bundle_and_the_first_entry_does(place: Place) -> None:
    signed = await place.statement()
    for entry, written in ((None, True), (LOGGED, True), (replace(LOGGED, promise=b"signed again"), False)):
        assert (await place.store.put(replace(signed, log_entry=entry), ORIGIN)).written is written
    assert not (await place.store.put(signed, ORIGIN)).written
    assert len(await place.listed(signed.payload.images[0])) == 2


async def test_many_runs_that_attest_one_image_at_once_are_all_listed(place: Place) -> None:
    payloads = [await place.statement(str(number), created=f"2026-05-01T08:00:{number:02}Z") for number in range(12)]
    await asyncio.gather(*(place.store.put(signed, ORIGIN) for signed in payloads))
    image = payloads[0].payload.images[0]
    assert len(await place.listed(image)) == 12
    assert {one.payload.body for one in await place.stored.attestations(image)} == {
        one.payload.body for one in payloads
    }


async def test_a_signature_of_the_image_by_two_runs_is_one_bundle(place: Place) -> None:
    first = await place.statement(kind=COSIGN_SIGN)
    await place.store.put(first, ORIGIN)
    second = await place.statement(kind=COSIGN_SIGN, created="2026-05-02T08:02:03Z")
    assert not (await place.store.put(second, ORIGIN)).written
    image = first.payload.images[0]
    assert len(await place.stored.signatures(image)) == 1
    assert await place.stored.attestations(image) == ()


async def test_a_store_of_both_keeps_a_statement_twice_and_a_bare_signature_under_its_tag_only(place: Place) -> None:
    signed = await place.statement()
    image = signed.payload.images[0]
    stored = await place.both.put(signed, ORIGIN)
    await place.both.put(signed_image(image), ORIGIN)
    assert len(stored.locations) == 2
    assert len(await place.stored.attestations(image)) == 2
    assert len(await place.listed(image)) == 1


async def test_a_foreign_bundle_hides_nothing_of_ours(place: Place) -> None:
    ours, image = signed_image(await place.push()), await place.push()
    tags = OciStore(place.registry, lambda _: NOBODY)
    await tags.put(ours, ORIGIN)
    foreign = await place.statement(kind=COSIGN_SIGN)
    await place.store.put(foreign, ORIGIN)
    assert [one.payload.body for one in await place.stored.signatures(image)] == [
        ours.payload.body,
        foreign.payload.body,
    ]


async def test_a_bundle_needs_its_image(place: Place) -> None:
    signed = await place.statement()
    gone = ImageReference(place.repository, Digest("sha256", "c3" * 32))
    with pytest.raises(EdgeError, match="is not there, and a Sigstore bundle names its size") as raised:
        await place.store.put(replace(signed, payload=replace(signed.payload, images=(gone,))), ORIGIN)
    assert not raised.value.transient


async def test_a_bundle_needs_the_public_key(place: Place) -> None:
    signed = await place.statement()
    with pytest.raises(EdgeError, match="needs the certificate or the public key"):
        await place.store.put(replace(signed, signature=replace(signed.signature, public_key=b"")), ORIGIN)


async def test_everything_may_go_into_one_repository(place: Place) -> None:
    signed, shelf = await place.statement(), Repository(place.repository.registry, "security/signatures")
    [image] = signed.payload.images
    store = OciStore(place.registry, lambda _: NOBODY, shelf, tags=False, bundles=True)
    await store.put(signed, ORIGIN)
    assert len(await CosignImages(place.registry, NOBODY, shelf).attestations(image)) == 1
    assert await place.stored.attestations(image) == ()


async def test_what_others_listed_under_the_fallback_tag_stays_and_an_orphan_is_listed_again() -> None:
    async with RegistryServer(DISTRIBUTION_2_8) as server, client() as registry:
        place = Place(server.address, registry)
        signed = await place.statement()
        [image] = signed.payload.images
        tag, size = f"sha256-{image.digest.hex}", len(made_image("one", "amd64").manifest)
        listed = f'{{"size":{size} ,"digest":"{image.digest}","mediaType":"{OCI_MANIFEST}"}}'
        foreign = (
            f'{{"schemaVersion":2,"mediaType":"{OCI_INDEX}","annotations":{{"z":"1"}},"manifests":[{listed}]}}'.encode()
        )
        for _ in range(2):
            await registry.put_manifest(place.repository, tag, foreign, OCI_INDEX, NOBODY)
            assert (await place.store.put(signed, ORIGIN)).written
            index = json.loads(server.manifest("team/app", tag))
            assert index["annotations"] == {"z": "1"}
            assert foreign[:-2] in server.manifest("team/app", tag)
            assert [one.get("artifactType", "") for one in index["manifests"]] == ["", BUNDLE]


async def test_a_fallback_tag_that_is_an_image_is_left_alone() -> None:
    async with RegistryServer(DISTRIBUTION_2_8) as server, client() as registry:
        place = Place(server.address, registry)
        signed = await place.statement()
        tag = f"sha256-{signed.payload.images[0].digest.hex}"
        made = made_image("one", "amd64")
        await registry.put_manifest(place.repository, tag, made.manifest, OCI_MANIFEST, NOBODY)
        with pytest.raises(EdgeError, match="it is no index"):
            await place.store.put(signed, ORIGIN)
        assert server.manifest("team/app", tag) == made.manifest
        assert await place.stored.attestations(signed.payload.images[0]) == ()
