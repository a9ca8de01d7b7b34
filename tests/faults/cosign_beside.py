"""A real cosign attests in a loop beside 64 runs of one digest and two controllers."""

import asyncio
import json
import os
import subprocess
from pathlib import Path

from tests.faults.controller_process import ROOT
from tests.faults.intruder import tag_of
from tests.faults.runs import taskrun
from tests.faults.scene import Scene, scene
from tests.faults.survival import Outcome, Scenario, repaired
from tests.faults.writers import CROWD, REPAIRING

COSIGN = ROOT / ".peers" / "bin" / "cosign-2"
PREDICATE = {"builder": {"id": "https://builds.example.com"}, "buildType": "x", "invocation": {"configSource": {}}}


def installed() -> bool:
    """Whether there is a cosign to run."""
    return COSIGN.exists()


async def beside_cosign(folder: Path) -> Outcome:
    """All 64 attestations are kept, whatever cosign drops, and what cosign wrote last stays."""
    async with scene(folder, REPAIRING) as here:
        image = here.image("team/shared", "shared")
        for number in range(CROWD):
            await here.apply(taskrun(f"run-{number}", (image,)), (image,))
        await _cosign(folder, "generate-key-pair")
        _write_predicate(folder)
        done = asyncio.Event()
        attesting = asyncio.create_task(_attest_until(done, folder, image))
        for _ in range(2):
            await here.started()
        await here.settled()
        done.set()
        count = await attesting
        _expect_theirs(here, image)
        found = await repaired(here, CROWD)
        if not count:
            found.findings.wrong.append("cosign attested nothing")
        return found


async def _attest_until(done: asyncio.Event, folder: Path, image: str) -> int:
    what = ("--key", "cosign.key", "--predicate", "predicate.json", "--type", "slsaprovenance")
    count = 0
    while count < 6 or not done.is_set():
        count += await _cosign(folder, "attest", *what, "--yes", "--tlog-upload=false", image) == 0
    return count


async def _cosign(folder: Path, *arguments: str) -> int:
    process = await asyncio.create_subprocess_exec(
        COSIGN,
        *arguments,
        cwd=folder,
        env={"HOME": str(folder), "PATH": os.defpath, "COSIGN_PASSWORD": "theirs"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    async with asyncio.timeout(60):
        return await process.wait()


def _write_predicate(folder: Path) -> None:
    (folder / "predicate.json").write_text(json.dumps(PREDICATE))


def _expect_theirs(here: Scene, image: str) -> None:
    """What cosign wrote and is there now must stay: its layers are those of a predicate that no run has."""
    repository, tag = tag_of(image, "att")
    layers = json.loads(here.registry.manifest(repository, tag))["layers"]
    theirs = [layer["digest"] for layer in layers if _is_theirs(here.registry.blob(layer["digest"]))]
    here.foreign[f"{repository}:{tag}"] = tuple(theirs)


def _is_theirs(envelope: bytes) -> bool:
    return json.loads(envelope)["signatures"][0]["keyid"] == ""


SCENARIOS: dict[str, Scenario] = {"writers: 64 runs on one digest, two controllers, cosign attest": beside_cosign}
