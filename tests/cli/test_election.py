"""The controller's election on the embedded Kubernetes API: its settings, its Leases, and what is said of them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from chains.cli.election import ElectedLeadership, identity_in
from chains.controller.shares import Shares
from chains.demo.faults import Fault
from chains.demo.kubernetes.server import KubernetesServer
from chains.kube.client import KubeClient
from chains.kube.lease import LeaseClient
from tests.kube.embedded import cluster

MAP = "election"


@asynccontextmanager
async def standing(client: KubeClient, identity: str = "one") -> AsyncIterator[Shares]:
    leadership = ElectedLeadership(client, "default", MAP, identity)
    shares = Shares(leadership)
    task = asyncio.create_task(leadership.run(shares))
    try:
        async with asyncio.timeout(30):
            yield shares
            await leadership.resign(shares)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(state: Callable[[], bool]) -> None:
    while not state():
        await asyncio.sleep(0.005)


async def settle(server: KubernetesServer, **data: str) -> None:
    entries = {key.replace("_", "-"): value for key, value in data.items()}
    await server.apply(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": MAP, "namespace": "default"}, "data": entries}
    )


def leads(shares: Shares) -> list[bool]:
    return [shares.leadership.leads(bucket) for bucket in range(shares.leadership.buckets)]


async def test_without_a_config_map_the_one_bucket_is_won_at_once_and_given_up_at_the_end(tmp_path: Path) -> None:
    async with cluster(tmp_path) as (server, client):
        async with standing(client) as shares:
            await shares.leadership.settled.wait()
            assert leads(shares) == [True]
            # Who holds a bucket renews it without reading it.
            assert (server.requests["get", "leases"], server.requests["create", "leases"]) == (1, 1)
            lease = await LeaseClient(client, "default").get("tekton-chains-controller.00-of-01")
            assert lease is not None
            assert (lease.holder, lease.seconds, lease.transitions) == ("one", 15, 0)
        assert leads(shares) == [False]
        lease = await LeaseClient(client, "default").get("tekton-chains-controller.00-of-01")
        assert lease is not None
        assert lease.holder == ""


async def test_the_next_one_need_not_wait(tmp_path: Path) -> None:
    async with cluster(tmp_path) as (_, client):
        for identity in ("one", "two", "three"):
            async with standing(client, identity) as shares:
                await shares.leadership.settled.wait()
                assert leads(shares) == [True]
        lease = await LeaseClient(client, "default").get("tekton-chains-controller.00-of-01")
        assert lease is not None
        assert lease.transitions == 2


async def test_buckets_and_terms_are_those_of_the_config_map(tmp_path: Path) -> None:
    async with cluster(tmp_path) as (server, client):
        await settle(server, buckets="3", lease_duration="60s", renew_deadline="40s", retry_period="100ms")
        async with standing(client) as shares:
            await until(lambda: leads(shares) == [True] * 3)
            leases = LeaseClient(client, "default")
            held = [await leases.get(f"tekton-chains-controller.0{number}-of-03") for number in range(3)]
            assert [lease and lease.seconds for lease in held] == [60] * 3
            await settle(server, buckets="3", lease_duration="30s", retry_period="100ms")
            while (seen := await leases.get("tekton-chains-controller.00-of-03")) and seen.seconds == 60:
                await asyncio.sleep(0.005)
            assert seen is not None
            assert seen.seconds == 30


async def test_settings_that_cannot_be_used_are_told_of_and_mended_while_it_runs(tmp_path: Path) -> None:
    async with cluster(tmp_path) as (server, client):
        await settle(server, buckets="many", retry_period="100ms")
        async with standing(client) as shares:
            await until(lambda: "many" in shares.leadership.trouble)
            assert shares.leadership.trouble == (
                "the ConfigMap election cannot be used: buckets: 'many' is no whole number from 1 to 10"
            )
            assert leads(shares) == [False]
            await settle(server, buckets="2", retry_period="100ms")
            await until(lambda: leads(shares) == [True, True])
            assert shares.leadership.trouble == ""
            await settle(server, buckets="5", lease_duration="rubbish")
            assert shares.leadership.buckets == 2


async def test_two_replicas_share_two_buckets(tmp_path: Path) -> None:
    async with cluster(tmp_path) as (server, client):
        await settle(server, buckets="2", retry_period="100ms")
        async with standing(client, "one") as one:
            await until(lambda: sum(leads(one)) == 2)
            async with standing(client, "two") as two:
                await until(lambda: sum(leads(one)) == sum(leads(two)) == 1)
                assert leads(one) != leads(two)
            await until(lambda: sum(leads(one)) == 2)


def test_an_identity_tells_the_pod_and_is_never_the_same() -> None:
    environment: dict[str, Any] = {"POD_NAME": "controller-abc"}
    assert identity_in(environment).startswith("controller-abc_")
    assert len({identity_in(environment) for _ in range(10)}) == 10
    assert not identity_in({}).startswith("_")


@pytest.mark.parametrize("missing", ["leases", "configmaps"])
async def test_what_may_not_be_read_is_told_of(tmp_path: Path, missing: str) -> None:
    async with cluster(tmp_path) as (server, client):
        server.faults.add(Fault(status=403, path=missing))
        async with standing(client) as shares:
            await until(lambda: "403" in shares.leadership.trouble)
            assert leads(shares) == [False]
