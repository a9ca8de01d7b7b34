"""What an index lists, as a registry tells it."""

import json

import pytest
from aiohttp import web

from chains.artifacts.reference import Digest, ImageReference, Repository
from chains.demo.registry.documents import OCI_INDEX, OCI_MANIFEST
from chains.demo.registry.images import descriptor, image, index
from chains.demo.registry.server import RegistryServer
from chains.errors import EdgeError
from chains.registry.client import RegistryClient
from chains.registry.indexes import MOST_CHILDREN, MOST_INDEXES, IndexReader
from tests.registry.builders import NOBODY, ORIGIN, client, scripted

DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
IMAGES = {name: image(name, name) for name in ("amd64", "arm64")}


def digest_of(content: bytes, media_type: str = OCI_MANIFEST) -> Digest:
    return Digest.parse(str(descriptor(media_type, content)["digest"]))


def listing(*children: bytes, media_type: str = OCI_INDEX) -> bytes:
    """An index of indexes."""
    listed = [descriptor(media_type, child) for child in children]
    return json.dumps({"schemaVersion": 2, "mediaType": media_type, "manifests": listed}).encode()


async def pushed(registry: RegistryClient, address: str, body: bytes, media_type: str = OCI_INDEX) -> ImageReference:
    """Push a manifest after the images that it may list."""
    repository = Repository(address, "team/app")
    for made in IMAGES.values():
        for blob in (made.layer, made.config):
            await registry.put_blob(repository, blob, NOBODY)
        await registry.put_manifest(repository, digest_of(made.manifest), made.manifest, OCI_MANIFEST, NOBODY)
    digest = digest_of(body, media_type)
    await registry.put_manifest(repository, digest, body, media_type, NOBODY)
    return ImageReference(repository, digest)


async def children_of(body: bytes, *before: bytes, media_type: str = OCI_INDEX) -> tuple[Digest, ...]:
    async with RegistryServer() as server, client() as registry:
        for one in before:
            await pushed(registry, server.address, one, media_type)
        reference = await pushed(registry, server.address, body, media_type)
        return await IndexReader(registry, lambda _: NOBODY).children(reference, ORIGIN)


@pytest.mark.parametrize("media_type", [OCI_INDEX, DOCKER_LIST])
async def test_an_index_of_either_kind_lists_its_images_in_order(media_type: str) -> None:
    body = index(IMAGES).replace(OCI_INDEX.encode(), media_type.encode())
    assert await children_of(body, media_type=media_type) == tuple(digest_of(one.manifest) for one in IMAGES.values())


async def test_an_image_lists_nothing_and_neither_does_what_is_not_there() -> None:
    assert await children_of(IMAGES["amd64"].manifest, media_type=OCI_MANIFEST) == ()
    async with RegistryServer() as server, client() as registry:
        absent = ImageReference(Repository(server.address, "team/app"), Digest("sha256", "a1" * 32))
        assert await IndexReader(registry, lambda _: NOBODY).children(absent, ORIGIN) == ()


async def test_an_index_inside_an_index_is_listed_with_what_it_lists_each_once() -> None:
    inner = index(IMAGES)
    expected = (digest_of(inner, OCI_INDEX), *(digest_of(one.manifest) for one in IMAGES.values()))
    assert await children_of(listing(inner, inner), inner) == expected


async def test_no_more_than_so_many_are_listed() -> None:
    many = index({f"arch{number}": image(str(number)) for number in range(MOST_CHILDREN + 1)})
    nested = [listing(index({"amd64": IMAGES["amd64"]}))]
    for _ in range(MOST_INDEXES):
        nested.append(listing(nested[-1]))
    first = index({"amd64": IMAGES["amd64"]})
    with pytest.raises(EdgeError, match="lists more than 128 images or 15 indexes") as raised:
        await children_of(nested[-1], first, *nested[:-1])
    assert not raised.value.transient
    with pytest.raises(EdgeError, match="lists more than 128 images"):
        await _children_of_a_registry_that_says(many)


@pytest.mark.parametrize("body", [b"[]", b'{"manifests":[{"digest":"sha256:abc"}]}', b'{"manifests":[{}]}'])
async def test_an_index_that_cannot_be_read_is_a_lasting_failure(body: bytes) -> None:
    with pytest.raises(EdgeError, match="cannot be read") as raised:
        await _children_of_a_registry_that_says(body)
    assert not raised.value.transient


