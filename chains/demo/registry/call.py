"""One request on its way through the registry."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from chains.demo.registry.behaviour import Behaviour
from chains.demo.registry.digests import is_wellformed
from chains.demo.registry.refusals import Refusal, refused
from chains.demo.registry.routes import Route
from chains.demo.registry.storage import Storage
from chains.demo.registry.uploads import Uploads


@dataclass(frozen=True, slots=True)
class Call:
    """A request, what it addresses, and what it is answered from."""

    request: web.Request
    route: Route
    storage: Storage
    uploads: Uploads
    behaviour: Behaviour

    def location(self, path: str) -> str:
        """Return the absolute URL of a path below this repository."""
        request = self.request
        return f"{request.scheme}://{request.host}/v2/{self.route.repository}/{path}"

    def digest(self) -> str:
        """Return the digest in the path; refuse a malformed one."""
        if not is_wellformed(self.route.reference):
            raise refused(400, "DIGEST_INVALID", {})
        return self.route.reference

    async def body(self, limit: int, too_large: Refusal) -> bytes:
        """Read the whole body; refuse one longer than `limit` before reading it where it says so."""
        if (self.request.content_length or 0) > limit:
            raise too_large
        try:
            body = await self.request.read()
        except web.HTTPRequestEntityTooLarge as error:
            raise too_large from error
        except ConnectionResetError as error:  # nobody is left to read the refusal
            raise refused(400, "SIZE_INVALID", "the body ended early") from error
        if len(body) > limit:
            raise too_large
        return body


Answer = Callable[[Call], Awaitable[web.StreamResponse]]
