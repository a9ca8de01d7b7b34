"""Reading what stands beside an image: ours, cosign's, and garbage."""

import base64
import json

import pytest

from chains.artifacts.reference import Digest, ImageReference, Repository
from chains.demo.faults import Fault
from chains.demo.registry.server import RegistryServer
from chains.errors import EdgeError
from chains.registry.client import RegistryClient
from chains.registry.cosign_images import CosignImages
from chains.registry.cosign_layout import EMPTY, OCI_MANIFEST, SIGNATURE_KEY, Layer, append_layer
from chains.registry.oci_store import OciStore
from tests.registry.builders import CAPTURES, LOGGED, NOBODY, ORIGIN, attestation, client, signed_image

RECORDED = Digest("sha256", "10ebfa665c35045e5f65e45ec8bbc542ad0047a13e32b3e3b7f548dca80f3351")


async def push(registry: RegistryClient, repository: Repository, tag: str, *layers: Layer) -> None:
    """Push a tag with these layers."""
    image = EMPTY
    for layer in layers:
        await registry.put_blob(repository, layer.body, NOBODY)
        image = append_layer(image, layer)
    assert image.config is not None
    await registry.put_blob(repository, image.config, NOBODY)
    await registry.put_manifest(repository, tag, image.manifest, OCI_MANIFEST, NOBODY)


def layer(body: bytes, **annotations: str) -> Layer:
    return Layer(body, "application/octet-stream", tuple(annotations.items()))


async def test_an_image_with_nothing_beside_it_has_nothing() -> None:
    async with RegistryServer() as server, client() as registry:
        image = server.push_image("team/app", "a")
        found = CosignImages(registry, NOBODY)
        assert await found.signatures(image) == ()
        assert await found.attestations(image) == ()


async def test_what_cosign_wrote_is_read() -> None:
    async with RegistryServer() as server, client() as registry:
        image = ImageReference(Repository(server.address, "c25/app"), RECORDED)
        for kind, names in (("attestations", ["attestation-1", "attestation-2"]), ("signatures", ["signature-1"])):
            for name in (*names, f"{kind}.config"):
                await registry.put_blob(image.repository, (CAPTURES / f"{name}.json").read_bytes(), NOBODY)
            tag = f"sha256-{RECORDED.hex}.{kind[:3]}"
            body = (CAPTURES / f"{kind}.manifest.json").read_bytes()
            await registry.put_manifest(image.repository, tag, body, OCI_MANIFEST, NOBODY)
        stored = CosignImages(registry, NOBODY)
        (signature,) = await stored.signatures(image)
        attestations = await stored.attestations(image)
    annotations = json.loads((CAPTURES / "signatures.manifest.json").read_bytes())["layers"][0]["annotations"]
    assert signature.payload.body == (CAPTURES / "signature-1.json").read_bytes()
    assert signature.signature.raw == base64.b64decode(annotations[SIGNATURE_KEY])
    assert [one.payload.predicate_type for one in attestations] == [
        "https://slsa.dev/provenance/v0.2",
        "https://slsa.dev/provenance/v1",
    ]
    assert [one.envelope for one in attestations] == [
        (CAPTURES / f"attestation-{number}.json").read_bytes() for number in (1, 2)
    ]


async def test_what_the_store_wrote_is_read_back_the_same() -> None:
    async with RegistryServer() as server, client() as registry:
        image = server.push_image("team/app", "a")
        store, stored = OciStore(registry, lambda _: NOBODY), CosignImages(registry, NOBODY)
        signed, attested = signed_image(image, logged=LOGGED), attestation(image)
        await store.put(signed, ORIGIN)
        await store.put(attested, ORIGIN)
        (signature,), (found,) = await stored.signatures(image), await stored.attestations(image)
    assert (signature.payload.body, signature.signature.raw) == (signed.payload.body, signed.signature.raw)
    assert signature.log_entry == LOGGED
    assert (found.envelope, found.signature) == (attested.envelope, attested.signature)
    assert found.payload.body == attested.payload.body


