"""sigstore's policy-controller judges images by the policies of its page, through its tester."""

import base64
import textwrap
from pathlib import Path

import pytest

from chains.artifacts.reference import ImageReference
from tests.docs.blocks import section
from tests.neighbours.pages import shown
from tests.neighbours.transplant import transplant
from tests.peers.bench import Bench, bench, new_signer, write
from tests.peers.programs import Finished, run
from tests.peers.test_transparency import logged

pytestmark = pytest.mark.neighbours
PAGE = "docs/how-to/policy-controller.md"
BUILDER = "https://tekton.dev/chains/v2"


async def judge(here: Bench, image: ImageReference, *flags: str, builder: str = BUILDER, log: str = "") -> Finished:
    """Type the page's command, with what the policies say of a log."""
    policies = shown("policy-controller", "Configure", here).replace(BUILDER, builder)
    policies = policies.replace("      key:\n", f"{textwrap.indent(log, ' ' * 6)}      key:\n")
    write(here.folder / "policies.yaml", policies.encode())
    (command,) = section(PAGE, "See that it works")
    return await run(*command.replace("IMAGE", str(image)).split(), *flags, home=here.folder)


@pytest.mark.parametrize("encoding", ["dsse", "both"])
@pytest.mark.parametrize("registry", ["docker-registry", "referrers-registry"])
async def test_what_we_signed_and_attested_is_admitted(registry: str, encoding: str, tmp_path: Path) -> None:
    async with bench(registry, tmp_path) as here:
        image = await here.push()
        await here.sign(image, encoding=encoding)

        admitted = await judge(here, image)

    assert admitted.succeeded, admitted


@pytest.mark.parametrize("encoding", ["sigstore-bundle", ""])
async def test_bundles_alone_are_refused_as_is_what_nobody_signed(encoding: str, tmp_path: Path) -> None:
    async with bench("docker-registry", tmp_path) as here:
        image = await here.push()
        if encoding:
            await here.sign(image, encoding=encoding)

        refused = await judge(here, image)

    assert refused.status == 1, refused
    assert b"no signatures found" in refused.out or b"no matching attestations" in refused.out


async def test_what_another_key_signed_is_refused(tmp_path: Path) -> None:
    async with bench("docker-registry", tmp_path) as here:
        image = await here.push()
        await here.sign(image, encoding="both", signer=new_signer())

        refused = await judge(here, image)

    assert refused.status == 1, refused
    assert b"no matching" in refused.out


async def test_signatures_carried_to_another_image_are_refused(tmp_path: Path) -> None:
    async with bench("docker-registry", tmp_path) as here:
        signed, other = await here.push(), await here.push(seed="another", tag="other")
        await here.sign(signed, encoding="both")
        await transplant(here, signed, other)

        refused = await judge(here, other)

    assert refused.status == 1, refused
    assert b"no matching" in refused.out


async def test_what_somebody_else_built_is_refused(tmp_path: Path) -> None:
    async with bench("docker-registry", tmp_path) as here:
        image = await here.push()
        await here.sign(image, encoding="both")

        refused = await judge(here, image, builder="https://builds.example.com")

    assert refused.status == 1, refused
    assert b"conflicting values" in refused.out


async def test_with_a_log_what_is_not_logged_is_refused(tmp_path: Path) -> None:
    root, log = section(PAGE, "With a log of your own")
    async with logged("docker-registry", tmp_path) as there:
        here, unlogged = there.bench, await there.bench.push(seed="another", tag="unlogged")
        image = await here.push()
        await here.sign(image, encoding="both", transparency=there.transparency())
        await here.sign(unlogged, encoding="both")
        root, log = (text.replace("https://rekor.example.com", there.rekor.url) for text in (root, log))
        root = root.replace("REKOR_PUB", base64.b64encode(there.rekor.public_key).decode())
        write(tmp_path / "trustroot.yaml", root.encode())

        admitted, refused = [
            await judge(here, one, "-trustroot", "trustroot.yaml", log=log) for one in (image, unlogged)
        ]

    assert admitted.succeeded, admitted
    assert refused.status == 1, refused
    assert b"signature not found in transparency log" in refused.out
