"""Both cosigns write beside us and we beside them: everything is kept in its order, and all of it verifies."""

import json

import pytest

from chains.keys.verifier import KeyVerifier
from chains.pipeline.verify import verify_attestations, verify_signatures
from tests.peers.bench import ATTESTATIONS, SIGNATURES, bench, every_registry, write
from tests.peers.cosign import Cosign, both_cosigns
from tests.peers.programs import PASSWORD

pytestmark = [pytest.mark.peers, every_registry]

PREDICATE_TYPE = "https://slsa.dev/provenance/v0.2"
PREDICATE = {
    "builder": {"id": "https://builds.example.com"},
    "buildType": "https://builds.example.com/by-hand",
    "invocation": {"configSource": {}},
}


async def with_keys(name, folder):
    """A cosign with a key pair and a predicate to attest with."""
    cosign = Cosign(name, folder)
    assert (await cosign.call("generate-key-pair", password=PASSWORD)).succeeded
    write(folder / "predicate.json", json.dumps(PREDICATE).encode())
    return cosign, folder / "cosign.key", folder / "cosign.pub", folder / "predicate.json"


async def all_verify(here, image, cosign_names, keys, folder):
    """Both cosigns and we find one signature and one attestation or more by each key."""
    for key in keys:
        for name in cosign_names:
            signature = await Cosign(name, folder).verify(key, str(image))
            attestation = await Cosign(name, folder).verify_attestation(key, str(image))
            assert signature.succeeded, signature
            assert attestation.succeeded, attestation
        verifier = KeyVerifier.from_pem(key.read_bytes())
        assert (await verify_signatures(image, here.images, verifier)).payloads
        assert (await verify_attestations(image, here.images, verifier, PREDICATE_TYPE)).payloads


@both_cosigns
async def test_cosign_appends_to_what_we_stored_and_we_to_what_it_stored(registry_kind, cosign_name, tmp_path):
    async with bench(registry_kind, tmp_path) as here:
        cosign, key, public_key, predicate = await with_keys(cosign_name, tmp_path)
        image = await here.push()
        await here.sign(image, "first")
        kept = {kind: await here.layers(image, kind) for kind in (SIGNATURES, ATTESTATIONS)}

        signed, attested = await cosign.sign(key, str(image)), await cosign.attest(key, predicate, str(image))
        assert signed.succeeded, signed
        assert attested.succeeded, attested
        theirs = {kind: await here.layers(image, kind) for kind in kept}
        await here.sign(image, "second")
        ours = {kind: await here.layers(image, kind) for kind in kept}

        assert theirs[ATTESTATIONS][:-1] == kept[ATTESTATIONS]
        assert ours[ATTESTATIONS][:-1] == theirs[ATTESTATIONS]
        assert ours[SIGNATURES] == theirs[SIGNATURES]
        assert theirs[SIGNATURES][:-1] == kept[SIGNATURES]
        await all_verify(here, image, ("cosign-2", "cosign-3"), (here.public_key, public_key), tmp_path)


@both_cosigns
async def test_we_append_to_an_image_that_only_cosign_signed(registry_kind, cosign_name, tmp_path):
    async with bench(registry_kind, tmp_path) as here:
        cosign, key, public_key, predicate = await with_keys(cosign_name, tmp_path)
        image = await here.push()
        signed, attested = await cosign.sign(key, str(image)), await cosign.attest(key, predicate, str(image))
        assert signed.succeeded, signed
        assert attested.succeeded, attested
        kept = {kind: await here.layers(image, kind) for kind in (SIGNATURES, ATTESTATIONS)}

        await here.sign(image)

        for kind, layers in kept.items():
            assert (await here.layers(image, kind))[:-1] == layers
        await all_verify(here, image, ("cosign-2", "cosign-3"), (here.public_key, public_key), tmp_path)


async def test_six_writers_by_turns_lose_nothing(registry_kind, tmp_path):
    async with bench(registry_kind, tmp_path) as here:
        image, sizes = await here.push(), []
        for turn in range(3):
            for name in ("cosign-2", "cosign-3"):
                (folder := tmp_path / f"{name} {turn}").mkdir()
                cosign, key, _, predicate = await with_keys(name, folder)
                attested = await cosign.attest(key, predicate, str(image))
                assert attested.succeeded, attested
                await here.sign(image, f"{name} {turn}")
                sizes.append(len(await here.layers(image, ATTESTATIONS)))

        assert sizes == [2, 4, 6, 8, 10, 12]
        verified = await Cosign("cosign-2", tmp_path).verify_attestation(here.public_key, str(image))
        assert len(verified.out.splitlines()) == 6


async def test_a_bundle_of_cosign_3_leaves_our_tags_alone_and_hides_nothing_from_us(registry_kind, tmp_path):
    async with bench(registry_kind, tmp_path) as here:
        cosign, key, public_key, predicate = await with_keys("cosign-3", tmp_path)
        image = await here.push()
        await here.sign(image)
        kept = [await here.manifest(image, kind) for kind in (SIGNATURES, ATTESTATIONS)]

        attested = await cosign.attest_in_bundle(key, predicate, str(image))

        assert attested.succeeded, attested
        assert kept == [await here.manifest(image, kind) for kind in (SIGNATURES, ATTESTATIONS)]
        assert (await cosign.verify_attestation(public_key, str(image))).succeeded
        legacy = await cosign.verify(here.public_key, str(image), "--new-bundle-format=false")
        assert legacy.succeeded, legacy
        await all_verify(here, image, ("cosign-2",), (here.public_key,), tmp_path)
