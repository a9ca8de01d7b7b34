"""The HTTP session to one Kubernetes API server: TLS, proxy, pool and timeouts."""

import hashlib
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import yarl

from chains.errors import InputError, system_words
from chains.hosts.fence import fenced

CONNECT_SECONDS = 10.0
_KEEPALIVE = (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3))


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where an API server is and how to trust it; files are paths, None where the system's defaults serve."""

    host: str
    ca_file: str | None = None
    certificate_file: str | None = None
    key_file: str | None = None
    verify: bool = True
    server_name: str | None = None
    proxy: str | None = None

    @property
    def url(self) -> yarl.URL:
        """The base URL; raises InputError for what is none."""
        try:
            url = yarl.URL(self.host)
        except ValueError as error:
            raise InputError(f"the Kubernetes API's address {self.host!r} is not a URL: {error}") from error
        if url.scheme not in ("http", "https") or not url.host:
            raise InputError(f"the Kubernetes API's address {self.host!r} is not an http or https URL")
        return url


def fingerprint(endpoint: Endpoint) -> bytes:
    """Return a digest of the files that an endpoint names: another once one of them is replaced in its place.

    A file that cannot be read counts as empty; who uses it says what is wrong with it.
    """
    whole = hashlib.sha256()
    for name in (endpoint.ca_file, endpoint.certificate_file, endpoint.key_file):
        content = b""
        with suppress(OSError):
            content = Path(name).read_bytes() if name else b""
        whole.update(hashlib.sha256(content).digest())
    return whole.digest()


def tls_context(endpoint: Endpoint) -> ssl.SSLContext:
    """Return the TLS settings of an endpoint; raise InputError when a certificate file cannot be used."""
    try:
        context = ssl.create_default_context(cafile=endpoint.ca_file)
        if endpoint.certificate_file:
            context.load_cert_chain(endpoint.certificate_file, endpoint.key_file)
    except (OSError, ValueError) as error:
        files = ", ".join(filter(None, (endpoint.ca_file, endpoint.certificate_file, endpoint.key_file)))
        raise InputError(f"the certificates for {endpoint.host} ({files}) cannot be used: {error}") from error
    # Cluster authorities often lack key identifiers, which Go never asks for and Python 3.13 demands.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if not endpoint.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def session(context: ssl.SSLContext, permit: Callable[[], None]) -> aiohttp.ClientSession:
    """Open the session, whose writes ask `permit`; whoever uses it bounds its connections.

    `trust_env` stays off because it costs two thread hops on every request.
    """
    connector = aiohttp.TCPConnector(limit=0, ssl=context, socket_factory=_socket)
    return aiohttp.ClientSession(
        connector=connector,
        request_class=fenced(permit),
        trust_env=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        read_bufsize=2**20,
        headers={"User-Agent": "chains", "Accept": "application/json", "Accept-Encoding": "identity"},
    )


def timeout(total: float | None, silence: float | None = None) -> aiohttp.ClientTimeout:
    """Bound a request in seconds: as a whole, and by the longest silence between two reads."""
    return aiohttp.ClientTimeout(total=total, sock_connect=CONNECT_SECONDS, sock_read=silence)


def cause(error: aiohttp.ClientError | OSError) -> str:
    """Return why no answer came, in the cause's own words; aiohttp's sentence holds the representation of a context."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return str(error.certificate_error)
    if isinstance(error, aiohttp.ClientProxyConnectionError):
        return f"the proxy {error.host}:{error.port}: {system_words(error.os_error)}"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return f"no address is known for its name: {system_words(error.os_error)}"
    if isinstance(error, aiohttp.ClientConnectorSSLError):
        return f"no TLS came about: {error.__cause__ or error.os_error}"
    if isinstance(error, aiohttp.ClientConnectorError):
        return system_words(error.os_error)
    return str(error) or type(error).__name__


def _socket(address: aiohttp.AddrInfoType) -> socket.socket:
    """Make a socket whose peer's silent death shows in about a minute, also on a quiet watch."""
    family, kind, protocol, *_ = address
    made = socket.socket(family, kind, protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in _KEEPALIVE:
        if hasattr(socket, option):
            made.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
    return made
