"""What a registry that is down costs: few requests, no worker's time, and nothing at all to the others."""

import asyncio
from collections.abc import Coroutine
from socket import socket
from typing import Any

import pytest
from aiohttp import web

from chains.artifacts.reference import Repository
from chains.demo.faults import Fault
from chains.demo.registry.server import RegistryServer
from chains.errors import EdgeError
from chains.hosts.breaker import FAILURES, Breaker, State
from chains.hosts.errors import UnreachableError
from chains.registry.client import RegistryClient
from chains.registry.oci_store import OciStore
from tests.registry.builders import DIGEST, NOBODY, ORIGIN, Clock, attestation, client, scripted

FAULTS = [Fault(status=503), Fault(status=429), Fault(cut="before"), Fault(cut="after"), Fault(delay=0.2)]


def store(registry: RegistryClient) -> OciStore:
    return OciStore(registry, lambda _: NOBODY)


def read(registry: RegistryClient, server: RegistryServer) -> Coroutine[Any, Any, object]:
    return registry.get_manifest(Repository(server.address, "team/app"), "v1", NOBODY)


async def failed(tries: list[Coroutine[Any, Any, object]]) -> list[EdgeError]:
    """Try all at once and return the errors; each must have failed, and for a while only."""
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    errors = [outcome for outcome in outcomes if isinstance(outcome, EdgeError) and outcome.transient]
    assert len(errors) == len(outcomes)
    return errors


def home(server: RegistryServer) -> str:
    return f"http://{server.address}"


@pytest.mark.parametrize("fault", FAULTS)
async def test_hundreds_of_puts_cost_a_dead_registry_few_requests(fault: Fault) -> None:
    clock = Clock()
    limits = {"connections": 8, "idle": 0.02 if fault.delay else 15}
    async with RegistryServer() as server, client(breaker=Breaker(clock=clock), **limits) as registry:
        images = [server.push_image(f"team/app{number}", "a") for number in range(300)]
        server.faults.add(fault)
        await failed([store(registry).put(attestation(image), ORIGIN) for image in images])
        # Twice, as aiohttp repeats a request at once whose connection is cut before any answer.
        assert server.requests.total() <= 2 * (8 + FAILURES), "no more than were under way when it was given up"
        server.requests.reset()
        await failed([store(registry).put(attestation(image), ORIGIN) for image in images])
        assert server.requests.total() == 0
        for _ in range(600):
            clock.now += 1
            await failed([store(registry).put(attestation(image), ORIGIN) for image in images[:4]])
        assert 10 < server.requests.total() < 60, "in ten minutes"


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_registry_that_works_again_is_used_again_at_once(fault: Fault) -> None:
    clock = Clock()
    breaker = Breaker(clock=clock)
    async with RegistryServer() as server, client(breaker=breaker) as registry:
        images = [server.push_image(f"team/app{number}", "a") for number in range(50)]
        server.faults.add(fault)
        async with client(breaker=breaker, idle=0.02 if fault.delay else 15) as hasty:
            await failed([store(hasty).put(attestation(image), ORIGIN) for image in images])
        assert breaker.states()[home(server)] is State.OPEN
        server.faults.clear()
        clock.now += 60
        await store(registry).put(attestation(images[0]), ORIGIN)
        assert home(server) not in breaker.states()
        await asyncio.gather(*(store(registry).put(attestation(image), ORIGIN) for image in images))
        assert all(server.tags(image.repository.path) for image in images)


async def test_a_registry_that_refuses_connections_is_tried_again_when_it_is_back() -> None:
    clock = Clock()
    with socket() as bound:
        bound.bind(("127.0.0.1", 0))
        address = "{}:{}".format(*bound.getsockname())
        async with client(breaker=Breaker(clock=clock)) as registry:
            for _ in range(5):
                await failed([registry.get_manifest(Repository(address, "team/app"), "v1", NOBODY)])
            assert registry.reach.breaker.states() == {
                f"https://{address}": State.OPEN,
                f"http://{address}": State.OPEN,
            }
            (error,) = await failed([registry.get_manifest(Repository(address, "team/app"), "v1", NOBODY)])
            assert isinstance(error, UnreachableError)
            assert f"http://{address} is left alone after 3 failures in a row: {address} cannot be reached" in str(
                error
            )
            async with scripted(absent, bound=bound) as back:
                clock.now += 60
                assert await registry.get_manifest(back.repository(), "v1", NOBODY) is None
                assert back.seen == ["GET /v2/team/app/manifests/v1"]
            assert registry.reach.breaker.states() == {}


