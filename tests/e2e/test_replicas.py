"""Three replicas share the runs: one that is killed is replaced, and one that is stopped writes nothing afterwards."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.cluster import E2eCluster, until
from tests.e2e.replicas import Replica, layer_counts, push_images, replicas
from tests.faults.runs import taskrun
from tests.peers.docker_registry import docker_registry

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]
RUNS = 500
FEWER = 150
SHORT = {"lease-duration": "6s", "renew-deadline": "4s", "retry-period": "1s"}


async def test_a_replica_that_is_killed_in_a_burst_is_replaced_and_nothing_is_lost_or_doubled(
    cluster: E2eCluster, tmp_path: Path
) -> None:
    async with docker_registry(tmp_path) as address, replicas(cluster, tmp_path, {}) as (victim, *others):
        images = await push_images(address, RUNS)
        burst = asyncio.create_task(asyncio.to_thread(_build, cluster, images))
        await _until(lambda: _signed(cluster) > RUNS // 5, "the first are signed")
        held = sum(each.buckets() for each in others)
        victim.process.kill()
        killed = time.monotonic()
        await _until(lambda: sum(each.buckets() for each in others) > held, "taken over", 20.0)
        print(f"\ntaken over {time.monotonic() - killed:.1f} s after the kill")
        await burst
        await _until(lambda: _signed(cluster) == RUNS, "all are signed", 120.0)
        assert await layer_counts(address, images) == {(1, 1): RUNS}
        leaver, stayer = others
        assert (await leaver.process.terminate())[0] == 0
        ended = time.monotonic()
        await _until(lambda: stayer.buckets() == 3, "handed over", 10.0)
        print(f"handed over {time.monotonic() - ended:.1f} s after the end")


async def test_a_replica_that_is_stopped_for_two_leases_writes_nothing_afterwards(
    cluster: E2eCluster, tmp_path: Path
) -> None:
    async with (
        docker_registry(tmp_path, requests=True) as address,
        replicas(cluster, tmp_path, SHORT) as (stopped, *_),
    ):
        images = await push_images(address, FEWER)
        burst = asyncio.create_task(asyncio.to_thread(_build, cluster, images))
        await _until(lambda: stopped.writes(cluster, tmp_path)[1] > 3, "it has begun")
        lost = stopped.told("lost")
        # Between the clock and the kernel lie microseconds that no process can close: it is not stopped in these.
        await stopped.process.pause_in_wait()
        began = time.monotonic()
        await burst
        await _until(lambda: _signed(cluster) == FEWER, "the others have signed all")
        await asyncio.sleep(max(0.0, began + 12.0 - time.monotonic()))
        before = stopped.writes(cluster, tmp_path)
        stopped.process.go_on()
        await _until(lambda: stopped.told("lost") > lost, "it has noticed")
        await _until(lambda: stopped.buckets() == 1, "it has a bucket again")
        assert stopped.writes(cluster, tmp_path) == before
        assert await layer_counts(address, images) == {(1, 1): FEWER}
        assert _shares(cluster, tmp_path, stopped)


def _shares(cluster: E2eCluster, folder: Path, replica: Replica) -> bool:
    """Whether it is one that both logs know."""
    return all(count > 0 for count in replica.writes(cluster, folder))


def _build(cluster: E2eCluster, images: list[str]) -> None:
    for number, image in enumerate(images):
        cluster.build(taskrun(f"burst-{number}", (image,)))


def _signed(cluster: E2eCluster) -> int:
    return Counter(cluster.marks().values())["true"]


async def _until(state: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
    await asyncio.to_thread(until, state, what, seconds)
