"""`python -m tests.faults`: every crash point and every fault; prints the table, and fails if anything was found."""

import argparse
import asyncio
import logging
import sys
import tempfile
import time
from pathlib import Path

from tests.faults import (
    api_faults,
    canaries,
    cosign_beside,
    crash_runs,
    deletions_and_marks,
    hostile_inputs,
    keys_and_settings,
    log_faults,
    registry_faults,
    replica_faults,
    writers,
)
from tests.faults.invariants import Findings
from tests.faults.report import sentences, table
from tests.faults.survival import Outcome, Scenario

AT_ONCE = 4
LONGEST = 2400.0
LONG_OUTAGE, MANY_RUNS = 600.0, 500
CRASHES = "kill -9 just before and just after each write, kill -9 at random pairs of writes"


def scenarios(outage: float) -> dict[str, Scenario]:
    """Return every fault by its name, the longest first."""
    long = f"registry: unreachable for {outage:.0f} s, {MANY_RUNS} runs"
    return {
        **({long: registry_faults.outage(outage, MANY_RUNS, wait=1200.0)} if outage else {}),
        **registry_faults.SCENARIOS,
        **log_faults.SCENARIOS,
        **api_faults.SCENARIOS,
        **writers.SCENARIOS,
        **replica_faults.SCENARIOS,
        **(cosign_beside.SCENARIOS if cosign_beside.installed() else {}),
        **keys_and_settings.SCENARIOS,
        **deletions_and_marks.SCENARIOS,
        **hostile_inputs.SCENARIOS,
        **canaries.SCENARIOS,
    }


async def _all(folder: Path, chosen: str, pairs: int, outage: float) -> dict[str, Outcome]:
    named = {name: scenario for name, scenario in scenarios(outage).items() if chosen in name}
    first = [name for name in named if "runs" in name and "unreachable" in name]
    background = {name: asyncio.create_task(_told(name, named[name], folder)) for name in first}
    outcomes: dict[str, Outcome] = {}
    if chosen in CRASHES:
        outcomes |= await _crashes(folder, pairs)
    free = asyncio.Semaphore(AT_ONCE)

    async def one(name: str) -> Outcome:
        async with free:
            return await _told(name, named[name], folder)

    rest = [name for name in named if name not in background]
    outcomes |= dict(zip(rest, await asyncio.gather(*map(one, rest)), strict=True))
    return outcomes | {name: await task for name, task in background.items()}


async def _crashes(folder: Path, pairs: int) -> dict[str, Outcome]:
    writes, findings = await crash_runs.count_writes(folder)
    plans = {
        f"kill -9 just before and just after each of {writes} writes": crash_runs.every_point(writes),
        f"kill -9 at {pairs} random pairs of writes": crash_runs.pairs(writes, pairs),
    }
    outcomes = {"no fault": Outcome(1, findings, 0.0)}
    for number, (name, points) in enumerate(plans.items()):
        outcomes[name] = await crash_runs.lives(folder / f"crashes-{number}", points, AT_ONCE)
        _say(name, outcomes[name])
    return outcomes


async def _told(name: str, scenario: Scenario, folder: Path) -> Outcome:
    try:
        async with asyncio.timeout(LONGEST):
            found = await scenario(Path(tempfile.mkdtemp(dir=folder)))
    except (AssertionError, OSError, TimeoutError) as error:
        found = Outcome(0, Findings(stuck=[f"the scenario broke off: {error!r}"]), 0.0)
    _say(name, found)
    return found


def _say(name: str, found: Outcome) -> None:
    print(f"{name:75} {found.tries:5} {found.findings.counts} {found.recovery:6.1f} s", file=sys.stderr, flush=True)


def main() -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the table there too")
    parser.add_argument("--only", default="", metavar="TEXT", help="only faults with this text in their name")
    parser.add_argument("--pairs", type=int, default=200, help="random pairs of crash points")
    parser.add_argument("--outage", type=float, default=LONG_OUTAGE, help="seconds of the long outage; 0 for none")
    asked = parser.parse_args()
    if asked.write and asked.only:
        parser.error("--write is for the whole table: leave --only out")
    if not any(asked.only in name for name in (*scenarios(asked.outage), CRASHES)):
        parser.error(f"no fault has {asked.only!r} in its name")
    # The servers complain of the connections that the faults cut.
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL + 1)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        outcomes = asyncio.run(_all(Path(folder), asked.only, asked.pairs, asked.outage))
    text = table(outcomes, time.monotonic() - began)
    print(text)
    found = sentences(outcomes)
    print("\n".join(found), file=sys.stderr)
    if asked.write:
        asked.write.write_text(text)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
