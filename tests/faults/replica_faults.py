"""Three replicas that share the runs through Leases, and what happens to one after another while runs come in."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from chains.cli.main import TERMINATED
from chains.demo.faults import Fault
from tests.faults.api_faults import refusal
from tests.faults.controller_process import ControllerProcess
from tests.faults.front import Front
from tests.faults.scene import SETTINGS, SYSTEM, Scene, scene, write_kubeconfig
from tests.faults.survival import Outcome, Scenario, repaired

REPAIRING = SETTINGS | {"storage.oci.quiet-time": "2s"}
ELECTION = "tekton-chains-config-leader-election"
LEASES = "/leases"
LEASE = 6.0
REPLICAS = 3
TIMES = 6
RUNS_EACH = 8


@dataclass(frozen=True)
class Replica:
    """One process and its own way to the Kubernetes API."""

    process: ControllerProcess
    api: Front


Blow = Callable[[Replica], Awaitable[None]]


@asynccontextmanager
async def replicas(folder: Path) -> AsyncIterator[tuple[Scene, tuple[Replica, ...]]]:
    """Set a scene with three replicas at work and no fault yet."""
    async with scene(folder, REPAIRING) as here, AsyncExitStack() as stack:
        here.registry.latency = 0.005
        metadata = {"name": ELECTION, "namespace": SYSTEM}
        entries = {
            "buckets": str(REPLICAS),
            "lease-duration": f"{LEASE:g}s",
            "renew-deadline": "4s",
            "retry-period": "1s",
        }
        await here.kubernetes.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": entries})
        target = here.kubernetes.url.rpartition("/")[2]
        made = []
        for number in range(REPLICAS):
            api = await stack.enter_async_context(Front(target))
            write_kubeconfig(folder / f"replica-{number}", here.kubernetes.kubeconfig(), api)
            made.append(Replica(_process(here, number), api))
        for each in made:
            await each.process.start()
        yield here, tuple(made)


def _process(here: Scene, number: int) -> ControllerProcess:
    name = f"replica-{number}"
    env = {"POD_NAME": name, "CONFIG_LEADERELECTION_NAME": ELECTION}
    made = ControllerProcess(here.folder / name / "kubeconfig", here.folder / f"{name}.log", env=env)
    here.controllers.append(made)
    return made


def one_after_another(blow: Blow, seed: int) -> Scenario:
    """Strike the replicas in turn at random moments, while runs come in that have images of their own or share one."""

    async def scenario(folder: Path) -> Outcome:
        chance = random.Random(seed)
        async with replicas(folder) as (here, made):
            shared = here.image("team/shared", "shared")
            for number in range(TIMES):
                await here.builds(RUNS_EACH, f"round-{number}")
                await here.attests(shared, f"shared-{number}", RUNS_EACH // 2)
                await asyncio.sleep(chance.uniform(0.2, 1.5))
                await blow(made[number % REPLICAS])
            return await repaired(here, TIMES)

    return scenario


async def killed(replica: Replica) -> None:
    """End it at once, and start it again."""
    replica.process.kill()
    await replica.process.ended()
    await replica.process.start()


async def ended(replica: Replica) -> None:
    """Have it hand over and end, and start it again; one that has not begun yet says so by its status."""
    status, _ = await replica.process.terminate()
    assert status in (0, TERMINATED)
    await replica.process.start()


async def paused(replica: Replica) -> None:
    """Stop it in the middle of its work for two leases."""
    replica.process.pause()
    await asyncio.sleep(2 * LEASE)
    replica.process.go_on()


async def cut_off(replica: Replica) -> None:
    """Keep the Kubernetes API from it for two leases; it reaches the registry all the while."""
    await replica.api.shut()
    await asyncio.sleep(2 * LEASE)
    await replica.api.open()


def leases(fault: Fault) -> Scenario:
    """Requests for Leases fail for three leases."""

    async def scenario(folder: Path) -> Outcome:
        async with replicas(folder) as (here, _):
            await here.builds(RUNS_EACH)
            here.kubernetes.faults.add(fault)
            for number in range(TIMES):
                await here.builds(RUNS_EACH, f"during-{number}")
                await asyncio.sleep(LEASE / 2)
            here.kubernetes.faults.remove(fault)
            await here.builds(RUNS_EACH, "after")
            return await repaired(here, here.kubernetes.faults.hits(fault))

    return scenario


SCENARIOS: dict[str, Scenario] = {
    "replicas: kill -9 of one after another": one_after_another(killed, 1),
    "replicas: SIGTERM of one after another": one_after_another(ended, 2),
    "replicas: one after another stopped for two leases": one_after_another(paused, 3),
    "replicas: one after another cut off from the API for two leases": one_after_another(cut_off, 4),
    "replicas: renewals refused with 503": leases(
        Fault(method="PUT", path=LEASES, **refusal(503, "ServiceUnavailable"))
    ),  # type: ignore[arg-type]
    "replicas: every second renewal cut after it is performed": leases(
        Fault(method="PUT", path=LEASES, cut="after", every=2)
    ),
    "replicas: renewals answered 5 s late": leases(Fault(method="PUT", path=LEASES, delay=5.0)),
}
