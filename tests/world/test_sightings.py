"""What is told of a watch on runs: a whole API and the cluster in memory tell the same story."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from chains.controller.ports import Cluster
from chains.kube.cluster import KubeCluster
from chains.runs.sighting import RunSighting
from tests.builders import taskrun_object
from tests.controller.fakes import FakeCluster
from tests.kube.embedded import cluster
from tests.world.builders import OCI, inhabited


@dataclass(frozen=True)
class Place:
    """A cluster, and what is done to it from outside."""

    cluster: Cluster
    apply: Callable[[dict[str, Any]], Awaitable[object]]
    cut: Callable[[], object]
    resume: Callable[[], object] = lambda: None


@asynccontextmanager
async def whole(folder: Path) -> AsyncIterator[Place]:
    async with cluster(folder) as (server, client):

        async def apply(found: dict[str, Any]) -> None:
            del found["metadata"]["uid"]
            await server.apply(found)

        yield Place(KubeCluster(client, "tekton-chains"), apply, server.watches.cut)


@asynccontextmanager
async def in_memory(_: Path) -> AsyncIterator[Place]:
    fake = FakeCluster()

    async def apply(found: dict[str, Any]) -> None:
        fake.put(found)

    yield Place(fake, apply, lambda: fake.interrupt("cut"), fake.resume)


def word(seen: RunSighting) -> str:
    if seen.object is not None:
        return "changed" if seen.live else "found"
    return "trouble" if seen.trouble else "in order"


@pytest.mark.parametrize("placed", [whole, in_memory])
async def test_after_a_cut_it_is_told_that_the_watch_goes_on_though_nothing_changes(placed, tmp_path: Path) -> None:
    async with placed(tmp_path) as place:
        await place.apply(taskrun_object("one", uid="1"))
        async with aclosing(place.cluster.runs("TaskRun", None)) as sightings:
            told = [word(await anext(sightings)), word(await anext(sightings))]
            await place.apply(taskrun_object("two", uid="2"))
            told.append(word(await anext(sightings)))
            place.cut()
            told.append(word(await anext(sightings)))
            place.resume()
            told.append(word(await anext(sightings)))
            await place.apply(taskrun_object("three", uid="3"))
            told.append(word(await anext(sightings)))
    assert told == ["found", "in order", "changed", "trouble", "in order", "changed"]


async def test_a_service_whose_watches_were_cut_is_ready_again_without_a_restart(tmp_path: Path) -> None:
    async with inhabited(tmp_path, OCI) as here:
        while here.service.unready():
            await asyncio.sleep(0.01)
        here.world.kubernetes.watches.cut("taskruns")
        while not here.service.unready():
            await asyncio.sleep(0.01)
        while here.service.unready():
            await asyncio.sleep(0.01)
