"""What the pages in docs/how-to show of cosign, skopeo, Kustomizer and Argo CD, tried as it stands there."""

import json
import re
import shlex
from pathlib import Path

import pytest
import yaml

from chains.artifacts.reference import ImageReference
from tests.docs.blocks import section
from tests.peers.bench import Bench, bench, write
from tests.peers.cosign import both_cosigns
from tests.peers.programs import Finished, chains, program, run
from tests.peers.test_transparency import logged

pytestmark = pytest.mark.peers


async def typed(command: str, cosign: str, here: Bench) -> Finished:
    """Type one line of a page, variables before it and all, with one of the cosigns."""
    *assigned, name = shlex.split(re.split(r"(?<=cosign) ", command, maxsplit=1)[0])
    assert name == "cosign"
    arguments = shlex.split(command.split("cosign ", 1)[1])
    env = dict(variable.split("=", 1) for variable in assigned)
    write(here.folder / "cosign.pub", here.public_key.read_bytes())
    return await run(program(cosign), *arguments, home=here.folder, env=env)


@both_cosigns
async def test_the_commands_for_cosign_verify(cosign_name: str, tmp_path: Path) -> None:
    (commands,) = section("docs/how-to/cosign.md", "Without a log")
    async with bench("docker-registry", tmp_path) as here:
        image = await here.push()
        await here.sign(image)
        for command in commands.splitlines():
            verified = await typed(command.replace("IMAGE", str(image)), cosign_name, here)
            assert verified.succeeded, verified
    assert json.loads(verified.out.splitlines()[0])["payloadType"] == "application/vnd.in-toto+json"
    assert len(re.findall("^cosign ", commands, re.MULTILINE)) == 2


@pytest.mark.parametrize(("cosign_name", "block"), [("cosign-2", 0), ("cosign-3", 1)])
async def test_the_commands_for_cosign_and_a_log_demand_the_log(cosign_name: str, block: int, tmp_path: Path) -> None:
    commands = section("docs/how-to/cosign.md", "With a log of your own")[block]
    async with logged("docker-registry", tmp_path) as there:
        here, unlogged = there.bench, await there.bench.push(seed="another", tag="unlogged")
        image = await here.push()
        await here.sign(image, transparency=there.transparency(), encoding="both")
        await here.sign(unlogged, encoding="both")
        write(tmp_path / "rekor.pub", there.rekor.public_key)
        *before, verify = commands.replace("https://rekor.example.com", there.rekor.url).splitlines()
        for command in before:
            assert (await typed(command, cosign_name, here)).succeeded
        verified = await typed(verify.replace("IMAGE", str(image)), cosign_name, here)
        refused = await typed(verify.replace("IMAGE", str(unlogged)), cosign_name, here)
    assert verified.succeeded, verified
    assert not refused.succeeded


async def test_the_policy_for_skopeo_lets_in_what_is_signed_and_nothing_else(tmp_path: Path) -> None:
    policy, attachments = section("docs/how-to/skopeo.md", "Configure")
    (command,) = section("docs/how-to/skopeo.md", "See that it works")
    async with bench("docker-registry", tmp_path) as here:
        signed, other = await here.push(), await here.push(seed="another", tag="unsigned")
        await here.sign(signed, encoding="both")
        told = policy.replace("registry.example.com", here.address).replace("/etc/pki/cosign.pub", str(here.public_key))
        (tmp_path / "policy.json").write_text(told)
        (tmp_path / "registries.d").mkdir()
        (tmp_path / "registries.d" / "chains.yaml").write_text(
            attachments.replace("registry.example.com", here.address)
        )
        name, copy, *what = command.split()
        gate = ("--policy=policy.json", "--registries.d=registries.d", copy, "--src-tls-verify=false")
        pulled, refused = [
            await run(name, *gate, *(word.replace("IMAGE", str(image)) for word in what), home=tmp_path)
            for image in (signed, other)
        ]
    assert pulled.succeeded, pulled
    assert refused.status == 1, refused
    assert "A signature was required, but no signature exists" in refused.err


@both_cosigns
async def test_the_call_of_cosign_that_kustomizer_makes_verifies_with_the_pages_variable(
    cosign_name: str, tmp_path: Path
) -> None:
    (command,) = section("docs/how-to/kustomizer.md", "See that it works")
    (variable,) = [word for word in command.split() if word.startswith("COSIGN_")]
    assert "--verify --cosign-key cosign.pub" in command
    async with bench("docker-registry", tmp_path) as here:
        signed, other = await here.push(), await here.push(seed="another", tag="unsigned")
        await here.sign(signed, encoding="both")
        verified, refused = [
            await typed(f"{variable} cosign verify --key cosign.pub {image}", cosign_name, here)
            for image in (signed, other)
        ]
    assert verified.succeeded, verified
    assert refused.status == 10, refused


@pytest.mark.parametrize(
    ("builder", "status"), [("https://tekton.dev/chains/v2", 0), ("https://builds.example.com", 1)]
)
async def test_the_container_of_the_hook_for_argo_cd_lets_in_what_is_attested(
    builder: str, status: int, tmp_path: Path
) -> None:
    async with bench("docker-registry", tmp_path) as here:
        image, unsigned = await here.push(), await here.push(seed="another", tag="unsigned")
        await here.sign(image)
        ended = await chains(tmp_path, *_hook(here, image, builder))
        refused = await chains(tmp_path, *_hook(here, unsigned, builder))
    assert ended.status == status, ended
    assert refused.status == 1, refused


def _hook(here: Bench, image: ImageReference, builder: str) -> list[str]:
    (job,) = section("docs/how-to/argo-cd.md", "Configure")
    (container,) = yaml.safe_load(job)["spec"]["template"]["spec"]["containers"]
    told = {
        "/keys/cosign.pub": str(here.public_key),
        "registry.example.com/team/app:v1": str(image),
        "https://tekton.dev/chains/v2": builder,
    }
    arguments = container["args"]
    for shown, meant in told.items():
        assert any(shown in argument for argument in arguments)
        arguments = [argument.replace(shown, meant) for argument in arguments]
    return arguments
