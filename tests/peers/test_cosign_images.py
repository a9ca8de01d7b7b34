"""Both cosigns verify, list and show what we sign, on the embedded registry and on a real one."""

import asyncio
import base64
import json

import pytest

from chains.artifacts.reference import ImageReference, Repository
from tests.peers.bench import ATTESTATIONS, SIGNATURES, bench, every_registry, new_signer, write
from tests.peers.cosign import Cosign, both_cosigns

pytestmark = [pytest.mark.peers, every_registry, both_cosigns]

PREDICATE_TYPE = "https://slsa.dev/provenance/v0.2"


def tag(image: ImageReference, suffix: str) -> str:
    return f"{image.repository}:sha256-{image.digest.hex}.{suffix}"


async def test_what_we_sign_verifies_by_digest_and_by_tag(registry_kind, cosign_name, tmp_path):
    async with bench(registry_kind, tmp_path) as here:
        image, cosign = await here.push(), Cosign(cosign_name, tmp_path)
        await here.sign(image)

        for name in (str(image), f"{image.repository}:v1"):
            signature = await cosign.verify(here.public_key, name)
            attestation = await cosign.verify_attestation(here.public_key, name)

            assert signature.succeeded, signature
            assert attestation.succeeded, attestation
            [shown] = json.loads(signature.out)
            assert shown["critical"]["image"]["docker-manifest-digest"] == str(image.digest)
            assert attestation.out.splitlines() == await here.layers(image, ATTESTATIONS)


async def test_nothing_of_ours_verifies_with_another_key(registry_kind, cosign_name, tmp_path):
    async with bench(registry_kind, tmp_path) as here:
        image, cosign = await here.push(), Cosign(cosign_name, tmp_path)
        await here.sign(image)
        other = write(tmp_path / "other.pub", new_signer().public_pem)

        signature = await cosign.verify(other, str(image))
        attestation = await cosign.verify_attestation(other, str(image))

        assert signature.status == 12, signature
        assert "no matching signatures: invalid signature" in signature.err
        assert attestation.status == 1, attestation
        assert "accepted signatures do not match threshold, Found: 0" in attestation.err


async def test_an_image_that_we_did_not_sign_does_not_verify(registry_kind, cosign_name, tmp_path):
    async with bench(registry_kind, tmp_path) as here:
        await here.sign(await here.push())
        unsigned, cosign = await here.push(seed="another", tag="unsigned"), Cosign(cosign_name, tmp_path)

        signature = await cosign.verify(here.public_key, str(unsigned))
        attestation = await cosign.verify_attestation(here.public_key, str(unsigned))

        assert signature.status == 10, signature
        assert attestation.status == 1, attestation


async def test_the_attestations_of_two_runs_on_one_image_both_verify(registry_kind, cosign_name, tmp_path):
    async with bench(registry_kind, tmp_path) as here:
        image, cosign = await here.push(), Cosign(cosign_name, tmp_path)
        await here.sign(image, "first")
        await here.sign(image, "second")
        await here.sign(image, "first")

        attestation = await cosign.verify_attestation(here.public_key, str(image))
        signature = await cosign.verify(here.public_key, str(image))

        assert attestation.succeeded, attestation
        assert len(attestation.out.splitlines()) == 2
        assert len(json.loads(signature.out)) == 1


async def test_provenance_in_slsa_v1_verifies_beside_provenance_in_v0_2(registry_kind, cosign_name, tmp_path):
    async with bench(registry_kind, tmp_path) as here:
        image, cosign = await here.push(), Cosign(cosign_name, tmp_path)
        await here.sign(image)
        await here.sign(image, attestation_format="slsa/v2alpha4")

        for kind, envelope in zip(
            ("slsaprovenance", "slsaprovenance1"), await here.layers(image, ATTESTATIONS), strict=True
        ):
            attestation = await cosign.verify_attestation(here.public_key, str(image), kind=kind)

            assert attestation.succeeded, attestation
            assert attestation.out.splitlines() == [envelope]


