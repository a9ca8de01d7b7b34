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


async def _children_of_a_registry_that_says(body: bytes) -> tuple[Digest, ...]:
    """Ask a registry that takes any manifest without looking into it."""

    async def answer(_: web.BaseRequest) -> web.Response:
        return web.Response(body=body, headers={"Content-Type": OCI_INDEX})

    async with scripted(answer) as registry_server, client() as registry:
        reference = ImageReference(registry_server.repository(), digest_of(body, OCI_INDEX))
        return await IndexReader(registry, lambda _: NOBODY).children(reference, ORIGIN)
