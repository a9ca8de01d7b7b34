"""A server's life on a loopback port."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from socket import socket

from aiohttp import web

HOST = "127.0.0.1"


@asynccontextmanager
async def listening(
    runner: web.BaseRunner,
    *,
    port: int = 0,
    tls: ssl.SSLContext | None = None,
    bound: socket | None = None,
) -> AsyncIterator[int]:
    """Serve on 127.0.0.1, at a free port unless one, or a socket that is bound already, is given; yield the port."""
    await runner.setup()
    try:
        if bound is not None:
            await web.SockSite(runner, bound, ssl_context=tls).start()
        else:
            await web.TCPSite(runner, HOST, port, ssl_context=tls, backlog=1024).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
