"""skopeo pulls what we signed, with a policy that refuses everything else."""

import json

import pytest

from tests.peers.bench import bench, every_registry, new_signer, write
from tests.peers.cosign import Cosign, both_cosigns
from tests.peers.skopeo import Skopeo

pytestmark = [pytest.mark.peers, every_registry]


async def test_an_image_that_we_signed_is_let_in_by_digest_and_by_tag(registry_kind, tmp_path):
    async with bench(registry_kind, tmp_path) as here:
        image, skopeo = await here.push(), Skopeo(tmp_path, here.address, here.public_key)
        await here.sign(image)

        for name in (str(image), f"{image.repository}:v1"):
            pulled = await skopeo.pull(name)

            assert pulled.succeeded, pulled
            manifest = json.loads((tmp_path / "pulled" / "manifest.json").read_bytes())
            assert (tmp_path / "pulled" / manifest["config"]["digest"].removeprefix("sha256:")).exists()


async def test_an_image_without_a_signature_is_refused(registry_kind, tmp_path):
    async with bench(registry_kind, tmp_path) as here:
        await here.sign(await here.push())
        unsigned = await here.push(seed="another", tag="unsigned")

        refused = await Skopeo(tmp_path, here.address, here.public_key).pull(str(unsigned))

        assert refused.status == 1, refused
        assert "A signature was required, but no signature exists" in refused.err


async def test_an_image_that_we_signed_with_another_key_is_refused(registry_kind, tmp_path):
    async with bench(registry_kind, tmp_path) as here:
        image = await here.push()
        await here.sign(image)
        other = write(tmp_path / "other.pub", new_signer().public_pem)

        refused = await Skopeo(tmp_path, here.address, other).pull(str(image))

        assert refused.status == 1, refused
        assert "cryptographic signature verification failed" in refused.err


async def test_a_signature_of_ours_that_names_another_repository_is_refused(registry_kind, tmp_path):
    async with bench(registry_kind, tmp_path) as here:
        image = await here.push("team/app")
        await here.sign(image)
        await here.push("team/copy")
        copied = await here.copy_signatures(image, "team/copy")

        refused = await Skopeo(tmp_path, here.address, here.public_key).pull(str(copied))

        assert refused.status == 1, refused
        assert f'Signature for identity \\"{image.repository}\\" is not accepted' in refused.err


@both_cosigns
async def test_it_is_let_in_by_either_key_when_cosign_signed_beside_us(registry_kind, cosign_name, tmp_path):
    async with bench(registry_kind, tmp_path) as here:
        image, cosign = await here.push(), Cosign(cosign_name, tmp_path)
        assert (await cosign.call("generate-key-pair")).succeeded
        await here.sign(image)
        signed = await cosign.sign(tmp_path / "cosign.key", str(image))
        assert signed.succeeded, signed

        for key in (here.public_key, tmp_path / "cosign.pub"):
            pulled = await Skopeo(tmp_path, here.address, key).pull(str(image))
            assert pulled.succeeded, pulled
