"""What registries do to those who write to them, one scenario each."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from chains.demo.faults import Cut, Fault
from chains.demo.registry.lies import Lies
from tests.faults.front import Front
from tests.faults.runs import taskrun
from tests.faults.scene import Scene, scene
from tests.faults.survival import Outcome, Scenario, Trouble, outcome, registry_fault, survive

ANY = "/v2/"


def answered(status: int, *, retry_after: int | None = None) -> Scenario:
    """Every second request is refused with a status."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    fault = Fault(path=ANY, status=status, headers=headers, every=2)

    async def scenario(folder: Path) -> Outcome:
        return await survive(folder, registry_fault(fault))

    return scenario


async def always_refused(folder: Path) -> Outcome:
    """Nothing at all works for a while."""
    return await survive(folder, registry_fault(Fault(path=ANY, status=503)), lasts=8.0)


async def retry_after_obeyed(folder: Path) -> Outcome:
    """A write that is told to wait for three seconds is not tried before."""
    fault = Fault(method="PUT", path="/manifests/.*att", status=429, headers={"Retry-After": "3"}, times=1)
    async with scene(folder) as here:
        here.registry.faults.add(fault)
        await here.build("one")
        await here.started()
        while not here.registry.faults.hits(fault):
            await asyncio.sleep(0.01)
        refused = time.monotonic()
        found = await outcome(here, 1)
        if time.monotonic() - refused < 3.0:
            found.findings.wrong.append("the registry's Retry-After was not obeyed")
        return found


def cut(where: Cut, method: str = "") -> Scenario:
    """Every third request ends with its connection."""

    async def scenario(folder: Path) -> Outcome:
        return await survive(folder, registry_fault(Fault(method=method, path=ANY, cut=where, every=3)))

    return scenario


async def no_answer(folder: Path) -> Outcome:
    """Requests are taken and never answered, for longer than any of them may wait."""
    fault = Fault(path=ANY, hold=asyncio.Event(), cut="before", every=2)
    return await survive(folder, registry_fault(fault), lasts=20.0)


async def slow_loris(folder: Path) -> Outcome:
    """Answers come at a byte a second, for longer than any request may last."""

    def begin(here: Scene) -> Trouble:
        here.door.trickle = 1
        return Trouble(lambda: here.door.passed, lambda: setattr(here.door, "trickle", None))

    return await survive(folder, begin, lasts=65.0)


async def resets(folder: Path) -> Outcome:
    """Answers are cut by a reset after half of their bytes."""

    def begin(here: Scene) -> Trouble:
        here.door.resets = 20
        return Trouble(lambda: 20 - here.door.resets, lambda: setattr(here.door, "resets", 0))

    return await survive(folder, begin)


def outage(seconds: float, count: int, wait: float = 120.0) -> Scenario:
    """The registry refuses connections, comes back, and every run is signed, none given up meanwhile."""

    async def scenario(folder: Path) -> Outcome:
        async with scene(folder) as here:
            await here.builds(count)
            await here.door.shut()
            await here.started()
            until = time.monotonic() + seconds
            given_up: set[str] = set()
            while time.monotonic() < until:
                await asyncio.sleep(0.5)
                given_up |= {str(run) for run in here.expected.values() if here.mark(run.kind, run.name) == "failed"}
            await here.door.open()
            found = await outcome(here, count, wait=wait)
            found.findings.lost += [f"{run} was given up during the outage" for run in sorted(given_up)]
            return found

    return scenario


def lied_to(lie: Callable[[Scene, Lies], Callable[[], int]]) -> Scenario:
    """The registry says what is not so; `lie` sets it up and returns what counts how often it was told."""

    def begin(here: Scene) -> Trouble:
        here.registry.lies = Lies()
        told = lie(here, here.registry.lies)
        return Trouble(told, lambda: setattr(here.registry, "lies", None))

    async def scenario(folder: Path) -> Outcome:
        return await survive(folder, begin)

    return scenario


def lost_manifests(_: Scene, lies: Lies) -> Callable[[], int]:
    """Writes of tags are answered 201 and kept nowhere."""
    lies.lost_manifests = 10
    return lambda: 10 - lies.lost_manifests


