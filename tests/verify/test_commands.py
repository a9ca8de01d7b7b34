"""The auditor's commands beyond what was recorded: both layouts, refusals in sentences, folders, limits."""

import asyncio
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from chains.demo.registry.behaviour import Behaviour
from chains.demo.registry.server import RegistryServer
from chains.registry.client import RegistryClient
from chains.registry.cosign_layout import OCI_MANIFEST
from chains.registry.credentials import ChainedKeychain
from tests.verify.recordings import IGNORED, WORKDIR, chains, recorded_registry

OLD, NEW, A = str(WORKDIR / "k25/cosign.pub"), str(WORKDIR / "k31/cosign.pub"), str(WORKDIR / "kx/a.pub")
SLSA = ("--type", "slsaprovenance")


@pytest.fixture(scope="module")
def registry() -> Iterator[RegistryServer]:
    names = ("c25/app", "c25/unsigned", "c31bundle/app", "mix/bun", "mix/dual", "z/bothforeign", "zz/proofonly")
    names += ("x/sigpretty", "x/sigdup", "x/signoopt")
    with recorded_registry(*names, behaviour=Behaviour(referrers_page=1)) as server:
        yield server


def test_bundles_are_found_by_the_referrers_api_over_several_pages(registry: RegistryServer) -> None:
    ended = chains("verify-attestation", *SLSA, "--key", NEW, IGNORED, f"{registry.address}/c31bundle/app:v1")
    assert ended.exit_code == 0, ended.stderr
    assert len(ended.stdout.splitlines()) == 1
    assert "1 attestation holds: 1 in bundles. Not checked: transparency log." in ended.stderr


def test_a_foreign_bundle_hides_no_signature(registry: RegistryServer) -> None:
    ended = chains("verify", "--key", A, IGNORED, f"{registry.address}/z/bothforeign:v1")
    assert ended.exit_code == 0, ended.stderr
    assert "1 signature holds: 1 in cosign's tag." in ended.stderr


def test_an_attestation_is_no_signature_unless_it_is_said_to_be(registry: RegistryServer) -> None:
    image = f"{registry.address}/zz/proofonly:v1"
    refused = chains("verify", "--key", A, IGNORED, image)
    assert (refused.exit_code, refused.stdout) == (10, "")
    assert "an attestation is no signature" in refused.stderr
    taken = chains("verify", "--key", A, IGNORED, "--accept-attestation-as-signature", image)
    assert taken.exit_code == 0
    assert json.loads(taken.stdout)[0]["critical"]["type"] == "https://slsa.dev/provenance/v0.2"


def test_what_both_layouts_say_is_printed_once(registry: RegistryServer) -> None:
    image = f"{registry.address}/mix/dual:v1"
    ended = chains("verify", "--key", A, IGNORED, image)
    assert len(json.loads(ended.stdout)) == 1
    assert "2 signatures hold: 1 in cosign's tag and 1 in bundles" in ended.stderr
    bundle = chains("verify", "--key", A, IGNORED, "--signature-format", "bundle", image)
    assert json.loads(bundle.stdout)[0]["critical"]["identity"]["docker-reference"] == image


@pytest.mark.parametrize("form", ["--signature-format=legacy", "--new-bundle-format=false"])
def test_bundles_can_be_left_out(registry: RegistryServer, form: str) -> None:
    assert chains("verify", "--key", NEW, IGNORED, form, f"{registry.address}/c31bundle/app:v1").exit_code == 10


def test_the_banner_says_no_more_than_was_checked(registry: RegistryServer) -> None:
    ended = chains("verify", "--key", NEW, IGNORED, "--check-claims=false", f"{registry.address}/c31bundle/app:v1")
    assert "claims were validated" not in ended.stderr
    assert "transparency log was verified" not in ended.stderr
    assert "Not checked: transparency log, claims." in ended.stderr


def test_without_its_key_the_transparency_log_ends_the_command_before_anything_is_fetched() -> None:
    ended = chains("verify", "--key", OLD, "--rekor-url", "http://127.0.0.1:1", "127.0.0.1:1/c25/app:v1")
    assert ended.exit_code == 1
    assert "SIGSTORE_REKOR_PUBLIC_KEY" in ended.stderr


