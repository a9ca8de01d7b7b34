"""oras reads back what we stored: manifests member by member, layers byte by byte, tags by name."""

import asyncio
import hashlib
import json
from pathlib import Path

import oras.client
import pytest

from chains.artifacts.reference import ImageReference
from chains.registry.cosign_layout import tag_for
from tests.peers.bench import ATTESTATIONS, SIGNATURES, bench, every_registry

pytestmark = [pytest.mark.peers, every_registry]


def target(image: ImageReference, media_type: str) -> str:
    return f"{image.repository}:{tag_for(image.digest, media_type)}"


def content_of(file: str) -> bytes:
    return Path(file).read_bytes()


async def test_manifests_and_layers_come_back_as_we_wrote_them(registry_kind, tmp_path):
    async with bench(registry_kind, tmp_path) as here:
        image, reader = await here.push(), oras.client.OrasClient(insecure=True)
        await here.sign(image)

        for media_type in (SIGNATURES, ATTESTATIONS):
            manifest = await asyncio.to_thread(reader.get_manifest, target(image, media_type))
            pulled = await asyncio.to_thread(reader.pull, target(image, media_type), outdir=str(tmp_path / "pulled"))
            contents = [content_of(file) for file in pulled]

            assert manifest == json.loads((await here.manifest(image, media_type)).body)
            assert contents == await here.layers(image, media_type)
            assert [layer["size"] for layer in manifest["layers"]] == [len(content) for content in contents]
            assert [layer["digest"] for layer in manifest["layers"]] == [
                f"sha256:{hashlib.sha256(content).hexdigest()}" for content in contents
            ]


async def test_the_config_that_a_manifest_names_lists_its_layers(registry_kind, tmp_path):
    async with bench(registry_kind, tmp_path) as here:
        image, reader = await here.push(), oras.client.OrasClient(insecure=True)
        await here.sign(image, "first")
        await here.sign(image, "second")

        place = target(image, ATTESTATIONS)
        manifest = await asyncio.to_thread(reader.get_manifest, place)
        config = await asyncio.to_thread(reader.get_blob, place, manifest["config"]["digest"])

        assert len(config.content) == manifest["config"]["size"]
        listed = config.json()["rootfs"]["diff_ids"]
        assert listed == [layer["digest"] for layer in manifest["layers"]]
        assert len(config.json()["history"]) == len(listed) == 2


async def test_the_repository_lists_the_image_and_our_two_tags(registry_kind, tmp_path):
    async with bench(registry_kind, tmp_path) as here:
        image, reader = await here.push(), oras.client.OrasClient(insecure=True)
        await here.sign(image)

        tags = await asyncio.to_thread(reader.get_tags, str(image.repository))

        assert sorted(tags) == sorted(["v1", tag_for(image.digest, SIGNATURES), tag_for(image.digest, ATTESTATIONS)])