def lost_blobs(_: Scene, lies: Lies) -> Callable[[], int]:
    """Writes of blobs are answered 201 and kept nowhere."""
    lies.lost_blobs = 10
    return lambda: 10 - lies.lost_blobs


def stale_reads(here: Scene, lies: Lies) -> Callable[[], int]:
    """After each write of a tag the next three reads answer what was there before."""
    lies.stale_reads = 3
    return lambda: here.registry.requests["PUT", "manifest"]


def captive_portal(here: Scene, lies: Lies) -> Callable[[], int]:
    """Everything is 200 and a page of HTML."""
    lies.page = "<html><body>Please log in</body></html>"
    return here.registry.requests.total


async def uploads_elsewhere(folder: Path) -> Outcome:
    """The Location of every upload is on another host, which is the same registry."""
    async with scene(folder) as here, Front(here.registry.address) as other:
        here.registry.lies = Lies(uploads_at=f"http://{other.address}")
        await here.builds(6)
        await here.started()
        await here.settled()
        return await outcome(here, other.passed)


def distrusted(lie: Callable[[Scene, str, Lies], None], *, lasting: bool) -> Scenario:
    """The registry misbehaves about an image that somebody else has signed before.

    Where the lie is `lasting`, who is told it may give the run up, and it is signed again after the truth is back.
    """

    async def scenario(folder: Path) -> Outcome:
        async with scene(folder) as here:
            image = here.image("team/theirs", "theirs")
            digests = await here.signed_by_others(image)
            await here.apply(taskrun("told", (image,)), (image,), refused=lasting)
            await here.builds(3)
            here.registry.lies = Lies()
            for digest in digests:
                lie(here, digest, here.registry.lies)
            await here.started()
            await asyncio.sleep(3.0)
            if here.mark("TaskRun", "told") == "true":
                return Outcome(1, (await here.check()), 0.0)
            here.registry.lies = None
            if here.mark("TaskRun", "told") == "failed":
                await here.resign("--all-failed")
            here.expect("TaskRun", "told", refused=False)
            return await outcome(here, len(digests))

    return scenario


def other_bytes(_: Scene, digest: str, lies: Lies) -> None:
    """Other bytes than asked for."""
    lies.bodies = {**lies.bodies, digest: b'{"rootfs":{"type":"layers","diff_ids":[]}}'}


def endless(_: Scene, digest: str, lies: Lies) -> None:
    """A body without an end."""
    lies.endless |= {digest}


def stalled(_: Scene, digest: str, lies: Lies) -> None:
    """A body that stops halfway."""
    lies.stalled |= {digest}


def redirect_loop(here: Scene, _: str, lies: Lies) -> None:
    """A redirect to itself."""
    lies.blobs_at = f"http://{here.door.address}"


SCENARIOS: dict[str, Scenario] = {
    "registry: 429 without Retry-After": answered(429),
    "registry: 429 with Retry-After": answered(429, retry_after=1),
    "registry: Retry-After of 3 s is obeyed": retry_after_obeyed,
    "registry: 500": answered(500),
    "registry: 502": answered(502),
    "registry: 503 to every second request": answered(503),
    "registry: 503 to all for 8 s": always_refused,
    "registry: 504": answered(504),
    "registry: no answer for 20 s": no_answer,
    "registry: slow loris, a byte a second": slow_loris,
    "registry: resets within answers": resets,
    "registry: connection cut before the request is performed": cut("before"),
    "registry: connection cut after it is performed": cut("after"),
    "registry: connection cut within the answer": cut("within"),
    "registry: connection cut after a write of a tag": cut("after", "PUT"),
    "registry: 201, but no manifest is stored": lied_to(lost_manifests),
    "registry: 201, but no blob is stored": lied_to(lost_blobs),
    "registry: stale reads after each write": lied_to(stale_reads),
    "registry: HTML 200 to everything": lied_to(captive_portal),
    "registry: other bytes than the digest asked for": distrusted(other_bytes, lasting=False),
    "registry: endless bodies": distrusted(endless, lasting=True),
    "registry: bodies that stop halfway": distrusted(stalled, lasting=False),
    "registry: redirect loop": distrusted(redirect_loop, lasting=True),
    "registry: Location on another host": uploads_elsewhere,
    "registry: unreachable for 10 s": outage(10.0, 20),
}