def test_an_identity_that_is_another_is_refused_on_demand(registry: RegistryServer) -> None:
    image = f"{registry.address}/c25/app:v1"  # signed under the address of the recording
    assert chains("verify", "--key", OLD, IGNORED, image).exit_code == 0
    ended = chains("verify", "--key", OLD, IGNORED, "--check-identity", image)
    assert ended.exit_code == 12
    assert "the signature names '127.0.0.1:5056/c25/app'" in ended.stderr


def test_a_payload_is_read_strictly_on_demand(registry: RegistryServer) -> None:
    for name, code in (("x/sigpretty", 0), ("x/sigdup", 12), ("x/signoopt", 12)):
        image = f"{registry.address}/{name}:v1"
        assert chains("verify", "--key", A, IGNORED, image).exit_code == 0
        assert chains("verify", "--key", A, IGNORED, "--strict-json", image).exit_code == code


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--key", OLD, "{}/c25/unsigned:v1"), 10),
        (("--key", OLD, "{}/c25/app:nosuch"), 11),
        (("--key", NEW, "{}/c25/app:v1"), 12),
        (("--key", OLD, "--type", "vuln", "{}/c25/app:v1"), 12),
    ],
)
def test_detailed_exit_codes_tell_the_reasons_apart(
    registry: RegistryServer, arguments: tuple[str, ...], code: int
) -> None:
    told = [argument.format(registry.address) for argument in arguments]
    assert chains("verify-attestation", *SLSA, IGNORED, *told).exit_code == 1
    assert chains("verify-attestation", *SLSA, IGNORED, "--exit-codes", "detailed", *told).exit_code == code


def test_a_saved_image_verifies_from_its_folder_with_no_registry(registry: RegistryServer, tmp_path: Path) -> None:
    for name, key in (("c25/app", OLD), ("c31bundle/app", NEW)):
        folder = str(tmp_path / name)
        saved = chains("save", "--dir", folder, f"{registry.address}/{name}:v1")
        assert saved.exit_code == 0, saved.stderr
        for command in (("verify",), ("verify-attestation", *SLSA)):
            ended = chains(*command, "--local-image", "--offline", "--key", key, IGNORED, folder)
            assert ended.exit_code == 0, ended.stderr


def test_an_index_is_saved_with_its_images(registry: RegistryServer, tmp_path: Path) -> None:
    assert chains("save", "--dir", str(tmp_path), f"{registry.address}/c25/app:multi").exit_code == 0
    assert chains("verify", "--local-image", "--key", OLD, IGNORED, str(tmp_path)).exit_code == 0


def test_a_damaged_blob_of_a_folder_does_not_count(registry: RegistryServer, tmp_path: Path) -> None:
    chains("save", "--dir", str(tmp_path), f"{registry.address}/c25/app:v1")
    for blob in (tmp_path / "blobs" / "sha256").iterdir():
        if b"simplesigning" not in blob.read_bytes():
            blob.write_bytes(blob.read_bytes().replace(b"team", b"tear"))
    ended = chains("verify", "--local-image", "--key", OLD, IGNORED, str(tmp_path))
    assert ended.exit_code == 12
    assert "holds other bytes" in ended.stderr


def test_a_folder_that_holds_nothing_is_refused_in_a_sentence(tmp_path: Path) -> None:
    ended = chains("verify", "--local-image", "--key", OLD, IGNORED, str(tmp_path))
    assert ended.exit_code == 1
    assert "is no OCI layout" in ended.stderr


def test_a_layer_beyond_the_limit_is_not_fetched(registry: RegistryServer) -> None:
    image = f"{registry.address}/c25/app:v1"
    ended = chains("verify", "--key", OLD, IGNORED, image, env={"COSIGN_MAX_ATTACHMENT_SIZE": "100"})
    assert ended.exit_code == 12
    assert "size of layer (248) exceeded the limit (100)" in ended.stderr
    assert chains("verify", "--key", OLD, IGNORED, image, env={"COSIGN_MAX_ATTACHMENT_SIZE": "1KiB"}).exit_code == 0
    odd = chains("verify", "--key", OLD, IGNORED, image, env={"COSIGN_MAX_ATTACHMENT_SIZE": "lots"})
    assert "write a size in bytes" in odd.stderr


