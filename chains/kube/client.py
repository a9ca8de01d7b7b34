"""A client of the Kubernetes API on raw bytes: every request bounded, every failure an EdgeError in a sentence."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Self
from urllib.parse import urlencode

import aiohttp
import msgspec
import yarl

from chains.errors import EdgeError
from chains.hosts.refusals import wait_asked_for
from chains.kube.connection import Connection
from chains.kube.refusals import ExpiredError, Request, refusal, unknown
from chains.kube.resources import Resource
from chains.kube.transport import cause, timeout
from chains.kube.wire import Change, Page, change, lines, page, status
from chains.runs.authors import FIELD_MANAGER

# What is told of each request that failed: its host and status, None when no answer came.
Observe = Callable[[str, int | None], None]
# Somebody else wrote first, or the version is forgotten: the caller looks again.
_EXPECTED = (409, 410)
REQUEST_SECONDS = 30.0
PAGE_SIZE = 500
# Watches last, and have connections of their own.
PLACES = 100
_JSON = "application/json"
_METADATA_ONLY = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json"
_METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"


def unobserved(_host: str, _status: int | None) -> None:
    """Tell nobody."""


class KubeClient:
    """One API server, spoken to over one pool of connections."""

    def __init__(
        self,
        connection: Connection,
        request_seconds: float = REQUEST_SECONDS,
        observe: Observe = unobserved,
        places: int = PLACES,
    ) -> None:
        """Let so many requests be under way at once as there are `places`, watches not counted."""
        self._observe = observe
        self._connection = connection
        self._base = connection.endpoint.host
        self._proxy = connection.endpoint.proxy
        self._server_name = connection.endpoint.server_name if self._base.startswith("https") else None
        self._seconds = request_seconds
        self._bounded = timeout(request_seconds)
        self._places = asyncio.Semaphore(places)

    @classmethod
    async def connect(
        cls,
        kubeconfig: str | None = None,
        request_seconds: float = REQUEST_SECONDS,
        observe: Observe = unobserved,
        permit: Callable[[], None] = lambda: None,
    ) -> Self:
        """Connect as a kubeconfig or the pod's service account says; raise InputError when neither can be used.

        `observe` is told of each request that failed: its host and status, None when no answer came. `permit` is called
        right before every write goes out, and raises EdgeError to keep it from that.
        """
        return cls(await Connection.open(kubeconfig, permit=permit), request_seconds, observe)

    async def close(self) -> None:
        """Close every connection."""
        await self._connection.close()

    async def get(self, path: str, *, metadata_only: bool = False) -> bytes | None:
        """Return the object's JSON, None when it does not exist."""
        headers = {"Accept": _METADATA_ONLY} if metadata_only else {}
        return await self._send(Request("get", "GET", path, headers=headers))

    async def create(self, path: str, body: bytes) -> bytes:
        """Create an object in a collection; raise ConflictError when its name is taken."""
        created = Request("create", "POST", path, body=body, headers={"Content-Type": _JSON})
        return await self._sent(created)

    async def replace(self, path: str, body: bytes) -> bytes | None:
        """Replace an object, None when there is none; raise ConflictError for a stale resourceVersion."""
        return await self._send(Request("update", "PUT", path, body=body, headers={"Content-Type": _JSON}))

    async def delete(self, path: str) -> bool:
        """Delete an object; return whether there was one."""
        return await self._send(Request("delete", "DELETE", path)) is not None

    async def merge_patch(self, path: str, body: bytes) -> bytes | None:
        """Merge JSON into an object and return its metadata's JSON, None when it does not exist."""
        headers = {"Content-Type": "application/merge-patch+json", "Accept": _METADATA_ONLY}
        return await self._send(Request("patch", "PATCH", path, {"fieldManager": FIELD_MANAGER}, body, headers))

    async def list_pages(
        self,
        resource: Resource,
        namespace: str | None = None,
        *,
        limit: int = PAGE_SIZE,
        field_selector: str = "",
        metadata_only: bool = False,
    ) -> AsyncGenerator[Page, None]:
        """Yield a list in pages, of whole objects or of their metadata.

        When the API forgets the list half-way (410) it begins anew, so that objects come twice; the third time it is
        asked for in one piece, which cannot be forgotten.
        """
        selected = _selected(field_selector)
        headers = {"Accept": _METADATA_LIST} if metadata_only else {}
        continuation, forgotten = "", 0
        while True:
            asked = selected | {"limit": str(0 if forgotten > 1 else limit)}
            if continuation:
                asked["continue"] = continuation
            try:
                listed = await self._page(Request("list", "GET", resource.path(namespace), asked, headers=headers))
            except ExpiredError:
                if not continuation:
                    raise
                continuation, forgotten = "", forgotten + 1
                continue
            yield listed
            continuation = listed.continuation
            if not continuation:
                return

    async def watch(
        self,
        resource: Resource,
        namespace: str | None = None,
        *,
        resource_version: str,
        seconds: int,
        silence: float,
        field_selector: str = "",
    ) -> AsyncGenerator[Change, None]:
        """Yield what happens after a version, bookmarks too, until the server closes after about `seconds`.

        Silence beyond `silence` seconds, a cut line or an ERROR line raise EdgeError, a forgotten version ExpiredError.
        """
        asked = _selected(field_selector) | {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": resource_version,
            "timeoutSeconds": str(seconds),
        }
        request = Request("watch", "GET", resource.path(namespace), asked)
        async with self._exchange(request, timeout(None, silence)) as response:
            if response.status == 404:
                raise unknown(request, status(await response.read()))
            async for line in lines(response.content.iter_any()):
                seen = change(line)
                if seen.type == "ERROR":
                    said = status(seen.object)
                    raise refusal(request, said.code or 500, said)
                yield seen

    async def _page(self, request: Request) -> Page:
        body = await self._sent(request)
        with self._trouble(request):
            return page(body)

    async def _sent(self, request: Request) -> bytes:
        async with self._place(request), self._exchange(request, self._bounded) as response:
            body = await response.read()
            if response.status == 404:
                raise unknown(request, status(body))
            return body

    async def _send(self, request: Request) -> bytes | None:
        async with self._place(request), self._exchange(request, self._bounded) as response:
            body = await response.read()
            return None if response.status == 404 else body

    @asynccontextmanager
    async def _place(self, request: Request) -> AsyncIterator[None]:
        """Wait for a place here rather than in the session's pool, which watches are in too."""
        with self._trouble(request):
            async with asyncio.timeout(self._seconds):
                await self._places.acquire()
        try:
            yield
        finally:
            self._places.release()

    @asynccontextmanager
    async def _exchange(self, request: Request, bound: aiohttp.ClientTimeout) -> AsyncIterator[aiohttp.ClientResponse]:
        """Send a request and give its response: good, or a 404, which the caller reads; the rest raises."""
        with self._trouble(request):
            async with await self._answer(request, bound) as response:
                if response.status >= 300 and response.status != 404:
                    if response.status not in _EXPECTED:
                        self._observe(self._base, response.status)
                    raise refusal(
                        request,
                        response.status,
                        status(await response.read()),
                        wait_asked_for(response.headers.get("Retry-After")),
                    )
                yield response

    async def _answer(self, request: Request, bound: aiohttp.ClientTimeout) -> aiohttp.ClientResponse:
        """Ask, and once more with renewed credentials when those of the moment are refused."""
        authorization, session = await self._connection.authorization(), self._connection.session
        response = await self._ask(request, bound, authorization)
        if response.status != 401:
            return response
        async with response:
            said = status(await response.read())
        if not await self._connection.renew(authorization, session):
            raise refusal(request, 401, said)
        return await self._ask(request, bound, await self._connection.authorization())

    async def _ask(self, request: Request, bound: aiohttp.ClientTimeout, authorization: str) -> aiohttp.ClientResponse:
        headers = request.headers | ({"Authorization": authorization} if authorization else {})
        query = f"?{urlencode(request.query)}" if request.query else ""
        return await self._connection.session.request(
            request.method,
            yarl.URL(f"{self._base}{request.path}{query}", encoded=True),
            headers=headers,
            data=request.body,
            timeout=bound,
            proxy=self._proxy,
            server_hostname=self._server_name,
            allow_redirects=False,
        )

    @contextmanager
    def _trouble(self, request: Request) -> Iterator[None]:
        """Put into a sentence what goes wrong on the way there and back."""
        try:
            yield
        except TimeoutError as error:
            self._observe(self._base, None)
            raise EdgeError(f"{self._base} did not answer in time when asked to {request}", transient=True) from error
        except aiohttp.ClientResponseError as error:
            self._observe(self._base, error.status)
            why = f"HTTP {error.status} from the proxy or the server"
            raise EdgeError(f"cannot {request} at {self._base}: {why}", transient=True) from None
        except (aiohttp.ClientError, OSError) as error:
            self._observe(self._base, None)
            raise EdgeError(f"cannot {request} at {self._base}: {cause(error)}", transient=True) from error
        except (msgspec.DecodeError, ValueError) as error:
            raise EdgeError(f"{self._base} answered {request} with {error}", transient=True) from error


def _selected(fields: str) -> dict[str, str]:
    return {"fieldSelector": fields} if fields else {}
