"""`python -m tests.bench`: measure the service beside the floor, and write what was seen as a table and a plot."""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.bench import scenarios
from tests.bench.floor import Floor, floor
from tests.bench.glances import glance_microseconds
from tests.bench.load import apply, furnish
from tests.bench.real_servers import real
from tests.bench.report import Report, Row, write
from tests.bench.stages import Servers, embedded

LATENCY = 0.005


@asynccontextmanager
async def stage(kind: str, latency: float = LATENCY) -> AsyncIterator[tuple[Path, Servers]]:
    """Give a folder and fresh servers, `real` or `embedded`."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        async with real() if kind == "real" else embedded(folder, latency) as servers:
            yield folder, servers


async def measured_floor(count: int) -> Floor:
    """Send the bare requests of so many runs to real servers."""
    names = [f"run-{number:06}" for number in range(count)]
    async with stage("real") as (_, servers), servers.session() as api:
        await furnish(api)
        await apply(api, names, servers.registry)
        return await floor(api, servers.registry, names)


async def against_the_floor(report: Report, count: int) -> None:
    """Measure the floor before and after the service, so that a change of the machine's speed shows."""
    before = await measured_floor(count)
    async with stage("real") as (folder, servers):
        report.add(Row(f"real servers, backlog of {count}", await scenarios.backlog(folder, servers, count)))
    after = await measured_floor(count)
    report.floor = ((before.runs_per_second, after.runs_per_second), (before.cpu_ms, after.cpu_ms))


async def by_count(report: Report, counts: list[int]) -> None:
    """Measure how speed and memory go with the number of runs."""
    for count in counts:
        async with stage("embedded") as (folder, servers):
            figures = await scenarios.backlog(folder, servers, count)
        report.add(Row(f"embedded servers, backlog of {count}", figures))
        report.curve.append((count, figures.runs_per_second, figures.peak_mib))


async def in_a_stream(report: Report, rate: float, seconds: float) -> None:
    """Let runs end at a steady rate, the service having one core."""
    async with stage("embedded") as (folder, servers):
        figures = await scenarios.stream(folder, servers, rate, seconds, core=0)
    report.add(Row(f"embedded servers, {rate:.0f} runs/s for {seconds:.0f} s, one core", figures))


async def grown(report: Report, old: int, new: int, *, signed: bool, kind: str = "embedded") -> None:
    """Start among many old runs."""
    async with stage(kind) as (folder, servers):
        figures = await scenarios.growth(folder, servers, old, new, signed=signed)
    state = "signed" if signed else "unsigned"
    report.add(Row(f"{kind} servers, start with {old} {state} runs, {new} new ones", figures))


async def crowded(report: Report, there: int) -> None:
    """Add attestations to a digest that has many."""
    async with stage("embedded") as (folder, servers):
        report.crowd = (there, *await scenarios.one_more(folder, servers, there))


async def _all(asked: argparse.Namespace) -> Report:
    report = Report(glance_microseconds())
    _say("floor and service on real servers")
    await against_the_floor(report, asked.runs)
    _say("by number of runs")
    await by_count(report, asked.counts)
    _say("in a stream")
    await in_a_stream(report, 100, asked.seconds)
    _say("among old runs")
    await grown(report, 5_000, 20, signed=True, kind="real")
    await grown(report, asked.old, 100, signed=True)
    await grown(report, asked.unsigned, 200, signed=False)
    await crowded(report, 500)
    return report


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--write", type=Path, metavar="FOLDER", help="write performance.md and performance.svg there")
    parser.add_argument("--runs", type=int, default=500, help="runs on the real servers")
    parser.add_argument("--counts", type=int, nargs="*", default=[250, 1000, 4000], help="runs on the embedded servers")
    parser.add_argument("--seconds", type=float, default=60, help="how long the steady stream lasts")
    parser.add_argument("--old", type=int, default=10_000, help="signed runs to start with")
    parser.add_argument("--unsigned", type=int, default=5_000, help="unsigned runs to start with")
    asked = parser.parse_args()
    report = asyncio.run(_all(asked))
    print(report.text())
    if asked.write:
        write(report, asked.write)


if __name__ == "__main__":
    main()
