"""The write fence: leave to write is asked when a connection is had, right before each time that a request goes out."""

import sys
from collections.abc import Callable

import aiohttp
from aiohttp.abc import AbstractStreamWriter
from aiohttp.connector import Connection

from chains.errors import EdgeError
from chains.hosts.errors import WithheldError

_READS = ("GET", "HEAD")


def fenced(permit: Callable[[], None]) -> type[aiohttp.ClientRequest]:
    """Return the requests of a session whose writes ask `permit`, which raises EdgeError to keep them from going out.

    Names are looked up and connections made before that, and aiohttp's own repeat of a PUT or DELETE asks again. From
    the permit to the system's call that sends, nothing else runs in the event loop.
    """

    class Fenced(aiohttp.ClientRequest):
        async def send(self, conn: Connection) -> aiohttp.ClientResponse:
            _ask(permit, self.method)
            return await super().send(conn)

        if sys.version_info < (3, 12):
            # Here a body, and the head with it, goes out in a task that begins when the loop comes to it.
            async def write_bytes(
                self, writer: AbstractStreamWriter, conn: Connection, content_length: int | None = None
            ) -> None:
                try:
                    _ask(permit, self.method)
                except WithheldError as withheld:
                    if conn.protocol is not None:  # Whoever waits for the answer gets this instead.
                        conn.protocol.set_exception(withheld)
                    return
                await super().write_bytes(writer, conn, content_length)

    return Fenced


def _ask(permit: Callable[[], None], method: str) -> None:
    if method in _READS:
        return
    try:
        permit()
    except EdgeError as refused:
        raise WithheldError(str(refused), transient=refused.transient, retry_after=refused.retry_after) from refused
