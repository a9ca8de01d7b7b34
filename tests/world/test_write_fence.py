"""A write that was permitted, and whose lease is lost on the way, does not arrive; nor does the library repeat it."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from chains.artifacts.reference import Repository
from chains.demo.listening import HOST, listening
from chains.errors import EdgeError
from chains.hosts.reach import Reach
from chains.keys.generate import new_signer
from chains.kube.client import KubeClient
from chains.kube.resources import CONFIG_MAPS
from chains.registry.client import RegistryClient
from chains.registry.credentials import ChainedKeychain
from chains.rekor.log_key import LogKey
from chains.rekor.log_v1 import LogV1
from tests.kube.builders import write_kubeconfig
from tests.rekor.builders import signed_image

PATH = CONFIG_MAPS.path("default", "one")


class Lease:
    """Permits writes until it is lost, and counts how often it was asked."""

    def __init__(self) -> None:
        self.held, self.asked = True, 0

    def check(self) -> None:
        self.asked += 1
        if not self.held:
            raise EdgeError("our lease has run out", transient=True)


Write = Callable[[str, Lease, Path], Awaitable[object]]


async def manifest(address: str, lease: Lease, _: Path) -> None:
    async with RegistryClient(Reach(permit=lease.check), plain_http=True) as client:
        there = Repository(address, "team/app")
        await client.put_manifest(there, "latest", b"{}", "application/json", ChainedKeychain())


async def entry(address: str, lease: Lease, _: Path) -> None:
    keys = (LogKey.from_pem(new_signer().public_pem),)
    async with LogV1(f"http://{address}", keys, reach=Reach(permit=lease.check)) as log:
        await log.upload(await signed_image())


async def replaced(address: str, lease: Lease, folder: Path) -> None:
    await _written(address, lease, folder, lambda client: client.replace(PATH, b"{}"))


async def deleted(address: str, lease: Lease, folder: Path) -> None:
    await _written(address, lease, folder, lambda client: client.delete(PATH))


async def _written(address: str, lease: Lease, folder: Path, write: Callable[[KubeClient], Awaitable[object]]) -> None:
    path = write_kubeconfig(folder, {"server": f"http://{address}"}, {"token": "first"})
    client = await KubeClient.connect(str(path), permit=lease.check)
    try:
        await write(client)
    finally:
        await client.close()


@asynccontextmanager
async def closing(arrived: list[str], on_arrival: Callable[[], None]) -> AsyncIterator[int]:
    """Serve what takes a request whole and closes the connection without an answer."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        await request.read()
        arrived.append(request.method)
        on_arrival()
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async with listening(web.ServerRunner(web.Server(answer))) as port:
        yield port


@pytest.mark.parametrize("write", [manifest, entry, replaced, deleted])
async def test_a_lease_that_is_lost_while_a_name_is_looked_up_lets_nothing_arrive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Write
) -> None:
    lease, arrived, names = Lease(), list[str](), list[str]()
    loop = asyncio.get_running_loop()
    lookup = loop.getaddrinfo

    async def slow(name: str, port: int, **how: Any) -> Any:
        names.append(name)
        lease.held = False
        return await lookup(HOST, port, **how | {"family": socket.AF_INET})

    monkeypatch.setattr(loop, "getaddrinfo", slow)
    async with closing(arrived, lambda: None) as port:
        with pytest.raises(EdgeError, match="our lease has run out"):
            await write(f"localhost:{port}", lease, tmp_path)
    assert names == ["localhost"]
    assert arrived == []


@pytest.mark.parametrize("write", [manifest, replaced, deleted])
async def test_a_write_that_got_no_answer_is_not_repeated_when_the_lease_is_lost(tmp_path: Path, write: Write) -> None:
    lease, arrived = Lease(), list[str]()

    def lose() -> None:
        lease.held = False

    async with closing(arrived, lose) as port:
        with pytest.raises(EdgeError, match="our lease has run out"):
            await write(f"{HOST}:{port}", lease, tmp_path)
    assert len(arrived) == 1
    assert lease.asked == 2


@pytest.mark.parametrize(("write", "times"), [(manifest, 2), (entry, 1), (replaced, 2), (deleted, 2)])
async def test_each_time_that_a_write_goes_out_is_permitted(tmp_path: Path, write: Write, times: int) -> None:
    lease, arrived = Lease(), list[str]()
    async with closing(arrived, lambda: None) as port:
        with pytest.raises(EdgeError, match=r"cannot be reached|cannot \w+ "):
            await write(f"{HOST}:{port}", lease, tmp_path)
    assert len(arrived) == times
    assert lease.asked == times