async def absent(_: web.BaseRequest) -> web.StreamResponse:
    return web.Response(status=404)


async def test_one_request_tries_a_silent_registry_while_the_others_fail_at_once() -> None:
    clock, silence = Clock(), asyncio.Event()
    async with RegistryServer() as server, client(breaker=Breaker(clock=clock)) as registry:
        server.faults.add(Fault(status=503, times=FAILURES))
        for _ in range(FAILURES):
            await failed([read(registry, server)])
        held = server.faults.add(Fault(hold=silence))
        clock.now += 60
        tries = [asyncio.ensure_future(read(registry, server)) for _ in range(50)]
        done, waiting = await asyncio.wait(tries, return_when=asyncio.FIRST_COMPLETED)
        while not server.faults.hits(held) or len(done) < 49:
            await asyncio.sleep(0)
            done, waiting = {one for one in tries if one.done()}, {one for one in tries if not one.done()}
        assert len(waiting) == 1
        assert all("being tried now" in str(one.exception()) for one in done)
        assert registry.reach.breaker.states() == {home(server): State.HALF_OPEN}
        silence.set()
        assert await waiting.pop() is None
        assert server.faults.hits(held) == 1
        assert registry.reach.breaker.states() == {}


async def test_a_trial_that_is_cancelled_gives_its_place_to_the_next() -> None:
    clock = Clock()
    async with RegistryServer() as server, client(breaker=Breaker(clock=clock)) as registry:
        server.faults.add(Fault(status=503, times=FAILURES))
        for _ in range(FAILURES):
            await failed([read(registry, server)])
        held = server.faults.add(Fault(hold=asyncio.Event(), times=1))
        clock.now += 60
        trial = asyncio.ensure_future(read(registry, server))
        while not server.faults.hits(held):
            await asyncio.sleep(0)
        trial.cancel()
        with pytest.raises(asyncio.CancelledError):
            await trial
        assert await read(registry, server) is None
        assert registry.reach.breaker.states() == {}


async def test_cancelled_requests_do_not_count() -> None:
    async with RegistryServer() as server, client() as registry:
        held = server.faults.add(Fault(hold=asyncio.Event()))
        tries = [asyncio.ensure_future(read(registry, server)) for _ in range(10)]
        while server.faults.hits(held) < 10:
            await asyncio.sleep(0)
        for one in tries:
            one.cancel()
        await asyncio.gather(*tries, return_exceptions=True)
        assert registry.reach.breaker.states() == {}


async def test_another_registry_is_not_slowed_by_a_silent_one() -> None:
    silence = asyncio.Event()
    async with RegistryServer() as dead, RegistryServer() as alive, client(connections=4) as registry:
        dead.faults.add(Fault(hold=silence))
        waiting = [asyncio.ensure_future(read(registry, dead)) for _ in range(100)]
        images = [alive.push_image(f"team/app{number}", "a") for number in range(50)]
        await asyncio.gather(*(store(registry).put(attestation(image), ORIGIN) for image in images))
        assert not any(one.done() for one in waiting)
        silence.set()
        await asyncio.gather(*waiting)


