"""What broken connections and refusals mean, whichever system's host it is: sentences, transient or not."""

import ssl
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import aiohttp

from chains.artifacts.reference import shown
from chains.errors import EdgeError, system_words
from chains.hosts.errors import UnreachableError

LONGEST_WAIT = 300.0
_NOT_TLS = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE"})
_PASSING = frozenset({408, 425, 429, 499})


def is_passing(status: int) -> bool:
    """Whether the same request may be answered better later."""
    return status in _PASSING or status >= 500


def wait_asked_for(value: str | None, now: datetime | None = None) -> float | None:
    """Read a Retry-After header, seconds or an HTTP date, as seconds from now, at most five minutes."""
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max((moment - (now or datetime.now(UTC))).total_seconds(), 0.0), LONGEST_WAIT)


def unreached(
    host: str, error: aiohttp.ClientError | OSError | ValueError, trust_helps: str, tls_helps: str
) -> EdgeError:
    """Return the error for a request to `host` that got no complete answer.

    `trust_helps` says what to do where a certificate is not trusted, `tls_helps` where TLS is not spoken.
    """
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        why = f"the certificate of {host} is not to be trusted: {shown(str(error.certificate_error))}"
        return EdgeError(f"{why}; {trust_helps}", transient=False)
    if isinstance(error, aiohttp.ClientConnectorSSLError):
        return _without_tls(host, error, tls_helps)
    if isinstance(error, aiohttp.InvalidURL):
        return EdgeError(f"{shown(host)} is no usable address: {shown(str(error))}", transient=False)
    if isinstance(error, TimeoutError):
        kind = UnreachableError if isinstance(error, aiohttp.ConnectionTimeoutError) else EdgeError
        return kind(f"{host} did not answer in time", transient=True)
    return _broken(host, error)


def _without_tls(host: str, error: aiohttp.ClientConnectorSSLError, helps: str) -> EdgeError:
    cause = error.__cause__ or error.os_error
    if isinstance(cause, ssl.SSLError) and cause.reason in _NOT_TLS:
        return UnreachableError(f"{host} does not speak TLS; {helps}", transient=False)
    return UnreachableError(f"{host} cannot be reached: no TLS came about: {shown(str(cause), 200)}", transient=True)


def _broken(host: str, error: aiohttp.ClientError | OSError | ValueError) -> EdgeError:
    why = shown(_told(error), 200)
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return UnreachableError(f"the proxy on the way to {host} answered {error.status}: {why}", transient=True)
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ServerDisconnectedError):
        return UnreachableError(f"{host} cannot be reached: {why}", transient=True)
    return EdgeError(f"{host} broke off: {why}", transient=True)


def _told(error: aiohttp.ClientError | OSError | ValueError) -> str:
    """Return the cause in its own words; aiohttp's sentence holds the representation of a TLS context."""
    if isinstance(error, aiohttp.ClientProxyConnectionError):
        return f"the proxy {error.host}:{error.port}: {system_words(error.os_error)}"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return f"no address is known for its name: {system_words(error.os_error)}"
    if isinstance(error, aiohttp.ClientConnectorError):
        return system_words(error.os_error)
    if isinstance(error, aiohttp.ServerDisconnectedError) and not isinstance(error.message, str):
        return "it closed the connection within its answer"
    return str(error) or type(error).__name__
