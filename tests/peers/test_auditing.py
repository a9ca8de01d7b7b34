"""Our auditor's commands beside cosign's: what one saves the other verifies, and both end alike."""

import json

import pytest

from tests.peers.bench import bench, every_registry, write
from tests.peers.cosign import Cosign, both_cosigns
from tests.peers.programs import chains

pytestmark = [pytest.mark.peers, every_registry]

UNLOGGED = "--insecure-ignore-tlog=true"
LOCAL = ("--local-image", UNLOGGED)


@both_cosigns
async def test_what_one_saves_the_other_verifies(registry_kind, cosign_name, tmp_path):
    async with bench(registry_kind, tmp_path) as here:
        image, cosign = await here.push(), Cosign(cosign_name, tmp_path)
        await here.sign(image)
        ours, theirs = tmp_path / "ours", tmp_path / "theirs"
        assert (await chains(tmp_path, "save", "--dir", ours, str(image))).succeeded
        assert (await cosign.call("save", "--dir", theirs, str(image))).succeeded

        for command in (("verify",), ("verify-attestation", "--type", "slsaprovenance")):
            key = ("--key", here.public_key)
            by_cosign = await cosign.call(*command, *key, *LOCAL, ours)
            by_us = await chains(tmp_path, *command, *key, *LOCAL, theirs)
            assert by_cosign.succeeded, by_cosign
            assert by_us.succeeded, by_us
            assert by_us.out == by_cosign.out


@both_cosigns
async def test_both_end_alike_and_print_the_same(registry_kind, cosign_name, tmp_path):
    async with bench(registry_kind, tmp_path) as here:
        image, cosign = await here.push(), Cosign(cosign_name, tmp_path)
        await here.sign(image)
        name = f"{image.repository}:v1"
        key = ("--key", here.public_key, UNLOGGED)
        for command in (
            ("verify", *key, name),
            ("verify", *key, "-a", "team=rel", name),
            ("verify", *key, "-o", "text", name),
            ("verify", *key, "--attachment-tag-prefix", "x-", name),
            ("verify", *key, f"{image.repository}:nosuch"),
            ("verify-attestation", *key, "--type", "slsaprovenance", name),
            ("verify-attestation", *key, "--type", "vuln", name),
            ("triangulate", name),
            ("triangulate", "--type", "digest", name),
            ("download", "signature", name),
            ("download", "attestation", name),
        ):
            ours, theirs = await chains(tmp_path, *command), await cosign.call(*command)
            assert ours.status == theirs.status, (command, ours, theirs)
            assert documents(ours.out) == documents(theirs.out), command


def documents(out: bytes) -> list[object]:
    return [json.loads(line) if line[:1] in b"[{" else line for line in out.splitlines() if line]


async def test_what_cosign_3_signs_in_bundles_verifies(registry_kind, tmp_path):
    async with bench(registry_kind, tmp_path) as here:
        image, cosign = await here.push(), Cosign("cosign-3", tmp_path)
        assert (await cosign.call("generate-key-pair")).succeeded
        predicate = write(tmp_path / "predicate.json", b'{"builder":{"id":"x"},"buildType":"t","invocation":{}}')
        assert (await cosign.attest_in_bundle(tmp_path / "cosign.key", predicate, str(image))).succeeded

        key = ("--key", tmp_path / "cosign.pub", UNLOGGED)
        attested = await chains(tmp_path, "verify-attestation", *key, "--type", "slsaprovenance", str(image))
        signed = await chains(tmp_path, "verify", *key, str(image))

        assert attested.succeeded, attested
        assert signed.status == 10, signed
