"""What a registry's refusal means: status codes and pages as sentences, transient or not."""

from collections.abc import Sequence

import msgspec

from chains.artifacts.reference import Repository
from chains.errors import EdgeError
from chains.hosts.answer import Answer
from chains.hosts.refusals import is_passing, wait_asked_for
from chains.hosts.transport import System
from chains.registry.errors import DeniedError

_WHAT_HELPS = (
    "what helps is a kubernetes.io/dockerconfigjson secret for it that the run's service account lists under secrets, "
    "or docker login where there is no run"
)


class _Complaint(msgspec.Struct):
    code: str = ""
    message: str = ""


class _Complaints(msgspec.Struct):
    errors: list[_Complaint] = []


def complaint(body: bytes) -> str:
    """Return what a registry's error body says, or nothing."""
    try:
        errors = msgspec.json.decode(body, type=_Complaints).errors
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    return ", ".join(filter(None, (f"{error.code} {error.message}".strip() for error in errors[:3])))


REGISTRY = System(
    name="registry",
    called="",
    # A registry asks for credentials with the one and says with the other that something is not there yet.
    expected=frozenset({401, 404}),
    complaint=complaint,
    trust_helps="name the registry's ca file, or add its authority to the system's (SSL_CERT_FILE)",
    tls_helps="plain HTTP is used for loopback hosts only, unless the registry is configured as insecure",
)


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
