"""Rekor's own server of the second API, for as long as a context lasts, with its tiles served beside it."""

import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from chains.demo.listening import HOST, listening
from tests.peers.servers import served

HOSTNAME = "rekor.test"
_ENTRIES = "/api/v2/log/entries"


@dataclass(frozen=True)
class RealRekor:
    """A log: where it is written and read, and its key."""

    url: str
    public_key: bytes


@asynccontextmanager
async def rekor_tiles(
    folder: Path, key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
) -> AsyncIterator[RealRekor]:
    """Start it with its tiles below `folder`; the test fails when the program is missing or does not come up.

    It takes entries and writes files; a deployment serves these under the same address, and so does this one.
    """
    (folder / "log.pem").write_bytes(_pem(key))
    tiles = folder / "tiles"
    http, grpc, metrics = _free_ports(3)
    arguments = {
        "signer-filepath": folder / "log.pem",
        "storage-dir": tiles,
        "hostname": HOSTNAME,
        "http-port": http,
        "grpc-port": grpc,
        "http-metrics-port": metrics,
        "checkpoint-interval": "1s",
        "batch-max-age": "50ms",
    }
    flags = [f"--{name}={value}" for name, value in arguments.items()]
    log = folder / "rekor-tiles.log"
    async with AsyncExitStack() as stack:
        writer = await stack.enter_async_context(
            served(
                "rekor-tiles",
                "serve",
                "--persistent-antispam",
                *flags,
                log=log,
                path="/healthz",
                address=f"127.0.0.1:{http}",
            )
        )
        url = await stack.enter_async_context(_front(f"http://{writer}", tiles))
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        yield RealRekor(url, public)
    shutil.rmtree(tiles)


@asynccontextmanager
async def _front(writer: str, tiles: Path) -> AsyncIterator[str]:
    async with aiohttp.ClientSession() as session:

        async def create(request: web.Request) -> web.Response:
            told = {"Content-Type": request.headers["Content-Type"]}
            async with session.post(f"{writer}{_ENTRIES}", data=await request.read(), headers=told) as answer:
                kept = {name: text for name, text in answer.headers.items() if name.lower() in _PASSED_ON}
                return web.Response(status=answer.status, body=await answer.read(), headers=kept)

        app = web.Application()
        app.add_routes([web.post(_ENTRIES, create), web.static("/api/v2/", tiles)])
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        async with listening(runner) as port:
            yield f"http://{HOST}:{port}"


_PASSED_ON = ("content-type", "x-log-index", "grpc-metadata-x-log-index", "retry-after")


def _pem(key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _free_ports(count: int) -> list[int]:
    """Find ports that nothing listens on; the program takes no 0."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()
