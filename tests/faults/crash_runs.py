"""The lives and deaths: all crash points, and pairs of them chosen by a seed."""

import asyncio
import random
from collections.abc import Iterable
from pathlib import Path

from tests.faults.crash_points import Case, CrashPoint, Side, live_and_die
from tests.faults.invariants import Findings
from tests.faults.survival import Outcome

SIDES: tuple[Side, Side] = ("before", "after")
SEED = 4


def every_point(writes: int) -> list[tuple[CrashPoint, ...]]:
    """Return each write with both of its sides."""
    return [(CrashPoint(number, side),) for number in range(1, writes + 1) for side in SIDES]


def pairs(writes: int, count: int, seed: int = SEED) -> list[tuple[CrashPoint, ...]]:
    """Return so many pairs of deaths, the second counted from the start after the first."""
    chance = random.Random(seed)
    found = []
    for _ in range(count):
        first = chance.randint(1, writes - 1)
        second = chance.randint(1, max(1, writes - first))
        found.append((CrashPoint(first, chance.choice(SIDES)), CrashPoint(second, chance.choice(SIDES))))
    return found


async def count_writes(folder: Path) -> tuple[int, Findings]:
    """Live once without dying; return the number of writes, and what was found."""
    case = await live_and_die(folder / "undisturbed", ())
    return case.writes, case.findings


async def lives(folder: Path, plans: Iterable[tuple[CrashPoint, ...]], at_once: int) -> Outcome:
    """Live through every plan, some at once; tell how many deaths there were and the longest recovery."""
    free = asyncio.Semaphore(at_once)

    async def one(number: int, plan: tuple[CrashPoint, ...]) -> Case:
        async with free:
            return await live_and_die(folder / str(number), plan)

    cases = await asyncio.gather(*(one(number, plan) for number, plan in enumerate(plans)))
    findings = Findings()
    for case in cases:
        findings.add(case.findings)
    return Outcome(sum(case.deaths for case in cases), findings, max(case.recovery for case in cases))
