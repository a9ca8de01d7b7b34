"""A sample of the faults; `make faults` lets all of them happen."""

import asyncio
from pathlib import Path

import pytest

from tests.faults import api_faults, deletions_and_marks, keys_and_settings, log_faults, registry_faults, writers
from tests.faults.crash_points import CrashPoint, live_and_die
from tests.faults.survival import Outcome, Scenario

# One of each kind of write: the hold of a run in progress, a blob, a tag, a mark.
POINTS = ((1, "before"), (7, "after"), (25, "before"), (40, "after"))
SAMPLE = {
    "503": registry_faults.answered(503),
    "cut": registry_faults.cut("after"),
    "410": api_faults.SCENARIOS["api: 410 on watches asked for"],
    "409": api_faults.SCENARIOS["api: 409 on every second patch"],
    "deleted": deletions_and_marks.deleted_in_progress,
    "log 409": log_faults.SCENARIOS["log, required: connection cut after it is performed, then 409"],
    "log lies": log_faults.SCENARIOS["log, deferred: entries of another log"],
    "two controllers": writers.controllers(2, 6),
    "stopped": keys_and_settings.told_to_stop(2),
}


async def all_of(folder: Path, scenarios: dict[str, Scenario]) -> dict[str, Outcome]:
    outcomes = await asyncio.gather(*(one(folder / name) for name, one in scenarios.items()))
    return dict(zip(scenarios, outcomes, strict=True))


@pytest.fixture
def quiet_servers(caplog: pytest.LogCaptureFixture) -> None:
    """The servers complain of the connections that the faults cut."""
    caplog.set_level("CRITICAL", logger="aiohttp.server")


@pytest.mark.usefixtures("quiet_servers")
async def test_death_between_any_two_writes_loses_and_doubles_nothing(tmp_path: Path) -> None:
    for number, side in POINTS:
        case = await live_and_die(tmp_path / f"{number}-{side}", (CrashPoint(number, side),))
        assert case.deaths == 1
        assert not case.findings, case.findings


@pytest.mark.usefixtures("quiet_servers")
async def test_dying_twice_loses_and_doubles_nothing(tmp_path: Path) -> None:
    case = await live_and_die(tmp_path, (CrashPoint(20, "after"), CrashPoint(9, "before")))
    assert case.deaths == 2
    assert not case.findings, case.findings


@pytest.mark.usefixtures("quiet_servers")
async def test_a_sample_of_the_faults_is_survived(tmp_path: Path) -> None:
    outcomes = await all_of(tmp_path, SAMPLE)
    assert not {name: found.findings for name, found in outcomes.items() if found.findings}
    assert all(found.tries for found in outcomes.values())
