"""How a fault is survived: it begins, it lasts, it ends, all runs settle, and the checker finds nothing."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from chains.demo.faults import Fault, Faults
from tests.faults.invariants import Findings
from tests.faults.scene import PATIENCE, Scene, scene

LASTS = 3.0


@dataclass(frozen=True)
class Outcome:
    """What came of one fault: how often it was tried, what was found, and the seconds from its end to all settled."""

    tries: int
    findings: Findings
    recovery: float


@dataclass(frozen=True)
class Trouble:
    """A fault in force: how often it has struck so far, and what ends it."""

    struck: Callable[[], int]
    end: Callable[[], None]


Scenario = Callable[[Path], Awaitable[Outcome]]
Begin = Callable[[Scene], Trouble]


async def survive(
    folder: Path, begin: Begin, *, lasts: float = LASTS, count: int = 6, wait: float = PATIENCE
) -> Outcome:
    """Apply runs before, during and after a fault, with one controller at work all the while."""
    async with scene(folder) as here:
        return await endure(here, begin, lasts=lasts, count=count, wait=wait)


async def endure(here: Scene, begin: Begin, *, lasts: float = LASTS, count: int = 6, wait: float = PATIENCE) -> Outcome:
    """Do the same in a scene that is set."""
    await here.builds(count)
    await here.build("pair", count=2)
    trouble = begin(here)
    await here.started()
    await _reached(lambda: here.kubernetes.requests.total() > 0)
    await asyncio.sleep(lasts / 2)
    await here.builds(2, "during")
    await asyncio.sleep(lasts / 2)
    await _reached(lambda: trouble.struck() > 0)
    trouble.end()
    tries = trouble.struck()
    await here.builds(2, "after")
    return await outcome(here, tries, wait=wait)


async def _reached(state: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait for a state, not for ever: that it never came shows in what is found."""
    until = time.monotonic() + seconds
    while not state() and time.monotonic() < until:
        await asyncio.sleep(0.02)


async def outcome(here: Scene, tries: int, *, wait: float = PATIENCE) -> Outcome:
    """Wait until all runs are settled, from now on, and check; a fault that never struck is a finding."""
    over = time.monotonic()
    await here.settled(wait)
    recovery = time.monotonic() - over
    findings = await here.check()
    if not tries:
        findings.wrong.append("the fault never struck")
    return Outcome(tries, findings, recovery)


async def repaired(here: Scene, tries: int, seconds: float = 30.0) -> Outcome:
    """Wait until the checker finds nothing any more, from now on."""
    over = time.monotonic()
    found = await outcome(here, tries)
    while found.findings and time.monotonic() - over < seconds:
        await asyncio.sleep(0.2)
        found = await outcome(here, tries)
    return Outcome(tries, found.findings, time.monotonic() - over)


def registry_fault(*faults: Fault) -> Begin:
    """Faults of the registry, in force until they end."""
    return lambda here: _in_force(here.registry.faults, faults)


def api_fault(*faults: Fault) -> Begin:
    """Faults of the Kubernetes API, in force until they end."""
    return lambda here: _in_force(here.kubernetes.faults, faults)


def _in_force(there: Faults, faults: tuple[Fault, ...]) -> Trouble:
    for fault in faults:
        there.add(fault)

    def end() -> None:
        for fault in faults:
            there.remove(fault)
            if fault.hold is not None:
                fault.hold.set()

    return Trouble(lambda: sum(map(there.hits, faults)), end)