async def test_a_dead_token_service_is_left_alone_and_its_registry_is_not() -> None:
    async def script(request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/token":
            return web.Response(status=503)
        realm = f'Bearer realm="http://{server.other_host}/token"'
        return web.Response(status=401, headers={"WWW-Authenticate": realm})

    async with scripted(script) as server, client() as registry:
        for _ in range(20):
            await failed([registry.get_manifest(server.repository(), "v1", NOBODY)])
        assert registry.reach.breaker.states() == {f"http://{server.other_host}": State.OPEN}
        (error,) = await failed([registry.get_manifest(server.repository(), "v1", NOBODY)])
    assert f"{server.other_host} is left alone" in str(error)
    assert sum(path.startswith("GET /token") for path in server.seen) == FAILURES


async def test_where_uploads_are_sent_is_left_alone_by_itself() -> None:
    async def script(request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/elsewhere":
            return web.Response(status=502)
        return web.Response(status=202, headers={"Location": f"http://{server.other_host}/elsewhere"})

    async with scripted(script) as server, client() as registry:
        for _ in range(10):
            await failed([registry.put_blob(server.repository(), b"blob", NOBODY)])
        assert registry.reach.breaker.states() == {f"http://{server.other_host}": State.OPEN}
    assert sum(path.startswith("PUT /elsewhere") for path in server.seen) == FAILURES


async def test_where_blobs_are_read_from_is_left_alone_by_itself() -> None:
    async def script(request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/elsewhere":
            return web.Response(status=502)
        return web.Response(status=307, headers={"Location": f"http://{server.other_host}/elsewhere"})

    async with scripted(script) as server, client() as registry:
        for _ in range(10):
            await failed([registry.get_blob(server.repository(), DIGEST, NOBODY)])
        assert registry.reach.breaker.states() == {f"http://{server.other_host}": State.OPEN}
    assert server.seen.count("GET /elsewhere") == FAILURES


async def test_a_name_that_does_not_resolve_is_left_alone() -> None:
    async with client() as registry:
        for _ in range(FAILURES):
            await failed([registry.get_manifest(Repository("registry.invalid", "a/b"), "v1", NOBODY)])
        assert registry.reach.breaker.states() == {"https://registry.invalid": State.OPEN}


async def test_clients_may_share_what_they_know_of_a_host() -> None:
    breaker = Breaker()
    async with RegistryServer() as server, client(breaker=breaker) as one, client(breaker=breaker) as other:
        server.faults.add(Fault(status=503))
        for _ in range(FAILURES):
            await failed([read(one, server)])
        server.requests.reset()
        await failed([read(other, server)])
    assert server.requests.total() == 0


@pytest.mark.parametrize("fault", [{"status": 503}, {"status": 429, "headers": {"Retry-After": "300"}}])
async def test_a_repository_in_trouble_does_not_stop_the_others(fault: dict[str, Any]) -> None:
    async with RegistryServer() as server, client() as registry:
        server.faults.add(Fault(path="/v2/evil/", **fault))
        for tried in range(2 * FAILURES):
            await failed([registry.get_manifest(Repository(server.address, "evil/app"), "v1", NOBODY)])
            assert await registry.get_manifest(Repository(server.address, f"good/app{tried}"), "v1", NOBODY) is None
        for _ in range(2):
            images = [Repository(server.address, f"evil/app{number}") for number in range(20)]
            await failed([registry.get_manifest(image, "v1", NOBODY) for image in images])
            assert await registry.get_manifest(Repository(server.address, "good/app0"), "v1", NOBODY) is None
            assert await registry.get_manifest(Repository(server.address, "good/new"), "v1", NOBODY) is None


async def test_a_token_service_that_fails_for_one_repository_is_not_left_alone_for_others() -> None:
    async def script(request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/token":
            evil = "evil" in request.query["scope"]
            return web.Response(status=429) if evil else web.json_response({"token": "t"})
        if "Authorization" in request.headers:
            return web.Response(status=404)
        realm = f'Bearer realm="http://{server.other_host}/token"'
        return web.Response(status=401, headers={"WWW-Authenticate": realm})

    async with scripted(script) as server, client() as registry:
        for _ in range(2 * FAILURES):
            await failed([registry.get_manifest(server.repository("evil/app"), "v1", NOBODY)])
        assert await registry.get_manifest(server.repository("good/app"), "v1", NOBODY) is None
