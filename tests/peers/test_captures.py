"""What cosign 2.5.0 once wrote: we verify it from either registry, and what we store has the same shape."""

import json
from pathlib import Path
from typing import Any

import pytest

from chains.artifacts.reference import Digest, ImageReference, Repository
from chains.errors import VerificationError
from chains.keys.verifier import KeyVerifier
from chains.pipeline.verify import verify_attestations, verify_signatures
from chains.registry.cosign_layout import CERTIFICATE_KEY, CHAIN_KEY, OCI_MANIFEST, tag_for
from tests.peers.bench import ATTESTATIONS, NOBODY, SIGNATURES, Bench, bench, every_registry

pytestmark = [pytest.mark.peers, every_registry]

TESTS = Path(__file__).parents[1]
RECORDED = TESTS / "registry" / "captures"
THEIR_KEY = KeyVerifier.from_pem((TESTS / "keys" / "captures" / "k25" / "cosign.pub").read_bytes())
# As in Tekton Chains: our layers carry two empty annotations that cosign's lack, and lack one that no verifier reads.
DIFFERENT = (CERTIFICATE_KEY, CHAIN_KEY, "predicateType")
FILES = {
    SIGNATURES: ("signatures", ("signature-1.json",)),
    ATTESTATIONS: ("attestations", ("attestation-1.json", "attestation-2.json")),
}


def recorded(name: str) -> bytes:
    return (RECORDED / name).read_bytes()


def shape(value: Any) -> Any:
    """Members in their order and the texts that are fixed; digests, signatures and sizes only by their type."""
    if isinstance(value, dict):
        told = {key: shape(member) for key, member in value.items() if key not in DIFFERENT}
        return list(told.items())
    if isinstance(value, list):
        return [shape(member) for member in value]
    if isinstance(value, str) and (value.startswith(("application/", "cosign ", "0001-")) or value in ("", "layers")):
        return value
    return type(value).__name__


def one_of_each(described: bytes) -> Any:
    """The shape of a manifest or config with its first layer only: both were recorded after more or fewer writes."""
    members = json.loads(described)
    for lists in (members, members.get("rootfs", {})):
        for name in ("layers", "history", "diff_ids"):
            if name in lists and isinstance(lists[name], list):
                lists[name] = lists[name][:1]
    return shape(members)


async def replay(here: Bench) -> ImageReference:
    """Put into the registry what cosign put there."""
    claim = json.loads(recorded("signature-1.json"))["critical"]["image"]["docker-manifest-digest"]
    image = ImageReference(Repository(here.address, "c25/app"), Digest.parse(claim))
    for media_type, (name, layers) in FILES.items():
        for blob in (f"{name}.config.json", *layers):
            await here.client.put_blob(image.repository, recorded(blob), NOBODY)
        manifest, tag = recorded(f"{name}.manifest.json"), tag_for(image.digest, media_type)
        await here.client.put_manifest(image.repository, tag, manifest, OCI_MANIFEST, NOBODY)
    return image


async def test_what_cosign_recorded_verifies_here(registry_kind, tmp_path):
    async with bench(registry_kind, tmp_path) as here:
        image = await replay(here)

        signatures = await verify_signatures(image, here.images, THEIR_KEY)
        assert [found.payload.body for found in signatures.payloads] == [recorded("signature-1.json")]

        for layer in FILES[ATTESTATIONS][1]:
            stored = [found.envelope for found in await here.images.attestations(image)]
            assert recorded(layer) in stored
        for predicate_type in ("https://slsa.dev/provenance/v0.2", "https://slsa.dev/provenance/v1"):
            found = await verify_attestations(image, here.images, THEIR_KEY, predicate_type)
            assert len(found.payloads) == 1


async def test_what_cosign_recorded_does_not_verify_here_with_another_key(registry_kind, tmp_path):
    async with bench(registry_kind, tmp_path) as here:
        image = await replay(here)

        with pytest.raises(VerificationError):
            await verify_signatures(image, here.images, here.signer.verifier)


async def test_what_we_store_has_the_shape_that_cosign_recorded(registry_kind, tmp_path):
    async with bench(registry_kind, tmp_path) as here:
        image = await here.push()
        await here.sign(image)

        for media_type, (name, layers) in FILES.items():
            manifest = await here.manifest(image, media_type)
            config = Digest.parse(json.loads(manifest.body)["config"]["digest"])
            [layer] = await here.layers(image, media_type)

            assert one_of_each(manifest.body) == one_of_each(recorded(f"{name}.manifest.json"))
            assert one_of_each(await here.client.get_blob(image.repository, config, NOBODY)) == one_of_each(
                recorded(f"{name}.config.json")
            )
            assert shape(json.loads(layer))[:-1] == shape(json.loads(recorded(layers[0])))[:-1]
