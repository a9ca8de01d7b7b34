"""One pooled HTTP session: bounded in time and size, guarded in address, with redirects left to the caller."""

import asyncio
import base64
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from yarl import URL

from chains.artifacts.reference import shown
from chains.hosts.addresses import AddressGuard, GuardedResolver, authority
from chains.hosts.answer import Answer
from chains.hosts.errors import UnreadableError
from chains.hosts.fence import fenced
from chains.hosts.reach import Reach
from chains.hosts.recent import Recent
from chains.hosts.refusals import unreached
from chains.hosts.tls import trusting

_NO_FILES: Mapping[str, Path] = {}


@dataclass(frozen=True, slots=True)
class System:
    """What the hosts of one system have in common.

    `called` goes before a host's name in sentences, `expected` are statuses that are no failure, `complaint` reads the
    body of an error; what helps is said where a certificate is not trusted, and where TLS is not spoken.
    """

    name: str
    called: str
    expected: frozenset[int]
    complaint: Callable[[bytes], str]
    trust_helps: str
    tls_helps: str


@dataclass(frozen=True, slots=True)
class Bounds:
    """Seconds to connect, of silence and in all; bytes of a text, such as an error; connections to one host."""

    connect: float = 5.0
    idle: float = 15.0
    total: float = 60.0
    text: int = 64 * 1024
    connections: int = 64


class Transport:
    """Sends requests over one session, opened with the first of them."""

    def __init__(
        self,
        system: System,
        reach: Reach,
        bounds: Bounds,
        *,
        guard: AddressGuard | None = None,
        insecure: bool = False,
        ca_files: Mapping[str, Path] = _NO_FILES,
    ) -> None:
        """`ca_files` maps host[:port] to a PEM file of authorities to trust besides the system's."""
        self._system = system
        self._reach = reach
        self.bounds = bounds
        self._guard = guard or AddressGuard()
        self._insecure = insecure
        self._ca_files = dict(ca_files)
        self._contexts: dict[Path | None, ssl.SSLContext] = {}
        self._places: Recent[str, asyncio.Semaphore] = Recent()
        self._session: aiohttp.ClientSession | None = None

    async def send(
        self, method: str, url: URL, *, headers: Mapping[str, str], body: bytes | None = None, most: int, part: str = ""
    ) -> Answer:
        """Send one request and read the answer, at most `most` bytes of it; raise EdgeError when none arrives whole.

        A host that keeps failing is left alone: requests to it fail at once, also those that waited for a connection.
        `part` says what of the host it is about, where one part may fail and others not.
        """
        self._guard.check_host(url.host or "")
        host, system = f"{url.scheme}://{authority(url)}", self._system
        with self._reach.breaker.attempt(host, self._observe, system=system.name, part=part) as attempt:
            try:
                async with asyncio.timeout(self.bounds.total), self._place(host):
                    attempt.begin()
                    return attempt.answered(await self._exchange(method, url, headers, body, most))
            except (aiohttp.ClientError, OSError, ValueError) as error:
                called = system.called + authority(url)
                raise unreached(called, error, system.trust_helps, system.tls_helps) from error

    async def close(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _observe(self, host: str, status: int | None) -> None:
        if status is None or status not in self._system.expected:
            self._reach.observe(self._system.name, host, status)

    def _place(self, host: str) -> asyncio.Semaphore:
        """Return what to hold for the time of a request: one of the connections to its host."""
        place = self._places.get(host)
        return place or self._places.set(host, asyncio.Semaphore(self.bounds.connections))

    async def _exchange(
        self, method: str, url: URL, headers: Mapping[str, str], body: bytes | None, most: int
    ) -> Answer:
        async with self._opened().request(
            method,
            url,
            data=body,
            headers=headers,
            allow_redirects=False,
            proxy=self._reach.proxies.for_url(url),
            ssl=self._trust(url),
        ) as response:
            content = await self._read(response, most)
            said = self._system.complaint(content) if response.status >= 400 else ""
            quotable = said and not any(secret in said for secret in _secrets(headers))
            return Answer(url, response.status, response.headers, content, f" ({shown(said, 200)})" if quotable else "")

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            bounds = self.bounds
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(resolver=GuardedResolver(self._guard), limit=0),
                timeout=aiohttp.ClientTimeout(None, sock_connect=bounds.connect, sock_read=bounds.idle),
                request_class=fenced(self._reach.permit),
                trust_env=False,
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": self._reach.agent, "Accept-Encoding": "identity"},
            )
        return self._session

    async def _read(self, response: aiohttp.ClientResponse, most: int) -> bytes:
        failed = response.status >= 400
        most = self.bounds.text if failed else most
        pieces: list[bytes] = []
        size = 0
        async for piece in response.content.iter_any():
            size += len(piece)
            pieces.append(piece)
            if size > most:
                response.close()
                if failed:
                    break
                called = self._system.called + authority(response.url)
                raise UnreadableError(f"{called} sent more than the {most} bytes allowed here", transient=False)
        return b"".join(pieces)[:most]

    def _trust(self, url: URL) -> ssl.SSLContext | bool:
        if url.scheme != "https" or self._insecure:
            return False
        path = self._ca_files.get(authority(url)) or self._ca_files.get(url.host or "")
        if path not in self._contexts:
            self._contexts[path] = trusting(path)
        return self._contexts[path]


def _secrets(headers: Mapping[str, str]) -> frozenset[str]:
    """Return what of a request must not be repeated from its answer: the token, or the password and its encoding."""
    kind, _, value = headers.get("Authorization", "").partition(" ")
    found = {value}
    if kind == "Basic":
        found.add(base64.b64decode(value).decode().partition(":")[2])
    return frozenset(found - {""})
