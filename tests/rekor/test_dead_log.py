"""A log that gives no answer is left alone, as every host is."""

from typing import Any

import pytest
from aiohttp import web

from chains.demo.faults import Fault
from chains.demo.rekor.server import RekorServer
from chains.errors import EdgeError
from chains.hosts.breaker import FAILURES, Breaker, State
from chains.hosts.reach import Reach
from chains.registry.client import RegistryClient
from chains.rekor.log_v1 import LogV1
from tests.registry.builders import NOBODY, Clock, scripted
from tests.rekor.builders import client, key_of, signed_image


async def test_a_dead_log_is_not_asked_again_for_each_upload() -> None:
    async with RekorServer() as server, client(server) as log:
        cut = server.faults.add(Fault(cut="before"))
        for number in range(10):
            with pytest.raises(EdgeError):
                await log.upload(await signed_image(body=b"%d" % number))
        assert server.faults.hits(cut) < 10


@pytest.mark.parametrize("trouble", [{"cut": "before"}, {"status": 503}, {"status": 429}])
async def test_who_waits_for_a_log_is_told_when_it_may_be_tried_and_when_it_works_again(trouble: Any) -> None:
    clock = Clock()
    reach = Reach(breaker=Breaker(clock=clock))
    async with RekorServer() as server, LogV1(server.url, (key_of(server),), reach=reach) as log:
        fault = server.faults.add(Fault(**trouble))
        for _ in range(FAILURES):
            with pytest.raises(EdgeError):
                await log.upload(await signed_image())
        assert reach.breaker.states() == {server.url: State.OPEN}
        with pytest.raises(EdgeError, match="is left alone"):
            await log.upload(await signed_image())
        clock.now += 60
        assert await reach.breaker.chance() is False
        server.faults.remove(fault)
        await log.upload(await signed_image())
        assert await reach.breaker.chance() is True
        assert reach.breaker.states() == {}


async def test_a_log_in_trouble_does_not_stop_a_registry_at_the_same_address() -> None:
    async def script(request: web.BaseRequest) -> web.StreamResponse:
        if request.path.startswith("/v2/"):
            return web.Response(status=404)
        return web.Response(status=503, headers={"Retry-After": "86400"})

    reach = Reach()
    async with scripted(script) as server, LogV1(f"http://{server.host}", (), reach=reach) as log:
        for _ in range(FAILURES):
            with pytest.raises(EdgeError):
                await log.upload(await signed_image())
        with pytest.raises(EdgeError, match="is left alone"):
            await log.upload(await signed_image())
        async with RegistryClient(reach) as registry:
            assert await registry.get_manifest(server.repository(), "v1", NOBODY) is None
