"""Trivy reads an SBOM out of its verified attestation, and finds in an image what it found before we signed it."""

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chains.artifacts.reference import ImageReference
from chains.demo.registry.digests import sha256_digest
from chains.demo.registry.documents import OCI_MANIFEST
from chains.demo.registry.images import CONFIG_TYPE, LAYER_TYPE, descriptor
from chains.keys.generate import generate_key_pair
from chains.keys.secret import signer_from_secret
from tests.docs.blocks import section
from tests.peers.bench import NOBODY, Bench, bench, write
from tests.peers.cosign import Cosign, both_cosigns
from tests.peers.programs import PASSWORD, Finished, run

pytestmark = pytest.mark.neighbours
PAGE = "docs/how-to/trivy.md"
LISTED, INSTALLED = "pkg:npm/left-pad@1.3.0", "pkg:apk/alpine/musl@1.2.5-r0"
FILES = {
    "etc/alpine-release": "3.20.0\n",
    "etc/os-release": "ID=alpine\nVERSION_ID=3.20.0\n",
    "lib/apk/db/installed": "P:musl\nV:1.2.5-r0\nA:x86_64\no:musl\nL:MIT\n\n",
}


@both_cosigns
async def test_the_pages_commands_list_what_the_attested_sbom_lists(cosign_name: str, tmp_path: Path) -> None:
    verify, _scan = section(PAGE, "Scan")[0].splitlines()
    (lists,) = section(PAGE, "See that it works")
    async with bench("docker-registry", tmp_path) as here:
        image, other = await _push(here), await here.push(seed="another", tag="other")
        cosign = await _sign_and_attest(here, cosign_name, image)
        command, _, target = verify.partition(" > ")
        _, *arguments = command.replace("IMAGE", str(image)).split()
        verified = await cosign.call(*arguments)
        assert verified.succeeded, verified
        refused = await cosign.call(*(argument.replace(str(image), str(other)) for argument in arguments))
        write(tmp_path / target, verified.out)

        attested, plain = await run_trivy(here, lists), await run_trivy(here, lists.replace(target, "sbom.cdx.json"))

    assert refused.status == 1, refused
    assert _packages(attested) == _packages(plain) == {LISTED}


async def test_an_image_is_scanned_as_if_nobody_had_signed_it(tmp_path: Path) -> None:
    async with bench("referrers-registry", tmp_path) as here:
        image = await _push(here)
        command = f"trivy image --format cyclonedx {image}"
        before = await run_trivy(here, command)
        await here.sign(image, encoding="both")
        after = await run_trivy(here, command)

    assert INSTALLED in {purl.partition("?")[0] for purl in _packages(before)}
    assert _packages(after) == _packages(before)


async def run_trivy(here: Bench, command: str) -> Finished:
    """Type a command for Trivy, which has no database here."""
    name, *arguments = command.split()
    finished = await run(name, *arguments, home=here.folder)
    assert finished.succeeded, finished
    return finished


async def _sign_and_attest(here: Bench, cosign_name: str, image: ImageReference) -> Cosign:
    pair = generate_key_pair(PASSWORD.encode())
    key = write(here.folder / "cosign.key", pair.private_pem)
    write(here.folder / "cosign.pub", pair.public_pem)
    signer = signer_from_secret({"cosign.key": pair.private_pem, "cosign.password": PASSWORD.encode()})
    await here.sign(image, encoding="both", signer=signer)
    sbom = write(here.folder / "sbom.cdx.json", json.dumps(_sbom()).encode())
    cosign = Cosign(cosign_name, here.folder)
    attested = await cosign.attest_in_bundle(key, sbom, str(image), kind="cyclonedx")
    assert attested.succeeded, attested
    return cosign


async def _push(here: Bench) -> ImageReference:
    """Push an image in which one package is installed."""
    repository, layer = here.repository("team/app"), _archive()
    rootfs = {"type": "layers", "diff_ids": [sha256_digest(layer)]}
    config = msgspec.json.encode({"architecture": "amd64", "os": "linux", "config": {}, "rootfs": rootfs})
    layers = [descriptor(LAYER_TYPE, layer)]
    document = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": descriptor(CONFIG_TYPE, config)}
    for blob in (layer, config):
        await here.client.put_blob(repository, blob, NOBODY)
    manifest = msgspec.json.encode(document | {"layers": layers})
    return ImageReference(repository, await here.client.put_manifest(repository, "v1", manifest, OCI_MANIFEST, NOBODY))


def _archive() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, text in FILES.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
    return out.getvalue()


def _sbom() -> dict[str, Any]:
    name, version = LISTED.removeprefix("pkg:npm/").split("@")
    component = {"type": "library", "name": name, "version": version, "purl": LISTED, "bom-ref": LISTED}
    return {"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1, "components": [component]}


def _packages(scanned: Finished) -> set[str]:
    found = json.loads(scanned.out)["components"]
    return {component["purl"] for component in found if "purl" in component}