def test_results_go_to_a_file_on_demand(registry: RegistryServer, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    ended = chains("verify", "--key", OLD, IGNORED, "--output-file", str(out), f"{registry.address}/c25/app:v1")
    assert (ended.exit_code, ended.stdout) == (0, "")
    assert json.loads(out.read_text())[0]["optional"] == {"team": "rel"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--kee", "x", "a/b"), "did you mean --key"),
        (("--frobnicate", "a/b"), "chains verify --help"),
        (("--certificate-identity", "a@b", "a/b"), "keyless verification is not built yet"),
        (("--sk", "a/b"), "hardware tokens are not supported"),
        (("--key", "awskms:///alias/x", IGNORED, "a/b"), "keys of"),
        (("--key", "ftp://x/y", IGNORED, "a/b"), "is no place for such a key"),
        (("--key", "http://example.com/k.pub", IGNORED, "a/b"), "use https"),
        (("--key", "https://example.com/k.pub", "--offline", IGNORED, "a/b"), "--offline is set"),
        (("--key", "k8s://ns/name", "--offline", IGNORED, "a/b"), "--offline is set"),
        (("--key", "k8s-cm://name", IGNORED, "a/b"), "k8s-cm://NAMESPACE/CONFIGMAP"),
        (("--key", "env://NO_SUCH_VARIABLE", IGNORED, "a/b"), "env var $NO_SUCH_VARIABLE not found"),
        (("--key", OLD, IGNORED, "--timeout", "soon", "a/b"), "3m0s"),
        (("--key", OLD, IGNORED, "--signature-format", "odd", "a/b"), "legacy"),
        (("--key", OLD, IGNORED, "A/B"), "could not parse reference"),
        ((IGNORED, "a/b"), "give --key"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_sentence(arguments: tuple[str, ...], said: str) -> None:
    ended = chains("verify", *arguments)
    assert (ended.exit_code, ended.stdout) == (1, "")
    first, second = [line for line in ended.stderr.splitlines() if not line.startswith("WARNING")]
    assert first.removeprefix("Error: ") == second.removeprefix("error during command execution: ")
    assert said in first


def test_a_key_may_come_from_the_environment(registry: RegistryServer) -> None:
    image = f"{registry.address}/c25/app:v1"
    ended = chains("verify", "--key=env://PUB", IGNORED, image, env={"PUB": Path(OLD).read_text()})
    assert ended.exit_code == 0, ended.stderr


def test_switches_are_spelt_as_in_go(registry: RegistryServer) -> None:
    image = f"{registry.address}/c25/app:v1"
    for spelling in (("-a=team=rel",), ("-a", "team=rel"), ("-ateam=rel",), ("--annotations=team=rel",)):
        assert chains("verify", "--insecure-ignore-tlog", image, "--key", OLD, *spelling).exit_code == 0
    assert chains("verify", "--private-infrastructure", "--key", OLD, "--", image).exit_code == 0


def test_a_platform_of_an_index_can_be_asked_for(registry: RegistryServer) -> None:
    multi, single = f"{registry.address}/c25/app:multi", f"{registry.address}/c25/app:v1"
    assert "found no attestations" in chains("download", "attestation", "--platform", "linux/arm64", multi).stderr
    assert "plan9/mips" in chains("download", "attestation", "--platform", "plan9/mips", multi).stderr
    assert "not a multiarch" in chains("download", "attestation", "--platform", "linux/arm64", single).stderr


async def test_too_many_layers_are_not_downloaded_nor_verified() -> None:
    async with RegistryServer() as server, RegistryClient() as client:
        image = server.push_image("team/app", "a")
        tag = f"sha256-{image.digest.hex}.sig"
        for count, command in ((101, ("download", "signature")), (1001, ("verify", "--key", OLD, IGNORED))):
            await client.put_blob(image.repository, b"{}", ChainedKeychain())
            layer = {"mediaType": "t", "size": 2, "digest": f"sha256:{hashlib.sha256(b'{}').hexdigest()}"}
            body = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": layer, "layers": [layer] * count}
            manifest = json.dumps(body).encode()
            await client.put_manifest(image.repository, tag, manifest, OCI_MANIFEST, ChainedKeychain())
            ended = await asyncio.to_thread(chains, *command, str(image))
            assert ended.exit_code == 1
            assert f"number of layers ({count}) exceeded the limit" in ended.stderr
