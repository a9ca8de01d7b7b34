"""One pooled HTTP session to one log, bounded in time and size; redirects are not followed."""

import asyncio
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import aiohttp
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from chains.errors import EdgeError, InputError
from chains.rekor.limits import Limits
from chains.rekor.refusals import unreached
from chains.rekor.respite import Respite

# What tells of each request that failed: its host and status, None when no answer came.
Observe = Callable[[str, int | None], None]
# The one says that an entry is there already, the other that it is not there yet.
_EXPECTED = (409, 404)
_HEADERS: Mapping[str, str] = {"Accept": "application/json", "Content-Type": "application/json"}


def unobserved(_host: str, _status: int | None) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers and body."""

    status: int
    body: bytes = b""
    headers: CIMultiDictProxy[str] = field(default_factory=lambda: CIMultiDictProxy(CIMultiDict()))


class Transport:
    """Sends requests to a log over one session, opened with the first of them."""

    def __init__(
        self,
        url: str,
        *,
        limits: Limits,
        proxy: URL | None = None,
        observe: Observe = unobserved,
        permit: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`url` is the log's; raise InputError when it is no http or https URL.

        `permit` is called right before every write, and raises EdgeError to keep it from going out.
        """
        self._observe = observe
        self._permit = permit
        self._base = _base(url)
        self._limits = limits
        self._proxy = proxy
        self._respite = Respite(clock)
        self._places = asyncio.Semaphore(limits.connections)
        self._session: aiohttp.ClientSession | None = None

    @property
    def host(self) -> str:
        """Return `host[:port]`, for messages."""
        return self._base.raw_authority.rpartition("@")[2]

    @property
    def url(self) -> str:
        """Return the log's URL without a slash at its end."""
        return str(self._base).rstrip("/")

    async def send(self, method: str, path: str, body: bytes | None = None) -> Answer:
        """Send one request and read its answer whole; raise EdgeError when none arrives."""
        async with self._places:
            if method != "GET":
                self._permit()
            with self._respite.attempt(self.host):
                answer = await self._answered(method, URL(f"{self.url}{path}", encoded=True), body)
                if answer.status >= 400 and answer.status not in _EXPECTED:
                    self._observe(self.host, answer.status)
                return answer

    async def close(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _answered(self, method: str, url: URL, body: bytes | None) -> Answer:
        try:
            async with asyncio.timeout(self._limits.total):
                return await self._exchange(method, url, body)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            self._observe(self.host, None)
            raise unreached(self.host, error) from error

    async def _exchange(self, method: str, url: URL, body: bytes | None) -> Answer:
        async with self._opened().request(
            method, url, data=body, headers=_HEADERS, allow_redirects=False, proxy=self._proxy
        ) as response:
            most = self._limits.complaint if response.status >= 400 else self._limits.answer
            content = b""
            async for piece in response.content.iter_any():
                content += piece
                if len(content) > most:
                    response.close()
                    break
            if len(content) > most and response.status < 400:
                raise EdgeError(f"the transparency log {self.host} sent more than {most} bytes", transient=False)
            return Answer(response.status, content[:most], response.headers)

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            limits = self._limits
            trust: ssl.SSLContext | bool = _context() if self._base.scheme == "https" else True
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, ssl=trust),
                timeout=aiohttp.ClientTimeout(None, sock_connect=limits.connect, sock_read=limits.idle),
                trust_env=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                headers={"User-Agent": "chains", "Accept-Encoding": "identity"},
            )
        return self._session


def _base(url: str) -> URL:
    try:
        parsed = URL(url)
        usable = parsed.scheme in ("http", "https") and bool(parsed.host) and parsed.user is None
    except ValueError:
        parsed, usable = URL(), False
    if not usable or parsed.query_string or parsed.fragment:
        raise InputError(f"the transparency log's address {url[:120]!a} is no http or https URL")
    return parsed


def _context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    # Private authorities often lack key identifiers, which Go never asks for and Python 3.13 demands.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context
