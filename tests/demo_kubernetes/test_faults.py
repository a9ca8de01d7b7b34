"""Faults happen to the requests they name and to no others."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from chains.demo.faults import Fault, Faults


@asynccontextmanager
async def counting_server(faults: Faults) -> AsyncIterator[tuple[TestClient, list[str]]]:
    """A server that notes every path it performs, with these faults before it."""
    performed: list[str] = []

    async def perform(request: web.Request) -> web.Response:
        performed.append(f"{request.method} {request.path}")
        return web.Response(body=b"0123456789")

    app = web.Application(middlewares=[faults.middleware])
    app.router.add_route("*", "/{path:.*}", perform)
    async with TestClient(TestServer(app)) as client:
        yield client, performed


async def test_a_status_is_answered_in_place_of_the_request_as_often_as_asked_for():
    faults = Faults()
    fault = faults.add(Fault(path="^/a", status=429, headers={"Retry-After": "7"}, body="slow down", times=2))
    async with counting_server(faults) as (client, performed):
        answers = [await client.get("/a/b") for _ in range(3)]
        assert [answer.status for answer in answers] == [429, 429, 200]
        assert answers[0].headers["Retry-After"] == "7"
        assert await answers[0].text() == "slow down"
    assert performed == ["GET /a/b"]
    assert faults.hits(fault) == 2


async def test_requests_of_other_methods_and_paths_pass():
    faults = Faults()
    faults.add(Fault(method="PUT", path="blobs.*digest=", status=500))
    async with counting_server(faults) as (client, performed):
        assert (await client.get("/blobs?digest=x")).status == 200
        assert (await client.put("/manifests?digest=x")).status == 200
        assert (await client.put("/blobs/x?digest=x")).status == 500
    assert performed == ["GET /blobs", "PUT /manifests"]


async def test_some_are_spared_and_then_every_second_is_hit():
    faults = Faults()
    faults.add(Fault(status=503, spare=1, every=2))
    async with counting_server(faults) as (client, _):
        assert [(await client.get("/")).status for _ in range(6)] == [200, 200, 503, 200, 503, 200]


async def test_a_connection_cut_before_leaves_nothing_done():
    faults = Faults()
    faults.add(Fault(cut="before", times=1))
    async with counting_server(faults) as (client, performed):
        with pytest.raises(aiohttp.ClientConnectionError):
            await client.post("/x")
        assert performed == []
        assert (await client.post("/x")).status == 200


async def test_a_connection_cut_after_leaves_the_request_done():
    faults = Faults()
    faults.add(Fault(cut="after", times=1))
    async with counting_server(faults) as (client, performed):
        with pytest.raises(aiohttp.ClientConnectionError):
            await client.post("/x")
        assert performed == ["POST /x"]


async def test_a_connection_cut_within_the_body_gives_half_of_it():
    faults = Faults()
    faults.add(Fault(cut="within", times=1))
    async with counting_server(faults) as (client, _):
        answer = await client.get("/x")
        assert answer.headers["Content-Length"] == "10"
        assert await answer.content.readexactly(5) == b"01234"
        with pytest.raises(aiohttp.ClientPayloadError):
            await answer.read()


async def test_a_held_request_waits_until_it_is_released():
    faults = Faults()
    gate = asyncio.Event()
    held = faults.add(Fault(path="^/held", hold=gate))
    async with counting_server(faults) as (client, performed):
        waiting = asyncio.create_task(client.get("/held"))
        while not faults.hits(held):
            await client.get("/free")
        assert "GET /held" not in performed
        gate.set()
        assert (await waiting).status == 200
        assert performed[-1] == "GET /held"


async def test_a_removed_fault_no_longer_hits():
    faults = Faults()
    fault = faults.add(Fault(status=500))
    async with counting_server(faults) as (client, _):
        assert (await client.get("/")).status == 500
        faults.remove(fault)
        assert (await client.get("/")).status == 200
        assert faults.hits(fault) == 1
