"""What a registry's refusal means: status codes and broken connections as sentences, transient or not."""

import ssl
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import aiohttp
import msgspec

from chains.artifacts.reference import Repository, shown
from chains.errors import EdgeError, system_words
from chains.registry.answer import Answer
from chains.registry.errors import DeniedError, UnreachableError

LONGEST_WAIT = 300.0
_WHAT_HELPS = (
    "what helps is a kubernetes.io/dockerconfigjson secret for it that the run's service account lists under secrets, "
    "or docker login where there is no run"
)
_NOT_TLS = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE"})
_PASSING = frozenset({408, 425, 429, 499})


class _Complaint(msgspec.Struct):
    code: str = ""
    message: str = ""


class _Complaints(msgspec.Struct):
    errors: list[_Complaint] = []


def is_passing(status: int) -> bool:
    """Whether the same request may be answered better later."""
    return status in _PASSING or status >= 500


def complaint(body: bytes, secrets: frozenset[str] = frozenset()) -> str:
    """Return what a registry's error body says, in brackets, or nothing; a body that repeats a secret is not quoted."""
    try:
        errors = msgspec.json.decode(body, type=_Complaints).errors
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    said = ", ".join(filter(None, (f"{error.code} {error.message}".strip() for error in errors[:3])))
    if not said or any(secret and secret in said for secret in secrets):
        return ""
    return f" ({shown(said, 200)})"


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


def unreached(host: str, error: aiohttp.ClientError | OSError | ValueError) -> EdgeError:
    """Return the error for a request to `host` that got no complete answer."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientConnectorSSLError):
        return _untrusted(host, error)
    if isinstance(error, aiohttp.InvalidURL):
        return EdgeError(f"{shown(host)} is no usable address: {shown(str(error))}", transient=False)
    if isinstance(error, TimeoutError):
        kind = UnreachableError if isinstance(error, aiohttp.ConnectionTimeoutError) else EdgeError
        return kind(f"{host} did not answer in time", transient=True)
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


def _untrusted(
    host: str, error: aiohttp.ClientConnectorCertificateError | aiohttp.ClientConnectorSSLError
) -> EdgeError:
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return EdgeError(
            f"the certificate of {host} is not to be trusted: {shown(str(error.certificate_error))}; "
            "name the registry's ca file, or add its authority to the system's (SSL_CERT_FILE)",
            transient=False,
        )
    cause = error.__cause__ or error.os_error
    if isinstance(cause, ssl.SSLError) and cause.reason in _NOT_TLS:
        return UnreachableError(
            f"{host} does not speak TLS; plain HTTP is used for loopback hosts only, unless the registry is "
            "configured as insecure",
            transient=False,
        )
    return UnreachableError(f"{host} cannot be reached: no TLS came about: {shown(str(cause), 200)}", transient=True)


def lost_blob(answer: Answer, what: str, repository: Repository) -> EdgeError | None:
    """Return the error for a manifest refused because a blob, stored just before, is not there (any more)."""
    if answer.status not in (400, 404) or "BLOB_UNKNOWN" not in answer.complaint:
        return None
    return EdgeError(
        f"{repository.registry} took a blob of {repository.path} and has lost it: it answered {answer.status}"
        f"{answer.complaint} when asked {what}",
        transient=True,
    )


def unread_page(answer: Answer, what: str, repository: Repository) -> EdgeError | None:
    """Return the error for a success that is a page for people: somebody on the way answers for the registry."""
    if answer.headers.get("Content-Type", "").partition(";")[0].strip().lower() != "text/html":
        return None
    return EdgeError(
        f"{repository.registry} answered {answer.status} with a page of HTML when asked {what} of {repository.path}: "
        "this is no registry, or a proxy or login page on the way to it",
        transient=True,
    )


def failed(answer: Answer, what: str, repository: Repository) -> EdgeError:
    """Return the error for a status that is no success: `what` was asked of the registry about the repository."""
    message = f"{repository.registry} answered {answer.status}{answer.complaint} when asked {what} of {repository.path}"
    if is_passing(answer.status):
        return EdgeError(message, transient=True, retry_after=wait_asked_for(answer.headers.get("Retry-After")))
    if answer.status in (401, 403):
        return DeniedError(f"{message}; {_WHAT_HELPS}", transient=False)
    return EdgeError(message, transient=False)


def denied(repository: Repository, refusals: Sequence[str], *, writing: bool) -> EdgeError:
    """Return the error for a repository that no credential opens; `refusals` says why, once for each tried."""
    why = "; ".join(dict.fromkeys(refusals))
    return DeniedError(
        f"{repository.registry} lets us not {'push to' if writing else 'pull from'} {repository.path}, "
        f"with {len(refusals)} credentials tried, nobody's among them: {why}; {_WHAT_HELPS}",
        transient=False,
    )
