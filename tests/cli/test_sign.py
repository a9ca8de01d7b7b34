"""`chains sign`, against the embedded registry."""

import asyncio
import json
from pathlib import Path

import pytest

from chains.artifacts.reference import ImageReference
from chains.config.config import read_config
from chains.demo.registry.server import RegistryServer
from chains.demo.rekor.server import RekorServer
from chains.demo.samples import read_samples, samples_folder, with_real_images
from chains.errors import VerificationError
from chains.keys.verifier import KeyVerifier
from chains.pipeline.verify import verify_attestations, verify_signatures
from chains.registry.client import RegistryClient
from chains.registry.cosign_images import CosignImages
from chains.registry.credentials import ChainedKeychain
from chains.rekor.log_key import LogKey
from chains.rekor.verify import verify_logged
from tests.builders import image_results, taskrun_object
from tests.cli.command import chains, refused

SLSA_V0_2, SLSA_V1 = "https://slsa.dev/provenance/v0.2", "https://slsa.dev/provenance/v1"
NO_PASSWORD = {"COSIGN_PASSWORD": ""}


def key_pair(folder: Path) -> Path:
    """Make a key pair and return the private key's file."""
    assert chains("generate-key-pair", cwd=folder, env=NO_PASSWORD).returncode == 0
    return folder / "cosign.key"


def released(registry: RegistryServer, folder: Path) -> tuple[Path, ImageReference]:
    """Write the sample of a release, told of an image that exists; return the file and that image."""
    runs = [run for run in read_samples(samples_folder()) if run.name.startswith("release-storefront")]
    samples = with_real_images(runs, read_config({}).config, registry)
    file = folder / "release.json"
    file.write_text("\n---\n".join(json.dumps(sample.object) for sample in samples))
    (image,) = {image for sample in samples for image in sample.images}
    return file, image


async def test_a_pipeline_run_is_attested_beside_the_image_that_its_child_built(tmp_path: Path) -> None:
    async with RegistryServer() as registry, RegistryClient() as client:
        file, image = released(registry, tmp_path)
        more = ("--set", "artifacts.pipelinerun.format=slsa/v2alpha4")
        signed = await asyncio.to_thread(chains, "sign", file, "--key", key_pair(tmp_path), *more, env=NO_PASSWORD)
        assert signed.returncode == 0, signed.stderr

        stored = CosignImages(client, ChainedKeychain())
        verifier = KeyVerifier.from_pem((tmp_path / "cosign.pub").read_bytes())
        await verify_signatures(image, stored, verifier)
        for predicate_type in (SLSA_V0_2, SLSA_V1):
            found = await verify_attestations(image, stored, verifier, predicate_type)
            assert len(found.payloads) == 1


async def test_an_image_whose_registry_refuses_is_a_failure_and_the_others_are_signed(tmp_path: Path) -> None:
    async with RegistryServer() as registry, RegistryClient() as client:
        file, image = released(registry, tmp_path)
        lost = tmp_path / "lost.json"
        lost.write_text(json.dumps(taskrun_object("lost", results=image_results("127.0.0.1:1/team/app"))))
        key = key_pair(tmp_path)
        signed = await asyncio.to_thread(chains, "sign", lost, file, "--key", key, env=NO_PASSWORD)
        assert signed.returncode == 1
        assert "FAILED in oci: 127.0.0.1:1 cannot be reached" in signed.stdout

        verifier = KeyVerifier.from_pem((tmp_path / "cosign.pub").read_bytes())
        await verify_signatures(image, CosignImages(client, ChainedKeychain()), verifier)
        with pytest.raises(VerificationError):
            await verify_attestations(image, CosignImages(client, ChainedKeychain()), verifier, SLSA_V1)


@pytest.mark.parametrize("version", ["1", "2"])
async def test_what_is_signed_is_logged_and_kept_in_both_ways(version: str, tmp_path: Path) -> None:
    async with RegistryServer() as registry, RekorServer() as rekor, RegistryClient() as client:
        image = registry.push_image("team/app", "one")
        run, log_key = tmp_path / "run.json", tmp_path / "rekor.pub"
        run.write_text(json.dumps(taskrun_object(results=image_results(str(image.repository), str(image.digest)))))
        log_key.write_bytes(rekor.public_key)
        told = {
            "transparency.enabled": "true",
            "transparency.url": rekor.url,
            "transparency.version": version,
            "transparency.public-key": str(log_key),
            "storage.oci.encoding-format": "both",
        }
        options = [part for name, text in told.items() for part in ("--set", f"{name}={text}")]
        key = key_pair(tmp_path)
        for _ in range(2):
            signed = await asyncio.to_thread(chains, "sign", run, "--key", key, *options, env=NO_PASSWORD)
            assert signed.returncode == 0, signed.stderr
            assert signed.stdout.count(f"logged at {rekor.url}") == 3

        stored = CosignImages(client, ChainedKeychain())
        found = [*await stored.signatures(image), *await stored.attestations(image)]
        logged = [one for one in found if one.log_entry is not None]
        assert (len(found), len(logged)) == (4, 4 if version == "1" else 2)
        for one in logged:
            verify_logged(one, (LogKey.from_pem(rekor.public_key),), (tmp_path / "cosign.pub").read_bytes())
        shown = await asyncio.to_thread(chains, "download", "signature", image)
        assert shown.returncode == 0, shown.stderr
        assert bool(json.loads(shown.stdout.splitlines()[0])["Bundle"]) == (version == "1")


def test_runs_in_progress_alone_are_refused_and_named(tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    file.write_text(json.dumps(taskrun_object(done=False)))
    result = chains("sign", file, "--key", "none")
    assert result.returncode == 1
    assert "TaskRun/build has not finished" in result.stderr
    assert "none of these runs has finished" in result.stderr


@pytest.mark.parametrize("kind", ["taskrun", "pipelinerun", "oci"])
def test_the_store_on_the_run_is_refused_where_there_is_no_run(kind: str) -> None:
    sample = samples_folder() / "kaniko-taskrun.yaml"
    result = chains("sign", sample, "--key", "k", "--set", f"artifacts.{kind}.storage=tekton")
    assert "set the storage to oci" in refused(result)
