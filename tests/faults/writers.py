"""Several writers of one tag: two controllers, somebody else beside them, writes that come late, layers dropped."""

import asyncio
import random
from contextlib import suppress
from pathlib import Path

import aiohttp
from aiohttp import web
from aiohttp.typedefs import Handler

from chains.demo.faults import Faults
from tests.faults.controller_process import ControllerProcess
from tests.faults.dump import AGENT
from tests.faults.intruder import Intruder, tag_of
from tests.faults.scene import SETTINGS, Scene, scene
from tests.faults.survival import Outcome, Scenario, repaired

REPAIRING = SETTINGS | {"storage.oci.quiet-time": "2s"}
CROWD = 64
KILLS = 8


class LateWrites(Faults):
    """Takes the next writes of tags whole, answers none of them, and performs them when `gate` opens."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.left = count
        self.performed = 0
        self.gate = asyncio.Event()

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Hold a write of a tag back, and let everything else pass."""
        if request.method != "PUT" or "/manifests/" not in request.path or not self.left:
            return await handler(request)
        self.left -= 1
        await request.read()
        await self.gate.wait()
        self.performed += 1
        return await handler(request)


async def late_writes(folder: Path) -> Outcome:
    """Writes of tags are performed only after they were given up, repeated and added to."""
    async with scene(folder, REPAIRING) as here:
        image = here.image("team/shared", "shared")
        here.registry.faults = late = LateWrites(2)
        await here.attests(image, "early", 2)
        await here.started()
        while late.left:
            await asyncio.sleep(0.02)
        await asyncio.sleep(16.0)
        await here.attests(image, "late", 4)
        await here.settled()
        late.gate.set()
        while late.performed < 2:
            await asyncio.sleep(0.02)
        return await repaired(here, late.performed)


def controllers(count: int, runs: int) -> Scenario:
    """Several controllers work on the same runs."""

    async def scenario(folder: Path) -> Outcome:
        async with scene(folder, REPAIRING) as here:
            await here.builds(runs)
            await _started(here, count)
            await here.builds(runs, "live")
            await here.settled()
            return await repaired(here, 2 * runs)

    return scenario


async def crowd(folder: Path) -> Outcome:
    """64 runs attest one digest, two controllers at work, and somebody else adds layers without pause."""
    async with scene(folder, REPAIRING) as here, aiohttp.ClientSession(headers={"User-Agent": AGENT}) as session:
        image = here.image("team/shared", "shared")
        await here.attests(image, "run", CROWD)
        repository, tag = tag_of(image, "att")
        intruder, theirs = Intruder(session, here.registry.url), list[str]()
        await _started(here, 2)
        intruding = asyncio.create_task(_intrude(intruder, repository, tag, theirs))
        await here.settled()
        intruding.cancel()
        with suppress(asyncio.CancelledError):
            await intruding
        # What two of us and they dropped of theirs is nobody's to restore; what is there now must stay.
        held = await intruder.manifest(repository, tag)
        assert held is not None
        here.foreign[f"{repository}:{tag}"] = tuple(x["digest"] for x in held["layers"] if x["digest"] in theirs)
        return await repaired(here, CROWD)


async def dropped(folder: Path) -> Outcome:
    """Somebody else writes what they read before, and drops what was stored meanwhile."""
    async with scene(folder, REPAIRING) as here, aiohttp.ClientSession(headers={"User-Agent": AGENT}) as session:
        image = here.image("team/shared", "shared")
        await here.attests(image, "run", 3)
        intruder = Intruder(session, here.registry.url)
        await here.started()
        await here.settled()
        for suffix in ("sig", "att"):
            repository, tag = tag_of(image, suffix)
            theirs = await intruder.append_to(None, repository, tag, f"theirs {suffix}")
            here.foreign[f"{repository}:{tag}"] = (theirs,)
        return await repaired(here, 2)


async def paused(folder: Path) -> Outcome:
    """One of two controllers is stopped in the middle of its work, and goes on when the other has done it."""
    async with scene(folder, REPAIRING) as here:
        image = here.image("team/shared", "shared")
        await here.attests(image, "run", 12)
        first, _ = await _started(here, 2)
        while here.registry.requests.total() < 30:
            await asyncio.sleep(0.002)
        first.pause()
        await here.builds(6, "meanwhile")
        await asyncio.sleep(5.0)
        first.go_on()
        await here.settled()
        return await repaired(here, 1)


async def killed(folder: Path) -> Outcome:
    """Two controllers attest one digest, and one after the other is killed and started again."""
    chance = random.Random(KILLS)
    async with scene(folder, REPAIRING) as here:
        here.registry.latency = 0.005
        image = here.image("team/shared", "shared")
        await here.attests(image, "run", CROWD)
        working = await _started(here, 2)
        for number in range(KILLS):
            await asyncio.sleep(chance.uniform(0.1, 1.0))
            await here.attests(image, f"later-{number}", 4)
            working[number % 2].kill()
            await working[number % 2].ended()
            await working[number % 2].start()
        await here.settled()
        return await repaired(here, KILLS)


async def _started(here: Scene, count: int) -> list[ControllerProcess]:
    return [await here.started() for _ in range(count)]


async def _intrude(intruder: Intruder, repository: str, tag: str, theirs: list[str]) -> None:
    while True:
        text = f"theirs {len(theirs)}"
        theirs.append(await intruder.append(repository, tag, text))
        await asyncio.sleep(0.05)


SCENARIOS: dict[str, Scenario] = {
    "writers: two controllers, 40 runs": controllers(2, 20),
    "writers: 64 runs on one digest, two controllers, an intruder": crowd,
    "writers: two controllers on one digest, kill -9 of each in turn": killed,
    "writers: one of two controllers stopped for 5 s": paused,
    "writers: somebody drops what was stored": dropped,
    "writers: writes performed long after they were given up": late_writes,
}
