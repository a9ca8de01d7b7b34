"""Keys and configuration under fire, and a service told to stop."""

import asyncio
import random
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

from chains.cli.main import TERMINATED
from chains.keys.generate import generate_key_pair
from tests.faults.invariants import OurKey
from tests.faults.scene import SETTINGS, Scene, scene
from tests.faults.survival import Outcome, Scenario, outcome

LONGEST_EXIT = 25.0
GARBAGE = (
    {"artifacts.taskrun.format": "rubbish"},
    {"artifacts.taskrun.storage": "oci,nowhere"},
    {"storage.oci.repository": "https://///"},
    {"storage.oci.quiet-time": "-3"},
    {"transparency.enabled": "perhaps"},
    {"artifacts.oci.signer": "\x00\x01\ufffd"},
    {"no.such.key": "x" * 1_000_000, "artifacts.oci.format": "?"},
)
Trouble = Callable[[Scene], Awaitable[None]]


def key_trouble(trouble: Trouble) -> Scenario:
    """Something happens to the key while runs come; once a good key is back, all of them are signed."""

    async def scenario(folder: Path) -> Outcome:
        async with scene(folder) as here:
            await here.builds(3, "before")
            await here.started()
            await here.settled()
            working = asyncio.create_task(_keep_applying(here))
            await trouble(here)
            applied = await working
            return await outcome(here, applied)

    return scenario


async def _keep_applying(here: Scene) -> int:
    for number in range(40):
        await here.build(f"under-{number}", f"team/under-{number}")
        await asyncio.sleep(0.4)
    return 40


async def rotated(here: Scene) -> None:
    await asyncio.sleep(3.0)
    await here.write_key()


async def deleted(here: Scene) -> None:
    """The Secret is deleted; a new key comes later."""
    await here.delete_secret()
    await asyncio.sleep(12.0)
    await here.write_key()


async def half_written(here: Scene) -> None:
    """Half a key, then a whole one."""
    await here.write_secret({"x509.pem": b"-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49"})
    await asyncio.sleep(12.0)
    await here.write_key()


async def wrong_password(here: Scene) -> None:
    """An encrypted key whose password does not open it, then the right password."""
    pair = await asyncio.to_thread(generate_key_pair, b"right")
    await here.write_secret({"cosign.key": pair.private_pem, "cosign.password": b"wrong"})
    await asyncio.sleep(12.0)
    here.keys.append(OurKey("encrypted key", pair.public_pem))
    await here.write_secret({"cosign.key": pair.private_pem, "cosign.password": b"right"})


async def config_garbage(folder: Path) -> Outcome:
    """Each kind of garbage comes while runs come; the last good configuration stays in force."""
    async with scene(folder) as here:
        await here.started()
        await here.build("first")
        await here.settled()
        for number, garbage in enumerate(GARBAGE):
            await here.write_config(SETTINGS | garbage)
            await asyncio.sleep(0.2)
            await here.builds(2, f"garbage-{number}")
        await here.settled(20)
        return await outcome(here, len(GARBAGE))


async def config_gone(folder: Path) -> Outcome:
    """There is no configuration at first, then garbage, then a good one."""
    async with scene(folder) as here:
        await here.delete_config()
        await here.builds(4)
        await here.started()
        await asyncio.sleep(2.0)
        await here.write_config(SETTINGS | GARBAGE[0])
        await asyncio.sleep(1.0)
        given_up = [str(run) for run in here.expected.values() if here.mark(run.kind, run.name) is not None]
        await here.write_config(SETTINGS)
        found = await outcome(here, 2)
        found.findings.wrong += [f"{run} was marked without a configuration" for run in given_up]
        return found


async def config_flips(folder: Path) -> Outcome:
    """The configuration changes 200 times in ten seconds, between good, other and garbage, while runs come."""
    texts = (SETTINGS, SETTINGS | {"builder.id": "https://example.com/other"}, SETTINGS | GARBAGE[0])
    async with scene(folder) as here:
        await here.started()
        for number in range(200):
            await here.write_config(texts[number % len(texts)])
            if number % 5 == 0:
                await here.build(f"flip-{number}", f"team/flip-{number % 4}")
            await asyncio.sleep(0.05)
        await here.write_config(SETTINGS)
        return await outcome(here, 200)


def told_to_stop(rounds: int) -> Scenario:
    """SIGTERM at random moments; each time it ends within 25 s, and the next one finds nothing lost."""

    async def scenario(folder: Path) -> Outcome:
        moments, late = random.Random(4), list[str]()
        async with scene(folder) as here:
            controller = here.controller()
            for number in range(rounds):
                await here.builds(3, f"round-{number}")
                await controller.start()
                await asyncio.sleep(moments.uniform(0.5, 1.1))
                await here.builds(3, f"live-{number}")
                status, seconds = await controller.terminate()
                # Before its handlers are in place the signal ends it at once, which loses nothing either.
                if status not in (0, TERMINATED, -signal.SIGTERM) or seconds > LONGEST_EXIT:
                    late.append(f"SIGTERM was obeyed after {seconds:.1f} s with the exit status {status}")
            await controller.start()
            found = await outcome(here, rounds)
            found.findings.stuck += late
            return found

    return scenario


async def stopped_in_an_outage(folder: Path) -> Outcome:
    """SIGTERM while the registry answers nothing: it ends within 25 s, and the next one signs all."""
    async with scene(folder) as here:
        await here.builds(6)
        here.door.trickle = 1
        controller = await here.started()
        await asyncio.sleep(3.0)
        status, seconds = await controller.terminate()
        here.door.trickle = None
        await controller.start()
        found = await outcome(here, 1)
        if status != 0 or seconds > LONGEST_EXIT + 2:
            found.findings.stuck.append(f"SIGTERM was obeyed after {seconds:.1f} s with the exit status {status}")
        return found


SCENARIOS: dict[str, Scenario] = {
    "key: rotated under load": key_trouble(rotated),
    "key: deleted under load": key_trouble(deleted),
    "key: half written under load": key_trouble(half_written),
    "key: wrong password under load": key_trouble(wrong_password),
    "configuration: garbage under load": config_garbage,
    "configuration: missing, then garbage, at the first start": config_gone,
    "configuration: 200 changes in 10 s under load": config_flips,
    "SIGTERM at random moments": told_to_stop(12),
    "SIGTERM while the registry answers nothing": stopped_in_an_outage,
}
