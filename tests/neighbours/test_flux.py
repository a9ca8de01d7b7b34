"""Flux judges artifacts by the OCIRepository of its page, with the code of its source-controller."""

import gzip
from pathlib import Path

import msgspec
import pytest

from chains.artifacts.reference import ImageReference
from chains.demo.registry.documents import OCI_MANIFEST
from chains.demo.registry.images import descriptor
from tests.docs.blocks import section
from tests.neighbours.transplant import EVERYTHING, transplant
from tests.peers.bench import NOBODY, Bench, bench, new_signer, write
from tests.peers.cosign import Cosign
from tests.peers.programs import Finished, run

pytestmark = pytest.mark.neighbours
CONFIG, CONTENT = "application/vnd.cncf.flux.config.v1+json", "application/vnd.cncf.flux.content.v1.tar+gzip"


async def push(here: Bench, seed: str = "one", tag: str = "latest") -> ImageReference:
    """Push an artifact with Flux's media types."""
    repository, config, content = here.repository("team/deploy"), b"{}", gzip.compress(seed.encode(), mtime=0)
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": descriptor(CONFIG, config),
        "layers": [descriptor(CONTENT, content)],
    }
    for blob in (config, content):
        await here.client.put_blob(repository, blob, NOBODY)
    digest = await here.client.put_manifest(repository, tag, msgspec.json.encode(document), OCI_MANIFEST, NOBODY)
    return ImageReference(repository, digest)


async def judge(here: Bench, key: Path | None = None) -> Finished:
    """Let Flux resolve and verify what the page's OCIRepository names, by our key or another."""
    (manifest,) = section("docs/how-to/flux.md", "Configure")[1:]
    write(here.folder / "repository.yaml", manifest.replace("registry.example.com", here.address).encode())
    return await run("flux-verifier", "repository.yaml", key or here.public_key, home=here.folder)


@pytest.mark.parametrize("encoding", ["dsse", "sigstore-bundle", "both"])
@pytest.mark.parametrize("registry", ["docker-registry", "referrers-registry"])
async def test_an_artifact_that_we_signed_is_verified(registry: str, encoding: str, tmp_path: Path) -> None:
    async with bench(registry, tmp_path) as here:
        await here.sign(await push(here), encoding=encoding)

        judged = await judge(here)

    assert judged.succeeded, judged
    assert judged.out == b"verified\n"


async def test_an_artifact_that_nobody_signed_is_refused(tmp_path: Path) -> None:
    async with bench("docker-registry", tmp_path) as here:
        await push(here)

        judged = await judge(here)

    assert judged.status == 1, judged
    assert "no signatures found" in judged.err


@pytest.mark.parametrize("encoding", ["dsse", "sigstore-bundle", "both"])
async def test_an_artifact_that_another_key_signed_is_refused(encoding: str, tmp_path: Path) -> None:
    async with bench("docker-registry", tmp_path) as here:
        await here.sign(await push(here), encoding=encoding, signer=new_signer())

        judged = await judge(here)

    assert judged.status == 1, judged


@pytest.mark.parametrize("encoding", ["sigstore-bundle", "both"])
async def test_a_bundle_that_was_made_for_another_artifact_is_refused(encoding: str, tmp_path: Path) -> None:
    async with bench("docker-registry", tmp_path) as here:
        signed = await push(here, tag="signed")
        await here.sign(signed, encoding=encoding)
        await transplant(here, signed, await push(here, seed="another"), EVERYTHING)

        judged = await judge(here)

    assert judged.status == 1, judged


async def test_an_attestation_in_a_bundle_counts_as_a_signature_as_the_page_warns(tmp_path: Path) -> None:
    async with bench("docker-registry", tmp_path) as here:
        cosign, artifact = Cosign("cosign-3", tmp_path), await push(here)
        assert (await cosign.call("generate-key-pair")).succeeded
        predicate = write(tmp_path / "predicate.json", b"{}")
        attested = await cosign.attest_in_bundle(tmp_path / "cosign.key", predicate, str(artifact), kind="custom")
        assert attested.succeeded, attested

        judged = await judge(here, tmp_path / "cosign.pub")

    assert judged.succeeded, judged
