"""The registry: its life on a loopback port and the way of a request through it."""

import asyncio
import ssl
from contextlib import AsyncExitStack
from typing import Self, cast

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http_parser import RawRequestMessage
from aiohttp.streams import StreamReader

from chains.artifacts.reference import Digest, ImageReference, Repository
from chains.demo.faults import Faults
from chains.demo.listening import HOST, listening
from chains.demo.registry.access import Gate, Open, needed_scopes
from chains.demo.registry.answers import answer_for, check_route
from chains.demo.registry.behaviour import Behaviour
from chains.demo.registry.call import Call
from chains.demo.registry.counting import RequestCount
from chains.demo.registry.digests import sha256_digest
from chains.demo.registry.documents import OCI_INDEX, OCI_MANIFEST
from chains.demo.registry.images import image, index
from chains.demo.registry.lies import Lies
from chains.demo.registry.refusals import Refusal
from chains.demo.registry.routes import Route, parse_route
from chains.demo.registry.storage import Manifest, Storage
from chains.demo.registry.token_endpoint import answer_token_request
from chains.demo.registry.tokens import Tokens
from chains.demo.registry.uploads import Uploads
from chains.errors import InputError

_API_VERSION = "Docker-Distribution-API-Version"
_SHUTDOWN_SECONDS = 0.2


class RegistryServer:
    """An OCI registry on 127.0.0.1, in memory, for as long as the context lasts.

    `latency` is in seconds and comes before every answer. `faults` and `lies` make it misbehave; `requests` counts.
    """

    def __init__(
        self,
        behaviour: Behaviour | None = None,
        *,
        gate: Gate | None = None,
        tls: ssl.SSLContext | None = None,
        latency: float = 0.0,
    ) -> None:
        self.behaviour = behaviour or Behaviour()
        self.gate = gate or Open()
        self.latency = latency
        self.requests = RequestCount()
        self.faults = Faults()
        self.lies: Lies | None = None
        self._tls = tls
        self._storage = Storage()
        self._uploads = Uploads()
        self._life = AsyncExitStack()
        self._address = ""

    async def __aenter__(self) -> Self:
        server = web.Server(
            self._answer, request_factory=self._request, access_log=None, auto_decompress=False, keepalive_timeout=75
        )
        runner = web.ServerRunner(server, shutdown_timeout=_SHUTDOWN_SECONDS)
        self._address = f"{HOST}:{await self._life.enter_async_context(listening(runner, tls=self._tls))}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._life.aclose()

    @property
    def address(self) -> str:
        """Return `127.0.0.1:PORT`."""
        return self._address

    @property
    def url(self) -> str:
        """Return the scheme and the address."""
        return f"{'https' if self._tls else 'http'}://{self._address}"

    def push_image(self, repository: str, seed: str, tag: str = "") -> ImageReference:
        """Put a small image into the repository, without a request; the seed decides its digest."""
        return self._reference(repository, self._push_image(repository, seed, "amd64", tag))

    def push_index(
        self, repository: str, seed: str, architectures: tuple[str, ...] = ("amd64", "arm64"), tag: str = ""
    ) -> ImageReference:
        """Put an image for several architectures into the repository, without a request."""
        children = {name: image(f"{seed} {name}", name) for name in architectures}
        for name in architectures:
            self._push_image(repository, f"{seed} {name}", name, "")
        body = index(children)
        manifest = Manifest(sha256_digest(body), OCI_INDEX, body)
        self._storage.add_manifest(repository, manifest, tag)
        return self._reference(repository, manifest.digest)

    def tags(self, repository: str) -> tuple[str, ...]:
        """Return the repository's tags in order; none for an unknown repository."""
        return tuple(sorted(self._storage.shelf(repository).tags))

    def manifest(self, repository: str, reference: str) -> bytes:
        """Return the manifest that a tag or a digest names; raise InputError when there is none."""
        manifest = self._storage.manifest(repository, reference)
        if manifest is None:
            raise InputError(f"the embedded registry has no manifest {reference!r} in {repository!r}")
        return manifest.body

    def blob(self, digest: str) -> bytes:
        """Return the blob; raise InputError when no repository has it."""
        content = self._storage.blob(digest)
        if content is None:
            raise InputError(f"the embedded registry has no blob {digest!r}")
        return content

    def _push_image(self, repository: str, seed: str, architecture: str, tag: str) -> str:
        made = image(seed, architecture)
        self._storage.add_blob(repository, made.layer)
        self._storage.add_blob(repository, made.config)
        manifest = Manifest(sha256_digest(made.manifest), OCI_MANIFEST, made.manifest)
        self._storage.add_manifest(repository, manifest, tag)
        return manifest.digest

    def _reference(self, repository: str, digest: str) -> ImageReference:
        return ImageReference(Repository(self._address, repository), Digest.parse(digest))

    def _request(
        self,
        message: RawRequestMessage,
        payload: StreamReader,
        protocol: web.RequestHandler,
        writer: AbstractStreamWriter,
        task: asyncio.Task[None],
    ) -> web.Request:
        limit = max(self.behaviour.blob_limit, self.behaviour.manifest_limit)
        loop = asyncio.get_running_loop()
        return web.Request(message, payload, protocol, writer, task, loop, client_max_size=limit)

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        route = parse_route(request.path)
        self.requests.count(request.method, route.kind)
        if self.latency:
            await asyncio.sleep(self.latency)

        async def perform(request: web.Request) -> web.StreamResponse:
            return await self._perform(request, route)

        return await self.faults.middleware(cast(web.Request, request), perform)

    async def _perform(self, request: web.Request, route: Route) -> web.StreamResponse:
        try:
            response = await self._routed(request, route)
        except Refusal as refusal:
            response = refusal.response()
        response.headers[_API_VERSION] = "registry/2.0"
        return response

    async def _routed(self, request: web.Request, route: Route) -> web.StreamResponse:
        if route.kind == "token" and isinstance(self.gate, Tokens):
            return await answer_token_request(self.gate, request)
        check_route(request.method, request.path, route, self.behaviour)
        if route.kind != "root":
            self.gate.admit(request, needed_scopes(request, route))
        answer = answer_for(request.method, route)
        call = Call(request, route, self._storage, self._uploads, self.behaviour)
        return await (self.lies.answer(call, answer) if self.lies else answer(call))
