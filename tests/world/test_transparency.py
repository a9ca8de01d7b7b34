"""Runs whose signatures go into the transparency log, from door to door."""

from pathlib import Path

import pytest

from chains.config.config import UPLOAD
from chains.controller.turn import End
from chains.demo.faults import Fault
from chains.registry.client import RegistryClient
from chains.registry.cosign_images import CosignImages
from chains.registry.credentials import ChainedKeychain
from chains.rekor.log_key import LogKey
from chains.rekor.verify import verify_logged
from chains.runs.marks import SIGNED, TRANSPARENCY
from tests.world.builders import OCI, Here, build, inhabited

LOGGED = OCI | {"transparency.enabled": "true"}


async def check(here: Here, image) -> None:  # type: ignore[no-untyped-def]
    """Verify signature, attestation and both log entries of an image, offline."""
    await here.verify(image)
    keys, public_key = (LogKey.from_pem(here.world.rekor.public_key),), here.world.public_key.read_bytes()
    async with RegistryClient() as client:
        stored = CosignImages(client, ChainedKeychain())
        for signed in (*await stored.signatures(image), *await stored.attestations(image)):
            verify_logged(signed, keys, public_key)


async def test_a_run_is_marked_with_where_its_entries_are(tmp_path: Path) -> None:
    async with inhabited(tmp_path, LOGGED) as here:
        image = await here.apply_build("build")
        await here.until(End.SIGNED)
        await check(here, image)
        urls = here.annotations("build")[TRANSPARENCY].split(",")
        assert sorted(urls) == [f"{here.world.rekor.url}/api/v1/log/entries?logIndex={index}" for index in (0, 1)]


@pytest.mark.parametrize("mode", ["required", "deferred"])
async def test_a_run_waits_for_a_log_that_is_down_and_is_marked_when_it_is_back(tmp_path: Path, mode: str) -> None:
    async with inhabited(tmp_path, LOGGED | {"transparency.mode": mode}) as here:
        here.world.rekor.faults.add(Fault(status=503, headers={"Retry-After": "0"}, times=2))
        image = await here.apply_build("build")
        turn = await here.until(End.RETRY)
        assert "the transparency log" in turn.sentence
        assert SIGNED not in here.annotations("build")
        stored = {f"sha256-{image.digest.hex}.{kind}" for kind in ("sig", "att")}
        assert stored & set(here.world.registry.tags("team/app")) == (stored if mode == "deferred" else set())
        await here.until(End.SIGNED)
        await check(here, image)
        assert here.world.rekor.log.tree.size == 2


async def test_a_log_that_lies_makes_the_run_fail_with_the_reason(tmp_path: Path) -> None:
    async with inhabited(tmp_path, LOGGED) as here:
        here.world.rekor.distort = lambda document: (
            [entry.update(logID="00" * 32) for entry in document.values()] and None
        )
        await here.apply_build("build")
        turn = await here.until(End.FAILED)
        assert "nothing of it is trusted" in turn.sentence
        assert here.annotations("build")[SIGNED] == "failed"
        assert not [tag for tag in here.world.registry.tags("team/app") if tag.startswith("sha256-")]


async def test_a_configuration_without_the_logs_key_is_refused(tmp_path: Path) -> None:
    async with inhabited(tmp_path, LOGGED | {"transparency.public-key": ""}) as here:
        await here.apply_build("build")
        turn = await here.until(End.BLOCKED)
        assert turn.sentence == "there is no configuration"


async def test_where_it_is_left_to_the_runs_only_those_that_ask_are_logged(tmp_path: Path) -> None:
    async with inhabited(tmp_path, OCI | {"transparency.enabled": "manual"}) as here:
        image = here.world.registry.push_image("team/app", seed="asked")
        found = build("asks", image)
        found["metadata"]["annotations"][UPLOAD] = "true"
        await here.apply_build("keeps-quiet")
        await here.until(End.SIGNED)
        assert here.world.rekor.log.tree.size == 0
        await here.world.kubernetes.apply(found)
        await here.until(End.SIGNED)
        await check(here, image)
        assert here.world.rekor.log.tree.size == 2
        assert TRANSPARENCY in here.annotations("asks")
        assert TRANSPARENCY not in here.annotations("keeps-quiet")
