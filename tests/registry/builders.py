"""Builders for the registry tests: signed payloads, keychains, and a registry that answers as it is told."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, fields
from pathlib import Path
from socket import socket
from ssl import SSLContext

from aiohttp import web

from chains.artifacts.reference import Digest, ImageReference, Repository
from chains.demo.listening import listening
from chains.hosts.reach import Reach
from chains.payloads.dsse import envelope
from chains.payloads.payload import IN_TOTO, SIMPLE_SIGNING, LogEntry, Origin, Payload, Signature, SignedPayload
from chains.registry.client import RegistryClient
from chains.registry.credential import Credential
from chains.registry.limits import Limits

CAPTURES = Path(__file__).parent / "captures"
ORIGIN = Origin("TaskRun", "builds", "build", "uid-1", "builder")
DIGEST = Digest("sha256", "a1" * 32)
LOGGED = LogEntry(b"\x01" * 32, 7, 1700000000, b'{"kind":"k","apiVersion":"1"}', b"promise")
NO_DIGEST = "sha256:" + "0" * 64

Script = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Request:
    """A request as the scripted registry saw it."""

    method: str
    path: str
    authorization: str
    host: str
    body: bytes


@dataclass
class Scripted:
    """A running scripted registry: where it is, and what was asked of it."""

    port: int
    requests: list[Request] = field(default_factory=list)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def other_host(self) -> str:
        """The same server under another name, which makes it another server to a client."""
        return f"localhost:{self.port}"

    def repository(self, path: str = "team/app") -> Repository:
        return Repository(self.host, path)

    @property
    def seen(self) -> list[str]:
        return [f"{request.method} {request.path}" for request in self.requests]


@asynccontextmanager
async def scripted(
    script: Script, tls: SSLContext | None = None, bound: socket | None = None
) -> AsyncGenerator[Scripted, None]:
    """Serve what the script answers, on loopback, at a socket that is bound already if one is given."""
    server = Scripted(0)

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        authorization = request.headers.get("Authorization", "")
        server.requests.append(Request(request.method, request.path_qs, authorization, request.host, body))
        return await script(request)

    runner = web.ServerRunner(web.Server(answer), shutdown_timeout=1)
    async with listening(runner, tls=tls, bound=bound) as server.port:
        yield server


@asynccontextmanager
async def dripping(drip: bytes) -> AsyncGenerator[Repository, None]:
    """Serve a registry that takes no body, and sends these bytes again and again."""
    begun: set[asyncio.Task[None]] = set()
    hung_up = asyncio.Event()

    async def drips(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        in_the_clear = (await reader.read(100)).startswith(b"PUT ")
        with suppress(ConnectionError):
            writer.write(b"" if in_the_clear else b"HTTP/1.1 400 Bad Request\r\n\r\n")
            while in_the_clear and not hung_up.is_set():
                writer.write(drip)
                await writer.drain()
                await asyncio.sleep(0.01)
        writer.close()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        begun.add(asyncio.create_task(drips(reader, writer)))

    server = await asyncio.start_server(accept, "127.0.0.1", 0, limit=1000)
    async with server:
        yield Repository(f"127.0.0.1:{server.sockets[0].getsockname()[1]}", "team/app")
        hung_up.set()
        await asyncio.gather(*begun)


def client(**settings: object) -> RegistryClient:
    """A client that reads no environment; keyword arguments of Limits and Reach may be given beside its own."""
    limits = {field.name: settings.pop(field.name) for field in fields(Limits) if field.name in settings}
    reach = {field.name: settings.pop(field.name) for field in fields(Reach) if field.name in settings}
    return RegistryClient(Reach(**reach), limits=Limits(**limits), **settings)  # type: ignore[arg-type]


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Offering:
    """A keychain with these credentials, which counts how often it is asked."""

    def __init__(self, *credentials: Credential) -> None:
        self._credentials = credentials
        self.asked = 0

    async def credentials(self, _: Repository) -> AsyncIterator[Credential]:
        self.asked += 1
        for credential in self._credentials:
            yield credential


NOBODY = Offering()


def image(repository: Repository | None = None, digest: Digest = DIGEST) -> ImageReference:
    return ImageReference(repository or Repository("registry.example.com", "team/app"), digest)


def signed_image(
    *images: ImageReference,
    signature: bytes = b"signature",
    body: bytes = b'{"critical":{}}',
    logged: LogEntry | None = None,
) -> SignedPayload:
    payload = Payload(body, SIMPLE_SIGNING, "", "short", images or (image(),))
    return SignedPayload(payload, Signature(signature, "SHA256:key"), None, logged)


def attestation(*images: ImageReference, body: bytes = b'{"predicateType":"t"}', key: str = "k") -> SignedPayload:
    payload = Payload(body, IN_TOTO, "t", "taskrun-uid-1", images or (image(),))
    signature = Signature(b"signature", key)
    return SignedPayload(payload, signature, envelope(IN_TOTO, body, signature))