async def test_each_signature_of_an_envelope_is_one_candidate() -> None:
    two = {"payloadType": "t", "payload": "e30=", "signatures": [{"sig": "YQ=="}, {"sig": "Yg==", "keyid": "k"}]}
    async with RegistryServer() as server, client() as registry:
        image = server.push_image("team/app", "a")
        await push(
            registry,
            image.repository,
            f"sha256-{image.digest.hex}.att",
            layer(json.dumps(two).encode(), **{SIGNATURE_KEY: ""}),
        )
        found = await CosignImages(registry, NOBODY).attestations(image)
    assert [(one.signature.raw, one.signature.key_id) for one in found] == [(b"a", ""), (b"b", "k")]


async def test_garbage_beside_a_good_layer_is_counted_and_no_failure() -> None:
    good = attestation()
    assert good.envelope is not None
    async with RegistryServer() as server, client() as registry:
        image = server.push_image("team/app", "a")
        tag = f"sha256-{image.digest.hex}"
        garbage = [b"garbage", good.envelope, b"{}", b'{"payloadType":1}', b"\xff"]
        await push(registry, image.repository, f"{tag}.att", *(layer(body, **{SIGNATURE_KEY: ""}) for body in garbage))
        unsigned = [layer(b"a"), layer(b"b", **{SIGNATURE_KEY: "%%"}), layer(b"c", **{SIGNATURE_KEY: "eA=="})]
        await push(registry, image.repository, f"{tag}.sig", *unsigned)
        stored = CosignImages(registry, NOBODY)
        attestations, signatures = await stored.find_attestations(image), await stored.find_signatures(image)
    assert [one.signed[0].envelope if one.signed else None for one in attestations] == [
        None,
        good.envelope,
        *[None] * 3,
    ]
    assert [one.signed[0].signature.raw if one.signed else None for one in signatures] == [None, None, b"x"]
    assert all(one.fault for one in (*attestations, *signatures) if not one.signed)


async def test_a_blob_that_is_gone_is_counted_and_a_passing_trouble_is_raised() -> None:
    async with RegistryServer() as server, client() as registry:
        image = server.push_image("team/app", "a")
        await OciStore(registry, lambda _: NOBODY).put(attestation(image), ORIGIN)
        server.faults.add(Fault("GET", "/blobs/", status=404, times=1))
        server.faults.add(Fault("GET", "/blobs/", status=503))
        found = await CosignImages(registry, NOBODY).find_attestations(image)
        assert [bool(one.fault) for one in found] == [True]
        with pytest.raises(EdgeError) as raised:
            await CosignImages(registry, NOBODY).attestations(image)
    assert raised.value.transient


async def test_a_blob_larger_than_its_descriptor_says_is_not_read() -> None:
    async with RegistryServer() as server, client(blob=10) as registry:
        image = server.push_image("team/app", "a")
        await OciStore(registry, lambda _: NOBODY).put(attestation(image), ORIGIN)
        found = await CosignImages(registry, NOBODY).find_attestations(image)
    assert [bool(one.fault) for one in found] == [True]


async def test_a_tag_with_too_many_layers_or_none_is_refused_in_a_sentence() -> None:
    one = (
        '{"mediaType":"t","size":2,"digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"}'
    )
    async with RegistryServer() as server, client() as registry:
        image = server.push_image("team/app", "a")
        await registry.put_blob(image.repository, b"{}", NOBODY)
        tag = f"sha256-{image.digest.hex}.sig"
        body = f'{{"schemaVersion":2,"mediaType":"{OCI_MANIFEST}","config":{one},"layers":[{",".join([one] * 1001)}]}}'
        await registry.put_manifest(image.repository, tag, body.encode(), OCI_MANIFEST, NOBODY)
        with pytest.raises(EdgeError, match="1001"):
            await CosignImages(registry, NOBODY).signatures(image)
        kind = "application/vnd.oci.image.index.v1+json"
        index = f'{{"schemaVersion":2,"mediaType":"{kind}","manifests":[]}}'.encode()
        await registry.put_manifest(image.repository, tag, index, kind, NOBODY)
        with pytest.raises(EdgeError, match="no image manifest"):
            await CosignImages(registry, NOBODY).signatures(image)


async def test_another_repository_is_read_when_one_is_set() -> None:
    async with RegistryServer() as server, client() as registry:
        image = server.push_image("team/app", "a")
        elsewhere = Repository(server.address, "team/signatures")
        await OciStore(registry, lambda _: NOBODY, elsewhere).put(attestation(image), ORIGIN)
        assert len(await CosignImages(registry, NOBODY, elsewhere).attestations(image)) == 1
        assert await CosignImages(registry, NOBODY).attestations(image) == ()
