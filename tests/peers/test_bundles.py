"""cosign 3 verifies our Sigstore bundles, with the log's entries and without; cosign 2 what is kept beside them."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chains.keys.signer import KeySigner
from chains.pipeline.parts import Transparency
from chains.registry.referrer_lists import list_referrers
from chains.registry.referrers import BUNDLE, PREDICATE_KEY
from chains.rekor.log_key import LogKey
from chains.rekor.verify import verify_logged
from tests.peers.bench import NOBODY, bench, every_registry, new_signer, write
from tests.peers.cosign import Cosign
from tests.peers.programs import PASSWORD
from tests.peers.test_transparency import logged
from tests.peers.trusted_root import trusted_root

pytestmark = [pytest.mark.peers]

each_encoding = pytest.mark.parametrize("encoding", ["sigstore-bundle", "both"])


@every_registry
@each_encoding
async def test_cosign_3_verifies_our_bundles(registry_kind, encoding, tmp_path):
    async with bench(registry_kind, tmp_path) as here:
        image, cosign = await here.push(), Cosign("cosign-3", tmp_path)
        await here.sign(image, encoding=encoding)
        other = write(tmp_path / "other.pub", new_signer().public_pem)

        signature = await cosign.verify(here.public_key, str(image))
        attestation = await cosign.verify_attestation(here.public_key, str(image))
        refused = await cosign.verify(other, str(image))

        assert signature.succeeded, signature
        assert attestation.succeeded, attestation
        assert refused.status == 1, refused
        kinds = [entry["critical"]["type"] for entry in json.loads(signature.out)]
        assert "https://sigstore.dev/cosign/sign/v1" in kinds


@every_registry
async def test_what_is_kept_in_both_ways_verifies_with_cosign_2(registry_kind, tmp_path):
    async with bench(registry_kind, tmp_path) as here:
        image, cosign = await here.push(), Cosign("cosign-2", tmp_path)
        await here.sign(image, encoding="both")

        for finished in (
            await cosign.verify(here.public_key, str(image)),
            await cosign.verify_attestation(here.public_key, str(image)),
        ):
            assert finished.succeeded, finished


@every_registry
@each_encoding
@pytest.mark.parametrize("deferred", [False, True], ids=["required", "deferred"])
async def test_cosign_3_verifies_our_bundles_with_their_log_entries(registry_kind, encoding, deferred, tmp_path):
    async with logged(registry_kind, tmp_path) as here:
        image = await here.bench.push()
        await here.bench.sign(image, transparency=Transparency(here.log, deferred), encoding=encoding)
        cosign, root = Cosign("cosign-3", tmp_path), trusted_root(tmp_path, here.rekor.url, here.rekor.public_key)
        what = ("--key", here.bench.public_key, "--trusted-root", root, str(image))

        signature = await cosign.call("verify", *what)
        attestation = await cosign.call("verify-attestation", "--type", "slsaprovenance", *what)

        assert signature.succeeded, signature
        assert attestation.succeeded, attestation
        assert "transparency log was verified offline" in signature.err


@pytest.mark.parametrize("details", ["PKIX_ECDSA_P256_SHA_256", "PKIX_ED25519"])
@each_encoding
async def test_cosign_3_verifies_entries_of_the_second_api_new_ones_and_those_that_were_there(
    encoding, details, tmp_path
):
    log_signer = KeySigner.of(Ed25519PrivateKey.generate()) if details == "PKIX_ED25519" else None
    async with logged("embedded", tmp_path, log_signer) as here:
        cosign, root = (
            Cosign("cosign-3", tmp_path),
            trusted_root(tmp_path, here.rekor.url, here.rekor.public_key, here.rekor.tiles.log_id),
        )
        for path in ("team/app", "team/same"):
            image = await here.bench.push(path)
            await here.bench.sign(image, transparency=here.transparency(2), encoding=encoding)
            for number in range(300):
                here.rekor.tiles.add(b"%s %d" % (path.encode(), number), 0)
            what = ("--key", here.bench.public_key, "--trusted-root", root, str(image))

            signature = await cosign.call("verify", *what)
            attestation = await cosign.call("verify-attestation", "--type", "slsaprovenance", *what)

            assert signature.succeeded, signature
            assert attestation.succeeded, attestation


async def test_what_cosign_3_logs_over_the_second_api_holds_here(tmp_path):
    async with logged("embedded", tmp_path) as here:
        image, cosign = await here.bench.push(), Cosign("cosign-3", tmp_path)
        root = trusted_root(tmp_path, here.rekor.url, here.rekor.public_key)
        service = {"url": here.rekor.url, "majorApiVersion": 2, "validFor": {"start": "2020-01-01T00:00:00Z"}}
        config = {
            "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
            "rekorTlogUrls": [service | {"operator": "demo"}],
            "rekorTlogConfig": {"selector": "ANY"},
            "tsaConfig": {},
        }
        chosen = write(tmp_path / "signing-config.json", json.dumps(config).encode())
        assert (await cosign.call("generate-key-pair")).succeeded
        signed = await cosign.call(
            "sign", "--yes", "--key", "cosign.key", "--signing-config", chosen, "--trusted-root", root, str(image)
        )
        assert signed.succeeded, signed

        [found] = await here.bench.images.signatures(image)
        verify_logged(found, (LogKey.from_pem(here.rekor.public_key),), (tmp_path / "cosign.pub").read_bytes())
        assert here.rekor.tiles.tree.size == 1


async def test_cosign_3_refuses_our_bundles_without_entries_or_with_those_of_another_log(tmp_path):
    async with logged("embedded", tmp_path) as here, logged("embedded", tmp_path) as other:
        unlogged, elsewhere = await here.bench.push(), await here.bench.push("team/other", "another")
        await here.bench.sign(unlogged, encoding="sigstore-bundle")
        await here.bench.sign(elsewhere, transparency=other.transparency(), encoding="sigstore-bundle")
        cosign, root = Cosign("cosign-3", tmp_path), trusted_root(tmp_path, here.rekor.url, here.rekor.public_key)

        for image in (unlogged, elsewhere):
            refused = await cosign.call("verify", "--key", here.bench.public_key, "--trusted-root", root, str(image))
            assert not refused.succeeded, refused
            assert "not enough verified log entries" in refused.err


@every_registry
async def test_our_manifest_has_the_shape_of_cosigns_and_both_stand_beside_each_other(registry_kind, tmp_path):
    async with bench(registry_kind, tmp_path) as here:
        image, cosign = await here.push(), Cosign("cosign-3", tmp_path)
        await here.sign(image, encoding="sigstore-bundle")
        assert (await cosign.call("generate-key-pair", password=PASSWORD)).succeeded
        predicate = write(tmp_path / "predicate.json", b'{"builder":{"id":"x"},"buildType":"y"}')
        theirs = await cosign.attest_in_bundle(tmp_path / "cosign.key", predicate, str(image))
        assert theirs.succeeded, theirs
        await here.sign(image, "second", encoding="sigstore-bundle")

        listed = (await list_referrers(here.client, image.repository, image.digest, NOBODY, writing=False)).listed
        manifests = [await here.manifest_of(image, one.digest) for one in listed]
        shapes = {tuple(manifest) for manifest in manifests}
        assert len(shapes) == 1
        assert {tuple(manifest["config"]) for manifest in manifests} == {tuple(manifests[0]["config"])}
        assert {tuple(sorted(manifest["annotations"])) for manifest in manifests} == {
            tuple(sorted(manifests[0]["annotations"]))
        }
        assert {manifest["artifactType"] for manifest in manifests} == {BUNDLE}
        assert sorted(manifest["annotations"][PREDICATE_KEY] for manifest in manifests) == [
            "https://sigstore.dev/cosign/sign/v1",
            *["https://slsa.dev/provenance/v0.2"] * 3,
        ]
        for key in (here.public_key, tmp_path / "cosign.pub"):
            attestation = await cosign.verify_attestation(key, str(image))
            assert attestation.succeeded, attestation


async def test_cosign_3_reads_our_bundles_from_one_repository_for_all(tmp_path):
    async with bench("docker-registry", tmp_path) as here:
        image = await here.push()
        shelf = f"{here.address}/security/signatures"
        await here.sign(image, encoding="both", repository=here.repository("security/signatures"))
        cosign = Cosign("cosign-3", tmp_path, {"COSIGN_REPOSITORY": shelf})

        signature = await cosign.verify(here.public_key, str(image))
        assert signature.succeeded, signature
