"""Our command line and cosign's, by turns on the same keys and images, as a user would at a terminal."""

from pathlib import Path

import pytest

from chains.artifacts.reference import ImageReference
from tests.peers.bench import Bench, bench, every_registry
from tests.peers.cosign import Cosign, both_cosigns
from tests.peers.programs import chains
from tests.peers.skopeo import Skopeo

pytestmark = [pytest.mark.peers, every_registry, both_cosigns]

SAMPLE = Path(__file__).parents[2] / "samples" / "buildah-taskrun.yaml"
PLACEHOLDER = "registry.example.com:5000"
SAMPLE_DIGEST = "sha256:758eba81a3a1af7c51ad58410dff99cd283575b16e71a38e9d4082b423de968e"


async def built(here: Bench) -> tuple[ImageReference, Path]:
    """The image that a sample speaks of, pushed, and the sample told of it."""
    image = await here.push("builds/pipelines-vote-api", "vote", "v2")
    text = SAMPLE.read_text().replace(PLACEHOLDER, here.address).replace(SAMPLE_DIGEST, str(image.digest))
    run_file = here.folder / "run.yaml"
    run_file.write_text(text)
    return image, run_file


async def both_accept(here: Bench, cosign: Cosign, public_key: Path, image: ImageReference) -> None:
    signature = await cosign.verify(public_key, str(image))
    attestation = await cosign.verify_attestation(public_key, str(image))
    pulled = await Skopeo(here.folder, here.address, public_key).pull(str(image))
    assert signature.succeeded, signature
    assert attestation.succeeded, attestation
    assert pulled.succeeded, pulled


async def test_chains_signs_with_a_key_pair_that_cosign_made(registry_kind, cosign_name, tmp_path):
    async with bench(registry_kind, tmp_path) as here:
        cosign, (image, run_file) = Cosign(cosign_name, tmp_path), await built(here)
        assert (await cosign.call("generate-key-pair")).succeeded

        signed = await chains(tmp_path, "sign", run_file, "--key", tmp_path / "cosign.key")

        assert signed.succeeded, signed
        await both_accept(here, cosign, tmp_path / "cosign.pub", image)


async def test_cosign_signs_beside_chains_with_the_key_pair_that_chains_made(registry_kind, cosign_name, tmp_path):
    async with bench(registry_kind, tmp_path) as here:
        cosign, (image, run_file) = Cosign(cosign_name, tmp_path), await built(here)
        made = await chains(tmp_path, "generate-key-pair", "--output-key-prefix", "ours")
        assert made.succeeded, made

        theirs = await cosign.sign(tmp_path / "ours.key", str(image))
        ours = await chains(tmp_path, "sign", run_file, "--key", tmp_path / "ours.key")

        assert theirs.succeeded, theirs
        assert ours.succeeded, ours
        await both_accept(here, cosign, tmp_path / "ours.pub", image)
