"""Leases on the embedded API: one writer wins, and what others left on the object stays."""

from dataclasses import replace
from pathlib import Path

import pytest

from chains.errors import EdgeError
from chains.kube.clocks import Moments, clock
from chains.kube.lease import WANTED_BY, Lease, LeaseClient, lease_names, micro_time
from chains.kube.resources import LEASES
from tests.kube.builders import ScriptedApi, connected, found
from tests.kube.embedded import cluster

HELD = Lease("one", 15, "2026-05-01T08:00:00.000001Z", "2026-05-01T08:00:01.500000Z", 3)


def test_names_count_buckets_as_knative_does() -> None:
    assert lease_names("chains", 3) == ("chains.00-of-03", "chains.01-of-03", "chains.02-of-03")


def test_a_moment_has_microseconds_and_is_never_written_twice() -> None:
    assert micro_time(1777622400.25) == "2026-05-01T08:00:00.250000Z"
    moments = Moments(lambda: 1e9)
    written = [moments() for _ in range(100)]
    assert sorted(set(written)) == written


def test_a_wall_clock_that_is_set_back_writes_later_moments_all_the_same() -> None:
    hours = iter([2e9, 1e9])
    moments = Moments(lambda: next(hours))
    assert moments() < moments()


def test_the_clock_goes_forward() -> None:
    assert clock() <= clock()


async def test_a_lease_is_made_read_and_replaced(tmp_path: Path) -> None:
    async with cluster(tmp_path) as (_, client):
        leases = LeaseClient(client, "default")
        assert await leases.get("bucket") is None
        made = await leases.create("bucket", HELD)
        assert made is not None
        assert replace(made, kept=None) == HELD
        renewed = await leases.replace("bucket", replace(made, renewed="2026-05-01T08:00:03.000000Z"))
        assert renewed is not None
        assert renewed.sign_of_life != made.sign_of_life
        assert await leases.get("bucket") == renewed


async def test_who_comes_second_is_told_so(tmp_path: Path) -> None:
    async with cluster(tmp_path) as (_, client):
        leases = LeaseClient(client, "default")
        made = await leases.create("bucket", HELD)
        assert made is not None
        assert await leases.create("bucket", HELD) is None
        assert await leases.replace("bucket", replace(made, holder="two")) is not None
        assert await leases.replace("bucket", replace(made, holder="three")) is None


async def test_a_wish_is_no_sign_of_life_and_what_others_left_stays(tmp_path: Path) -> None:
    async with cluster(tmp_path) as (_, client):
        leases = LeaseClient(client, "default")
        await leases.create("bucket", HELD)
        path = LEASES.path("default", "bucket")
        await client.merge_patch(path, b'{"metadata": {"labels": {"a": "b"}, "annotations": {"c": "d"}}}')
        seen = await leases.get("bucket")
        assert seen is not None
        asked = await leases.replace("bucket", replace(seen, wanted_by="two"))
        assert asked is not None
        assert (asked.wanted_by, asked.sign_of_life) == ("two", seen.sign_of_life)
        body = await client.get(path) or b""
        assert b'"a":"b"' in body and b'"c":"d"' in body and WANTED_BY.encode() in body
        granted = await leases.replace("bucket", replace(asked, wanted_by=""))
        assert granted is not None and granted.wanted_by == ""
        assert b'"c":"d"' in (await client.get(path) or b"")


async def test_what_is_no_lease_is_an_error_in_a_sentence(tmp_path: Path) -> None:
    api = ScriptedApi().on("GET", LEASES.path("here", "bucket"), found({"spec": {"holderIdentity": 7}}))
    async with connected(tmp_path, api) as client:
        with pytest.raises(EdgeError, match="something other than a Lease"):
            await LeaseClient(client, "here").get("bucket")


async def test_an_empty_lease_belongs_to_nobody(tmp_path: Path) -> None:
    api = ScriptedApi().on("GET", LEASES.path("here", "bucket"), found({"metadata": {"annotations": None}}))
    async with connected(tmp_path, api) as client:
        lease = await LeaseClient(client, "here").get("bucket")
        assert lease is not None
        assert (lease.holder, lease.seconds, lease.wanted_by) == ("", 0, "")
