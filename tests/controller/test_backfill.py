"""Which of the runs that ended before the service started are signed."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from chains.controller.turn import End
from chains.runs.marks import REASON, SIGNED, UNSETTLED
from chains.runs.sighting import ConfigSighting
from tests.builders import image_results, taskrun_object
from tests.controller.fakes import FakeCluster, FakeStore
from tests.controller.test_service import running

SETTINGS = {"artifacts.taskrun.storage": "oci"}


def ended(name: str, before: timedelta, *, created_before: timedelta | None = None) -> dict[str, object]:
    """A run that ended so long before now."""
    now = datetime.now(UTC)
    found = taskrun_object(name, uid=name, results=image_results(), completionTime=stamp(now - before))
    found["metadata"]["creationTimestamp"] = stamp(now - (created_before or before))
    return found


def stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


@pytest.mark.parametrize(
    ("backfill", "signed"), [("all", {"old", "older"}), ("none", set()), ("2h", {"old"}), ("240h", {"old", "older"})]
)
async def test_old_runs_are_signed_as_far_back_as_asked_for(backfill: str, signed: set[str]) -> None:
    cluster = FakeCluster(SETTINGS | {"runs.backfill": backfill})
    cluster.put(ended("old", timedelta(hours=1)))
    cluster.put(ended("older", timedelta(days=1)))
    done = set()
    async with running(cluster, FakeStore()) as (_, turns):
        while done < signed:
            done.add((await turns.get()).key.name)
        new = cluster.put(ended("new", timedelta(seconds=-5)))
        while (await turns.get()).key != new:
            pass
    marked = {name for (_, _, name), found in cluster.objects.items() if SIGNED in found["metadata"]["annotations"]}
    assert marked == {*signed, "new"}


async def test_a_run_that_began_before_the_service_and_ends_after_it_is_signed() -> None:
    cluster = FakeCluster(SETTINGS | {"runs.backfill": "none"})
    running_run = taskrun_object("slow", uid="slow", done=False)
    running_run["metadata"]["creationTimestamp"] = "2020-01-01T00:00:00Z"
    cluster.put(running_run)
    async with running(cluster, FakeStore()) as (service, turns):
        while service.state.unready():
            await asyncio.sleep(0)
        key = cluster.put(ended("slow", timedelta(seconds=-5), created_before=timedelta(days=1)))
        while (turn := await turns.get()).end is not End.SIGNED:
            pass
        assert turn.key == key


async def test_an_old_run_that_we_hold_is_let_go_unsigned() -> None:
    cluster = FakeCluster(SETTINGS | {"runs.backfill": "none"})
    found = ended("held", timedelta(days=1))
    found["metadata"]["finalizers"] = ["chains.tekton.dev/taskrun"]  # type: ignore[index]
    key = cluster.put(found)
    async with running(cluster, FakeStore()) as (_, turns):
        assert (await turns.get()).end is End.FREED
    assert cluster.finalizers(key) == []
    assert SIGNED not in cluster.annotations(key)


@pytest.mark.parametrize("mark", [{}, {SIGNED: "failed", REASON: "403"}])
async def test_an_old_run_that_somebody_asks_for_is_signed(mark: dict[str, str]) -> None:
    cluster = FakeCluster(SETTINGS | {"runs.backfill": "none"})
    found = ended("old", timedelta(days=1))
    found["metadata"]["annotations"] |= mark  # type: ignore[index]
    key = cluster.put(found)
    await cluster.mark(key, UNSETTLED)
    async with running(cluster, FakeStore()) as (_, turns):
        assert (await turns.get()).end is End.SIGNED
    assert REASON not in cluster.annotations(key)


async def test_an_old_run_that_was_given_up_is_driven_again_after_a_change() -> None:
    cluster = FakeCluster(SETTINGS | {"runs.backfill": "none"})
    found = ended("old", timedelta(days=1))
    found["metadata"]["annotations"] |= {SIGNED: "failed", REASON: "403"}  # type: ignore[index]
    key = cluster.put(found)
    async with running(cluster, FakeStore()) as (service, turns):
        while service.state.unready():
            await asyncio.sleep(0)
        cluster.settings.put_nowait(ConfigSighting(SETTINGS | {"runs.backfill": "none", "builder.id": "https://b"}))
        while (turn := await turns.get()).end is not End.SIGNED:
            pass
    assert turn.key == key
