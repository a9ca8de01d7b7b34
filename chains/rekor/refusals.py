"""What a log's refusal means: status codes and broken connections as sentences, transient or not."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import aiohttp
import msgspec

from chains.artifacts.reference import shown
from chains.errors import EdgeError, system_words

LONGEST_WAIT = 300.0
_PASSING = frozenset({408, 425, 429, 499})


class _Complaint(msgspec.Struct):
    message: str = ""


def is_passing(status: int) -> bool:
    """Whether the same request may be answered better later; 501 says that it never will.

    A success of another kind than was asked for is a page of whatever stands between us and the log.
    """
    return status in _PASSING or 200 <= status < 300 or (status >= 500 and status != 501)


def refused(host: str, status: int, body: bytes, retry_after: str | None, what: str) -> EdgeError:
    """Return the error for a status that is no success, when `what` was asked of the log."""
    message = f"the transparency log {host} answered {status}{_complaint(body)} when asked {what}"
    if is_passing(status):
        return EdgeError(message, transient=True, retry_after=_wait(retry_after))
    helps = "; the entry is larger than this log takes" if status == 413 else ""
    return EdgeError(message + helps, transient=False)


def untrue(host: str, why: object) -> EdgeError:
    """Return the error for an answer that does not hold when it is verified: it is not tried again."""
    return EdgeError(
        f"the transparency log {host} answered with an entry that does not hold: {why}; nothing of it is trusted",
        transient=False,
    )


def unreadable(host: str, why: object) -> EdgeError:
    """Return the error for an answer that is none of a log; something between us and it may have sent it."""
    return EdgeError(f"{host} answered with what is no log entry: {shown(str(why), 200)}", transient=True)


def unreached(host: str, error: aiohttp.ClientError | OSError | ValueError) -> EdgeError:
    """Return the error for a request that got no complete answer."""
    if isinstance(error, aiohttp.InvalidURL):
        return EdgeError(f"the transparency log's address {shown(host)} cannot be used", transient=False)
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return EdgeError(
            f"the certificate of the transparency log {host} is not to be trusted: "
            f"{shown(str(error.certificate_error))}; add its authority to the system's (SSL_CERT_FILE)",
            transient=False,
        )
    if isinstance(error, TimeoutError):
        return EdgeError(f"the transparency log {host} did not answer in time", transient=True)
    if isinstance(error, aiohttp.ClientHttpProxyError):
        why = (
            f"the proxy on the way to the transparency log {host} answered {error.status}: {shown(error.message, 200)}"
        )
        return EdgeError(why, transient=True)
    if isinstance(error, aiohttp.ClientConnectorError):
        why = shown(_cause(error), 200)
        return EdgeError(f"the transparency log {host} cannot be reached: {why}", transient=True)
    why = str(error) or type(error).__name__
    return EdgeError(f"the transparency log {host} broke off: {shown(why, 200)}", transient=True)


def _cause(error: aiohttp.ClientConnectorError) -> str:
    if isinstance(error, aiohttp.ClientProxyConnectionError):
        return f"the proxy {error.host}:{error.port}: {system_words(error.os_error)}"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return f"no address is known for its name: {system_words(error.os_error)}"
    if isinstance(error, aiohttp.ClientConnectorSSLError):
        return f"no TLS came about: {error.__cause__ or error.os_error}"
    return system_words(error.os_error)


def _complaint(body: bytes) -> str:
    try:
        said = msgspec.json.decode(body, type=_Complaint).message
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    return f" ({shown(said, 200)})" if said else ""


def _wait(value: str | None) -> float | None:
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max((moment - datetime.now(UTC)).total_seconds(), 0.0), LONGEST_WAIT)
