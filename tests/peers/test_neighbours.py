"""What the page on neighbours shows of cosign and skopeo, tried as it stands there."""

import json
import re
from pathlib import Path

import pytest

from tests.docs.blocks import section
from tests.peers.bench import bench
from tests.peers.programs import program, run

pytestmark = pytest.mark.peers
PAGE = "docs/neighbours.md"


async def test_the_policy_for_skopeo_lets_in_what_is_signed_and_nothing_else(tmp_path: Path) -> None:
    policy, attachments = section(PAGE, "skopeo, Podman and CRI-O")
    async with bench("docker-registry", tmp_path) as here:
        signed, other = await here.push(), await here.push(seed="another", tag="unsigned")
        await here.sign(signed)
        told = policy.replace("registry.example.com", here.address).replace("/etc/pki/cosign.pub", str(here.public_key))
        (tmp_path / "policy.json").write_text(told)
        (tmp_path / "registries.d").mkdir()
        (tmp_path / "registries.d" / "chains.yaml").write_text(
            attachments.replace("registry.example.com", here.address)
        )
        gate = ("--policy=policy.json", "--registries.d=registries.d", "copy", "--src-tls-verify=false")
        pulled = await run("skopeo", *gate, f"docker://{signed}", f"dir:{tmp_path / 'in'}", home=tmp_path)
        refused = await run("skopeo", *gate, f"docker://{other}", f"dir:{tmp_path / 'out'}", home=tmp_path)
    assert pulled.succeeded, pulled
    assert not refused.succeeded
    assert "A signature was required" in refused.err


@pytest.mark.parametrize("cosign", ["cosign-2", "cosign-3"])
async def test_the_commands_for_cosign_verify(cosign: str, tmp_path: Path) -> None:
    (commands,) = section(PAGE, "cosign")
    async with bench("docker-registry", tmp_path) as here:
        image = await here.push()
        await here.sign(image)
        (tmp_path / "cosign.pub").write_bytes(here.public_key.read_bytes())
        for command in commands.splitlines():
            name, *arguments = command.replace("IMAGE", str(image)).split()
            assert name == "cosign"
            verified = await run(program(cosign), *arguments, home=tmp_path)
            assert verified.succeeded, verified
    assert json.loads(verified.out.splitlines()[0])["payloadType"] == "application/vnd.in-toto+json"
    assert len(re.findall("^cosign ", commands, re.MULTILINE)) == 2
