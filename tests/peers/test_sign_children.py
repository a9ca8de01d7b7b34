"""Images for one platform out of an index that we signed: who demands signatures of these gets them."""

import json

import pytest

from chains.artifacts.reference import Digest, ImageReference
from chains.registry.platforms import children_of
from tests.builders import image_results, taskrun_object
from tests.peers.bench import NOBODY, bench, every_registry, write
from tests.peers.cosign import Cosign, both_cosigns
from tests.peers.programs import chains
from tests.peers.skopeo import Skopeo

pytestmark = pytest.mark.peers


async def signed_index(here, folder, *settings):
    """Sign an index as its TaskRun's results tell; return it and what it lists."""
    index = await here.push_index()
    found = await here.client.get_manifest(index.repository, index.digest, NOBODY)
    assert found is not None
    children = [ImageReference(index.repository, Digest.parse(child.digest)) for child in children_of(found.body)]
    assert len(children) == 2
    run = taskrun_object(results=image_results(str(index.repository), str(index.digest)))
    file = write(folder / "run.json", json.dumps(run).encode())
    assert (await chains(folder, "generate-key-pair")).succeeded
    flags = [part for setting in settings for part in ("--set", setting)]
    signed = await chains(folder, "sign", file, "--key", "cosign.key", *flags)
    assert signed.succeeded, signed
    return index, children


@every_registry
async def test_skopeo_lets_each_platforms_image_in_and_without_the_setting_none(registry_kind, tmp_path):
    async with bench(registry_kind, tmp_path) as here:
        skopeo = Skopeo(tmp_path, here.address, tmp_path / "cosign.pub")
        _, children = await signed_index(here, tmp_path)
        for child in children:
            refused = await skopeo.pull(str(child))
            assert "A signature was required" in refused.err, refused

        (folder := tmp_path / "signed").mkdir()
        skopeo = Skopeo(folder, here.address, folder / "cosign.pub")
        index, children = await signed_index(here, folder, "artifacts.oci.sign-children=true")
        for image in (f"{index.repository}:multi", *map(str, children)):
            pulled = await skopeo.pull(image)
            assert pulled.succeeded, pulled


@both_cosigns
async def test_cosign_verifies_index_and_children_in_tags_and_bundles(cosign_name, tmp_path):
    async with bench("referrers-registry", tmp_path) as here:
        both = ("artifacts.oci.sign-children=true", "storage.oci.encoding-format=both")
        index, children = await signed_index(here, tmp_path, *both)
        for image in (index, *children):
            verified = await Cosign(cosign_name, tmp_path).verify(tmp_path / "cosign.pub", str(image))
            assert verified.succeeded, verified
