"""What a log's refusal means: status codes as sentences, transient or not."""

import msgspec

from chains.artifacts.reference import shown
from chains.errors import EdgeError
from chains.hosts.answer import Answer
from chains.hosts.refusals import is_passing, wait_asked_for
from chains.hosts.transport import System


class _Complaint(msgspec.Struct):
    message: str = ""


def complaint(body: bytes) -> str:
    """Return what a log's error body says, or nothing."""
    try:
        return msgspec.json.decode(body, type=_Complaint).message
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""


LOG = System(
    name="log",
    called="the transparency log ",
    # The one says that an entry is there already, the other that it is not there yet.
    expected=frozenset({409, 404}),
    complaint=complaint,
    trust_helps="add its authority to the system's (SSL_CERT_FILE)",
    tls_helps="write http in its URL if nobody can be on the way to it",
)


def refused(host: str, answer: Answer, what: str) -> EdgeError:
    """Return the error for a status that is no success, when `what` was asked of the log.

    501 says that it never will be one; a success of another kind than was asked for is a page of whatever stands
    between us and the log.
    """
    status = answer.status
    message = f"the transparency log {host} answered {status}{answer.complaint} when asked {what}"
    if 200 <= status < 300 or (is_passing(status) and status != 501):
        return EdgeError(message, transient=True, retry_after=wait_asked_for(answer.headers.get("Retry-After")))
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
