"""The write fence: leave to write is asked when a connection is had, right before each time that a request goes out."""

from collections.abc import Callable

import aiohttp
from aiohttp.connector import Connection

from chains.errors import EdgeError
from chains.hosts.errors import WithheldError

READS = ("GET", "HEAD")


def fenced(permit: Callable[[], None]) -> type[aiohttp.ClientRequest]:
    """Return the requests of a session whose writes ask `permit`, which raises EdgeError to keep them from going out.

    Names are looked up and connections made before that, and aiohttp's own repeat of a PUT or DELETE asks again.
    """

    class Fenced(aiohttp.ClientRequest):
        async def send(self, conn: Connection) -> aiohttp.ClientResponse:
            if self.method not in READS:
                _ask(permit)
            return await super().send(conn)

    return Fenced


def _ask(permit: Callable[[], None]) -> None:
    try:
        permit()
    except EdgeError as refused:
        raise WithheldError(str(refused), transient=refused.transient, retry_after=refused.retry_after) from refused
