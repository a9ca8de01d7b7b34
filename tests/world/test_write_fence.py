"""A write that was permitted, and whose lease is lost on the way, does not arrive; nor does the library repeat it."""

import asyncio
import socket
import ssl
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
from tests.kube.certificates import Authority
from tests.rekor.builders import signed_image

PATH = CONFIG_MAPS.path("default", "one")


class Lease:
    """Permits writes until it is lost, and counts how often it was refused."""

    def __init__(self) -> None:
        self.held, self.refused = True, 0
        self.on_permit: Callable[[], object] = lambda: None

    def check(self) -> None:
        if not self.held:
            self.refused += 1
            raise EdgeError("our lease has run out", transient=True)
        self.on_permit()

    def lose(self) -> None:
        self.held = False


Write = Callable[[str, Lease, Path], Awaitable[object]]


async def manifest(address: str, lease: Lease, _: Path) -> None:
    async with RegistryClient(Reach(permit=lease.check), insecure=True) as client:
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
async def closing(
    arrived: list[str], on_arrival: Callable[[], None], tls: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    """Serve what takes a request whole and closes the connection without an answer."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        await request.read()
        arrived.append(request.method)
        on_arrival()
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async with listening(web.ServerRunner(web.Server(answer)), tls=tls) as port:
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
        lease.lose()
        return await lookup(HOST, port, **how | {"family": socket.AF_INET})

    monkeypatch.setattr(loop, "getaddrinfo", slow)
    # A registry is asked by https first.
    tls = Authority.create(tmp_path).server() if write is manifest else None
    async with closing(arrived, lambda: None, tls) as port:
        with pytest.raises(EdgeError, match="our lease has run out"):
            await write(f"localhost:{port}", lease, tmp_path)
    assert names == ["localhost"]
    assert arrived == []


@pytest.mark.parametrize("write", [manifest, replaced, deleted])
async def test_a_write_that_got_no_answer_is_not_repeated_when_the_lease_is_lost(tmp_path: Path, write: Write) -> None:
    lease, arrived = Lease(), list[str]()
    async with closing(arrived, lease.lose) as port:
        with pytest.raises(EdgeError, match="our lease has run out"):
            await write(f"{HOST}:{port}", lease, tmp_path)
    assert len(arrived) == 1
    assert lease.refused == 1


@pytest.mark.parametrize("write", [entry, replaced, deleted])
async def test_what_is_not_with_the_kernel_when_the_loop_goes_on_asks_again(tmp_path: Path, write: Write) -> None:
    lease, took, sent = Lease(), list[socket.socket](), list[bytes]()

    def lose() -> None:
        lease.lose()
        took.append(listener.accept()[0])
        sent.append(arrived_at(took[0]))
        if sent[0]:
            took[0].close()

    lease.on_permit = lambda: asyncio.get_running_loop().call_soon(lose)
    with socket.create_server((HOST, 0)) as listener:
        listener.setblocking(False)
        with pytest.raises(EdgeError):
            await write(f"{HOST}:{listener.getsockname()[1]}", lease, tmp_path)
        [server] = took
        assert sent[0] or server.recv(1) == b""
        server.close()


def arrived_at(server: socket.socket) -> bytes:
    """What a connection has brought so far."""
    server.setblocking(False)
    try:
        return server.recv(65536)
    except BlockingIOError:
        return b""
