"""Kyverno's engine judges pods by the policies of its page."""

import json
import re
import textwrap
from dataclasses import dataclass
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
KINDS = ("ImageValidatingPolicy", "ClusterPolicy")
PASSED = {"ImageValidatingPolicy": "pass: 1, fail: 0", "ClusterPolicy": "pass: 2, fail: 0"}
BUILDER = "https://tekton.dev/chains/v2"

_UNLOGGED = re.compile(r"^( *)rekor: \{ignoreTlog: true\}\n", re.MULTILINE)

both_kinds = pytest.mark.parametrize("kind", KINDS)


@dataclass(frozen=True)
class Kyverno:
    """Its command line with one policy of the page."""

    here: Bench
    kind: str
    builder: str = BUILDER
    log: str = ""

    async def judge(self, image: ImageReference) -> Finished:
        """Apply the policy to a pod with that image."""
        home = self.here.folder
        policy = shown("kyverno", self.kind, self.here).replace(BUILDER, self.builder)
        if self.log:
            policy, replaced = _UNLOGGED.subn(lambda found: textwrap.indent(self.log, found[1]), policy)
            assert replaced == 2
        write(home / "policy.yaml", policy.encode())
        write(home / "pod.yaml", json.dumps(_pod(image)).encode())
        return await run("kyverno", "apply", "policy.yaml", "--resource", "pod.yaml", "--registry", home=home)

    async def admits(self, image: ImageReference) -> bool:
        """Whether the pod passes; it has to be refused in so many words otherwise."""
        judged = await self.judge(image)
        if judged.succeeded:
            assert PASSED[self.kind] in judged.out.decode(), judged
            return True
        assert judged.status == 1, judged
        assert b"policy signed-by-chains -> resource default/Pod/app failed" in judged.out, judged
        assert b"error: 0" in judged.out, judged
        return False


@pytest.mark.parametrize(
    ("kind", "encoding", "admitted"),
    [
        ("ImageValidatingPolicy", "dsse", False),
        ("ImageValidatingPolicy", "sigstore-bundle", True),
        ("ImageValidatingPolicy", "both", True),
        ("ClusterPolicy", "dsse", True),
        ("ClusterPolicy", "sigstore-bundle", False),
        ("ClusterPolicy", "both", True),
    ],
)
@pytest.mark.parametrize("registry", ["docker-registry", "referrers-registry"])
async def test_each_policy_admits_what_the_page_says(
    registry: str, kind: str, encoding: str, *, admitted: bool, tmp_path: Path
) -> None:
    async with bench(registry, tmp_path) as here:
        image = await here.push()
        await here.sign(image, encoding=encoding)

        assert await Kyverno(here, kind).admits(image) == admitted


@both_kinds
async def test_what_nobody_signed_is_refused(kind: str, tmp_path: Path) -> None:
    async with bench("docker-registry", tmp_path) as here:
        assert not await Kyverno(here, kind).admits(await here.push())


@both_kinds
async def test_what_another_key_signed_is_refused(kind: str, tmp_path: Path) -> None:
    async with bench("docker-registry", tmp_path) as here:
        image = await here.push()
        await here.sign(image, encoding="both", signer=new_signer())

        assert not await Kyverno(here, kind).admits(image)


@both_kinds
async def test_signatures_carried_to_another_image_are_refused(kind: str, tmp_path: Path) -> None:
    async with bench("docker-registry", tmp_path) as here:
        signed, other = await here.push(), await here.push(seed="another", tag="other")
        await here.sign(signed, encoding="both")
        await transplant(here, signed, other)

        assert not await Kyverno(here, kind).admits(other)


@both_kinds
async def test_what_somebody_else_built_is_refused(kind: str, tmp_path: Path) -> None:
    async with bench("docker-registry", tmp_path) as here:
        image = await here.push()
        await here.sign(image, encoding="both")

        assert not await Kyverno(here, kind, builder="https://builds.example.com").admits(image)


async def test_a_cluster_policy_with_a_log_refuses_what_is_not_logged(tmp_path: Path) -> None:
    async with logged("docker-registry", tmp_path) as there:
        here, unlogged = there.bench, await there.bench.push(seed="another", tag="unlogged")
        image = await here.push()
        await here.sign(image, encoding="both", transparency=there.transparency())
        await here.sign(unlogged, encoding="both")
        log = shown("kyverno", "With a log of your own", here, there.rekor.public_key)
        kyverno = Kyverno(here, "ClusterPolicy", log=log.replace("https://rekor.example.com", there.rekor.url))

        assert await kyverno.admits(image)
        assert b"signature not found in transparency log" in (await kyverno.judge(unlogged)).out


async def test_the_page_shows_the_command_that_is_run() -> None:
    (command,) = section("docs/how-to/kyverno.md", "See that it works")
    assert command.split() == ["kyverno", "apply", "policy.yaml", "--resource", "pod.yaml", "--registry"]


def _pod(image: ImageReference) -> dict[str, object]:
    containers = [{"name": "app", "image": str(image)}]
    metadata = {"name": "app", "namespace": "default"}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": containers}}