@pytest.mark.parametrize("served", [OCI_MANIFEST, "application/octet-stream", ""])
@pytest.mark.parametrize("told", [OCI_INDEX, DOCKER_LIST, OCI_MANIFEST, None])
async def test_an_index_is_one_by_its_bytes_whatever_it_is_served_as(told: str | None, served: str) -> None:
    document = json.loads(index(IMAGES)) | {"mediaType": told}
    body = json.dumps({name: value for name, value in document.items() if value is not None}).encode()
    listed = await _children_of_a_registry_that_says(body, served)
    assert listed == tuple(digest_of(one.manifest) for one in IMAGES.values())


@pytest.mark.parametrize("served", [OCI_INDEX, OCI_MANIFEST])
async def test_an_image_is_one_by_its_bytes_whatever_it_is_served_as(served: str) -> None:
    assert await _children_of_a_registry_that_says(IMAGES["amd64"].manifest, served) == ()


@pytest.mark.parametrize("served", [OCI_INDEX, OCI_MANIFEST])
async def test_a_document_of_another_type_lists_nothing(served: str) -> None:
    body = json.dumps(json.loads(index(IMAGES)) | {"mediaType": "application/vnd.example.catalogue+json"}).encode()
    assert await _children_of_a_registry_that_says(body, served) == ()


@pytest.mark.parametrize("also", ["layers", "config"])
async def test_what_is_an_image_and_an_index_at_once_is_a_lasting_failure(also: str) -> None:
    image_too = json.loads(IMAGES["amd64"].manifest)[also]
    with pytest.raises(EdgeError, match="an image and an index at once") as raised:
        await _children_of_a_registry_that_says(json.dumps(json.loads(index(IMAGES)) | {also: image_too}).encode())
    assert not raised.value.transient


@pytest.mark.parametrize("algorithm", ["sha512:" + "a1" * 64, "blake3:" + "a1" * 32])
@pytest.mark.parametrize("media_type", ["application/vnd.example.notes+json", "application/vnd.oci.empty.v1+json"])
async def test_what_is_no_image_is_left_out(media_type: str, algorithm: str) -> None:
    foreign = {"mediaType": media_type, "size": 2, "digest": algorithm}
    assert await _children_of_a_registry_that_says(_with(foreign)) == (digest_of(IMAGES["amd64"].manifest),)
    foreign = descriptor(media_type, b"{}")
    assert await _children_of_a_registry_that_says(_with(foreign)) == (digest_of(IMAGES["amd64"].manifest),)


async def test_an_image_that_is_listed_by_its_sha512_is_left_out() -> None:
    listed = {"mediaType": OCI_MANIFEST, "size": 2, "digest": "sha512:" + "a1" * 64}
    assert await _children_of_a_registry_that_says(_with(listed)) == (digest_of(IMAGES["amd64"].manifest),)


@pytest.mark.parametrize("child", [IMAGES["arm64"].manifest, index(IMAGES), b"{}"])
async def test_of_what_is_listed_without_a_type_the_bytes_decide(child: bytes) -> None:
    untold = {name: value for name, value in descriptor("", child).items() if name != "mediaType"}
    media_type = OCI_INDEX if b"manifests" in child else OCI_MANIFEST
    body = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [untold]}).encode()

    async def answer(request: web.BaseRequest) -> web.Response:
        told, held = (media_type, child) if str(untold["digest"]) in request.path else (OCI_INDEX, body)
        return web.Response(body=held, headers={"Content-Type": told})

    async with scripted(answer) as server, client() as registry:
        reference = ImageReference(server.repository(), digest_of(body, OCI_INDEX))
        found = await IndexReader(registry, lambda _: NOBODY).children(reference, ORIGIN)
    assert (digest_of(child) in found) is (child != b"{}")
    assert len(found) == {IMAGES["arm64"].manifest: 1, index(IMAGES): 3, b"{}": 0}[child]


def _with(descriptor_of_another: dict[str, object]) -> bytes:
    """An index of one image and something else."""
    listed = [descriptor(OCI_MANIFEST, IMAGES["amd64"].manifest), descriptor_of_another]
    return json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": listed}).encode()


async def _children_of_a_registry_that_says(body: bytes, media_type: str = OCI_INDEX) -> tuple[Digest, ...]:
    """Ask a registry that takes any manifest without looking into it."""

    async def answer(_: web.BaseRequest) -> web.Response:
        return web.Response(body=body, headers={"Content-Type": media_type})

    async with scripted(answer) as registry_server, client() as registry:
        reference = ImageReference(registry_server.repository(), digest_of(body, OCI_INDEX))
        return await IndexReader(registry, lambda _: NOBODY).children(reference, ORIGIN)
