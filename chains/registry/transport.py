"""One pooled HTTP session: bounded in time and size, guarded in address, with redirects left to the caller."""

import asyncio
import base64
import os
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import aiohttp
from yarl import URL

from chains.errors import InputError
from chains.registry.addresses import AddressGuard, GuardedResolver
from chains.registry.answer import Answer
from chains.registry.breaker import Breaker
from chains.registry.locations import authority
from chains.registry.proxies import Proxies
from chains.registry.recent import Recent
from chains.registry.refusals import UnreadableError, complaint, unreached

MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one request: seconds to connect, of silence and in all; bytes by kind of body; redirects followed."""

    connect: float = 5.0
    idle: float = 15.0
    total: float = 60.0
    manifest: int = 4 * MEBIBYTE
    blob: int = 32 * MEBIBYTE
    text: int = 64 * 1024
    redirects: int = 5
    connections_per_host: int = 64


class Transport:
    """Sends requests over one session, opened with the first of them."""

    def __init__(
        self,
        *,
        insecure: bool,
        ca_files: Mapping[str, Path],
        limits: Limits,
        proxies: Proxies,
        guard: AddressGuard,
        breaker: Breaker | None = None,
        permit: Callable[[], None] = lambda: None,
        agent: str = "chains",
    ) -> None:
        """`permit` is called right before every write, and raises EdgeError to keep it from going out."""
        self._permit = permit
        self._agent = agent
        self._insecure = insecure
        self._ca_files = dict(ca_files)
        self._contexts: dict[Path | None, ssl.SSLContext] = {}
        self._proxies = proxies
        self._guard = guard
        self._breaker = breaker or Breaker()
        self._places: Recent[str, asyncio.Semaphore] = Recent()
        self._session: aiohttp.ClientSession | None = None
        self.limits = limits

    async def send(
        self, method: str, url: URL, *, headers: Mapping[str, str], body: bytes | None = None, most: int
    ) -> Answer:
        """Send one request and read the answer, at most `most` bytes of it; raise EdgeError when none arrives whole.

        A host that keeps failing is left alone: requests to it fail at once, also those that waited for a connection.
        """
        self._guard.check_host(url.host or "")
        host = f"{url.scheme}://{authority(url)}"
        with self._breaker.attempt(host) as attempt:
            try:
                async with asyncio.timeout(self.limits.total), self._place(host):
                    if method not in ("GET", "HEAD"):
                        self._permit()
                    attempt.begin()
                    return attempt.answered(await self._exchange(method, url, headers, body, most))
            except (aiohttp.ClientError, OSError, ValueError) as error:
                raise unreached(authority(url), error) from error

    async def close(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _place(self, host: str) -> asyncio.Semaphore:
        """Return what to hold for the time of a request: one of the connections to its host."""
        place = self._places.get(host)
        return place or self._places.set(host, asyncio.Semaphore(self.limits.connections_per_host))

    async def _exchange(
        self, method: str, url: URL, headers: Mapping[str, str], body: bytes | None, most: int
    ) -> Answer:
        async with self._opened().request(
            method,
            url,
            data=body,
            headers=headers,
            allow_redirects=False,
            proxy=self._proxies.for_url(url),
            ssl=self._trust(url),
        ) as response:
            content = await self._read(response, most)
            said = complaint(content, _secrets(headers)) if response.status >= 400 else ""
            return Answer(url, response.status, response.headers, content, said)

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            limits = self.limits
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(resolver=GuardedResolver(self._guard), limit=0),
                timeout=aiohttp.ClientTimeout(None, sock_connect=limits.connect, sock_read=limits.idle),
                trust_env=False,
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": self._agent, "Accept-Encoding": "identity"},
            )
        return self._session

    async def _read(self, response: aiohttp.ClientResponse, most: int) -> bytes:
        failed = response.status >= 400
        most = self.limits.text if failed else most
        pieces: list[bytes] = []
        size = 0
        async for piece in response.content.iter_any():
            size += len(piece)
            pieces.append(piece)
            if size > most:
                response.close()
                if failed:
                    break
                raise UnreadableError(
                    f"{authority(response.url)} sent more than the {most} bytes allowed here", transient=False
                )
        return b"".join(pieces)[:most]

    def _trust(self, url: URL) -> ssl.SSLContext | bool:
        if url.scheme != "https" or self._insecure:
            return False
        path = self._ca_files.get(authority(url)) or self._ca_files.get(url.host or "")
        if path not in self._contexts:
            self._contexts[path] = _context(path)
        return self._contexts[path]


def _context(ca_file: Path | None) -> ssl.SSLContext:
    if ca_file is None:
        return _system_context(os.environ.get("SSL_CERT_FILE", ""), os.environ.get("SSL_CERT_DIR", ""))
    return _new_context(ca_file)


@lru_cache(maxsize=4)
def _system_context(_file: str, _folder: str) -> ssl.SSLContext:
    """Return the context that trusts the system's authorities, read once (25 ms) for each place they may be at."""
    return _new_context(None)


def _new_context(ca_file: Path | None) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context()
        if ca_file is not None:
            context.load_verify_locations(ca_file)
    except (OSError, ValueError) as error:
        raise InputError(f"the CA file {ca_file} cannot be used: {error}") from error
    # Private authorities often lack key identifiers, which Go never asks for and Python 3.13 demands.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def _secrets(headers: Mapping[str, str]) -> frozenset[str]:
    """Return what of a request must not be repeated from its answer: the token, or the password and its encoding."""
    kind, _, value = headers.get("Authorization", "").partition(" ")
    found = {value}
    if kind == "Basic":
        found.add(base64.b64decode(value).decode().partition(":")[2])
    return frozenset(found - {""})