async def test_forty_runs_that_attest_one_image_at_once_are_all_there(registry_kind, cosign_name, tmp_path):
    async with bench(registry_kind, tmp_path) as here:
        image, cosign = await here.push(), Cosign(cosign_name, tmp_path)
        await asyncio.gather(*(here.sign(image, f"run {number}") for number in range(40)))

        attestation = await cosign.verify_attestation(here.public_key, str(image))

        assert attestation.succeeded, attestation
        assert sorted(attestation.out.splitlines()) == sorted(set(await here.layers(image, ATTESTATIONS)))
        assert len(attestation.out.splitlines()) == 40


async def test_an_attestation_of_ours_is_not_taken_for_one_of_another_type(registry_kind, cosign_name, tmp_path):
    async with bench(registry_kind, tmp_path) as here:
        image, cosign = await here.push(), Cosign(cosign_name, tmp_path)
        await here.sign(image)

        refused = await cosign.verify_attestation(here.public_key, str(image), kind="vuln")
        accepted = await cosign.verify_attestation(here.public_key, str(image), kind=PREDICATE_TYPE)

        assert refused.status == 1, refused
        assert f"none of the attestations matched the predicate type: vuln, found: {PREDICATE_TYPE}" in refused.err
        assert accepted.succeeded, accepted


async def test_cosign_downloads_and_lists_what_we_stored(registry_kind, cosign_name, tmp_path):
    async with bench(registry_kind, tmp_path) as here:
        image, cosign = await here.push(), Cosign(cosign_name, tmp_path)
        await here.sign(image)
        [envelope], [claim] = await here.layers(image, ATTESTATIONS), await here.layers(image, SIGNATURES)

        attestation = await cosign.call("download", "attestation", str(image))
        signature = await cosign.call("download", "signature", str(image))
        tree = await cosign.call("tree", str(image))

        assert json.loads(attestation.out) == json.loads(envelope), attestation
        assert base64.b64decode(json.loads(signature.out)["Payload"]) == claim, signature
        assert tree.succeeded, tree
        shown = tree.out.decode()
        assert f"Signatures for an image tag: {tag(image, 'sig')}" in shown
        assert f"Attestations for an image tag: {tag(image, 'att')}" in shown


async def test_cosign_looks_for_signatures_and_attestations_where_we_put_them(registry_kind, cosign_name, tmp_path):
    async with bench(registry_kind, tmp_path) as here:
        image, cosign = await here.push(), Cosign(cosign_name, tmp_path)
        await here.sign(image)

        signatures = await cosign.call("triangulate", f"{image.repository}:v1")
        attestations = await cosign.call("triangulate", "--type", "attestation", f"{image.repository}:v1")

        assert signatures.out.decode().strip() == tag(image, "sig")
        assert attestations.out.decode().strip() == tag(image, "att")


async def test_what_we_keep_in_one_repository_for_all_is_found_there(registry_kind, cosign_name, tmp_path):
    async with bench(registry_kind, tmp_path) as here:
        image, other = await here.push(), await here.push("team/other", "another")
        shelf = Repository(here.address, "security/signatures")
        for one in (image, other):
            await here.sign(one, repository=shelf)

        for one in (image, other):
            cosign = Cosign(cosign_name, tmp_path, {"COSIGN_REPOSITORY": str(shelf)})
            signature = await cosign.verify(here.public_key, str(one))
            attestation = await cosign.verify_attestation(here.public_key, str(one))
            elsewhere = await Cosign(cosign_name, tmp_path).verify(here.public_key, str(one))

            assert signature.succeeded, signature
            assert attestation.succeeded, attestation
            assert elsewhere.status == 10, elsewhere


async def test_an_index_of_two_architectures_verifies_by_its_tag(registry_kind, cosign_name, tmp_path):
    async with bench(registry_kind, tmp_path) as here:
        index, cosign = await here.push_index(), Cosign(cosign_name, tmp_path)
        await here.sign(index)

        signature = await cosign.verify(here.public_key, f"{index.repository}:multi")
        attestation = await cosign.verify_attestation(here.public_key, f"{index.repository}:multi")

        assert signature.succeeded, signature
        assert attestation.succeeded, attestation
