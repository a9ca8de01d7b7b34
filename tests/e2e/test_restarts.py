"""API servers that are upgraded, and a past that is forgotten, lose no run."""

import asyncio
import signal
from pathlib import Path

import pytest

from tests.e2e.cluster import E2eCluster, until
from tests.e2e.images import push_image
from tests.e2e.service import at_work, reached, told
from tests.faults.runs import taskrun
from tests.peers.docker_registry import docker_registry

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]


async def test_an_upgrade_of_the_api_in_the_middle_of_a_burst_loses_nothing(
    cluster: E2eCluster, tmp_path: Path
) -> None:
    async with docker_registry(tmp_path) as address, at_work(cluster, tmp_path):
        images = [await push_image(address, f"team/app-{number % 4}", f"upgrade {number}") for number in range(40)]
        for number, image in enumerate(images):
            cluster.build(taskrun(f"burst-{number}", (image,)))
            if number == 20:
                await asyncio.to_thread(cluster.plane.stop_api, signal.SIGTERM)
                await asyncio.to_thread(cluster.plane.start_api)
        everything = ["true"] * len(images)
        await asyncio.to_thread(until, lambda: [*cluster.marks().values()] == everything, "all signed", 120.0)


async def test_what_happened_in_a_past_that_is_forgotten_is_not_missed(cluster: E2eCluster, tmp_path: Path) -> None:
    async with docker_registry(tmp_path) as address, at_work(cluster, tmp_path) as process:
        images = [await push_image(address, "team/app", f"past {number}") for number in range(6)]
        held = cluster.begin(taskrun("held", images[:1], done=False))
        deleted = cluster.begin(taskrun("deleted", images[1:2], done=False))
        await asyncio.to_thread(until, lambda: all(map(cluster.finalizers, (held, deleted))), "held")
        process.pause()
        built = [cluster.build(taskrun(f"built-{number}", (image,))) for number, image in enumerate(images[2:])]
        cluster.end(held)
        cluster.delete(cluster.end(deleted))
        await asyncio.to_thread(cluster.plane.forget)
        process.go_on()
        await reached("true", cluster, held, *built)
        await reached("gone", cluster, deleted)
        await told(process, "HTTP 410 (too old resource version")
