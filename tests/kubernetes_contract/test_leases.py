"""Leases: one writer at a time wins, times keep their microseconds, and numbers are in range."""

import asyncio

import pytest

from tests.kubernetes_contract.builders import Cluster, lease

HELD = {
    "holderIdentity": "one",
    "leaseDurationSeconds": 15,
    "acquireTime": "2026-05-01T08:00:00.000001Z",
    "renewTime": "2026-05-01T08:00:01.500000Z",
    "leaseTransitions": 0,
}


async def test_a_lease_is_kept_as_it_was_written(cluster: Cluster):
    made = await cluster.made(cluster.leases, lease("bucket", HELD))
    assert made["spec"] == HELD
    assert (await cluster.get(f"{cluster.leases}/bucket")).json["spec"] == HELD


async def test_a_lease_is_made_once(cluster: Cluster):
    tries = [cluster.create(cluster.leases, lease("bucket", {**HELD, "holderIdentity": str(n)})) for n in range(6)]
    answers = await asyncio.gather(*tries)
    assert sorted(answer.status for answer in answers) == [201, 409, 409, 409, 409, 409]
    (won,) = [answer.json["spec"]["holderIdentity"] for answer in answers if answer.status == 201]
    assert (await cluster.get(f"{cluster.leases}/bucket")).json["spec"]["holderIdentity"] == won


async def test_of_those_who_read_one_version_one_writes_the_next(cluster: Cluster):
    made = await cluster.made(cluster.leases, lease("bucket", HELD))
    taken = [{**made, "spec": {**HELD, "holderIdentity": str(number)}} for number in range(6)]
    answers = await asyncio.gather(*(cluster.replace(f"{cluster.leases}/bucket", each) for each in taken))
    assert sorted(answer.status for answer in answers) == [200, 409, 409, 409, 409, 409]
    assert [answer.refusal for answer in answers if answer.status == 409] == [(409, "Conflict")] * 5


async def test_who_read_nothing_replaces_nothing(cluster: Cluster):
    await cluster.made(cluster.leases, lease("bucket", HELD))
    assert (await cluster.replace(f"{cluster.leases}/bucket", lease("bucket", HELD))).refusal == (422, "Invalid")


async def test_who_read_a_lease_that_is_gone_writes_none(cluster: Cluster):
    made = await cluster.made(cluster.leases, lease("bucket", HELD))
    await cluster.delete(f"{cluster.leases}/bucket")
    assert (await cluster.replace(f"{cluster.leases}/bucket", made)).status >= 400
    assert (await cluster.get(f"{cluster.leases}/bucket")).status == 404


async def test_a_lease_is_given_up_by_an_empty_name(cluster: Cluster):
    made = await cluster.made(cluster.leases, lease("bucket", HELD))
    free = {**made, "spec": {**HELD, "holderIdentity": "", "leaseDurationSeconds": 1}}
    answer = await cluster.replace(f"{cluster.leases}/bucket", free)
    assert (answer.status, answer.json["spec"]["holderIdentity"]) == (200, "")


async def test_a_wish_in_the_annotations_leaves_the_spec_and_moves_the_version(cluster: Cluster):
    made = await cluster.made(cluster.leases, lease("bucket", HELD))
    made["metadata"]["annotations"] = {"example.com/wanted-by": "two"}
    answer = await cluster.replace(f"{cluster.leases}/bucket", made)
    assert answer.json["spec"] == HELD
    assert (await cluster.replace(f"{cluster.leases}/bucket", made)).refusal == (409, "Conflict")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("2026-05-01T08:00:00.500000Z", "2026-05-01T08:00:00.500000Z"),
        ("2026-05-01T10:00:00.500000+02:00", "2026-05-01T08:00:00.500000Z"),
        (None, None),
    ],
)
async def test_a_time_is_written_to_the_microsecond(cluster: Cluster, given, kept):
    made = await cluster.made(cluster.leases, lease("bucket", {**HELD, "renewTime": given}))
    assert made["spec"].get("renewTime") == kept


@pytest.mark.parametrize("wrong", [{"leaseDurationSeconds": 0}, {"leaseDurationSeconds": -1}, {"leaseTransitions": -1}])
async def test_a_number_out_of_range_is_invalid(cluster: Cluster, wrong):
    assert (await cluster.create(cluster.leases, lease("bucket", {**HELD, **wrong}))).refusal == (422, "Invalid")


@pytest.mark.parametrize(
    "wrong",
    [
        {"renewTime": "yesterday"},
        {"renewTime": "2026-05-01T08:00:00Z"},
        {"renewTime": 5},
        {"leaseDurationSeconds": "15"},
        {"holderIdentity": 7},
    ],
)
async def test_what_is_of_another_type_is_no_request(cluster: Cluster, wrong):
    assert (await cluster.create(cluster.leases, lease("bucket", {**HELD, **wrong}))).refusal == (400, "BadRequest")
