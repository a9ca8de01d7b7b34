"""Refusals of the Kubernetes API in sentences: what was asked for, where, why not, and what helps."""

import re
from dataclasses import dataclass, field

from chains.errors import EdgeError
from chains.hosts.refusals import LONGEST_WAIT
from chains.kube.resources import Target
from chains.kube.wire import Status

_PASSING = frozenset({408, 425, 429})
# How the API begins what an admission webhook, or a ValidatingAdmissionPolicy, has to say; any status may go with it.
_DENIED = re.compile(r"admission webhook .* denied the request|ValidatingAdmissionPolicy .* denied request")


class ConflictError(EdgeError):
    """HTTP 409: somebody else wrote first, or the name is taken; read again before another try."""


class InvalidError(EdgeError):
    """HTTP 422: the API read the request and found it breaks a rule."""


class ForbiddenError(EdgeError):
    """HTTP 401 or 403: who asks is not known, or lacks the right."""


class ExpiredError(EdgeError):
    """HTTP 410 or a version the API does not have: only a new list helps."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request: `verb` as RBAC names it, a path, a query, and a body with its media type."""

    verb: str
    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.verb} {Target.of(self.path)}"


def refusal(request: Request, code: int, status: Status, retry_after: float | None = None) -> EdgeError:
    """Return the error for an HTTP status, or for the status inside a watch's ERROR line."""
    message = f"the Kubernetes API refused to {request}: HTTP {code}{_said(status)}"
    wait = retry_after if retry_after is not None else status.retry_after
    wait = None if wait is None else min(wait, LONGEST_WAIT)
    if code == 410 or status.has_cause("ResourceVersionTooLarge"):
        return ExpiredError(message, transient=True, retry_after=wait)
    denied = _DENIED.search(status.message) is not None
    if code == 409:
        return ConflictError(message, transient=True, retry_after=wait)
    if code == 422 and not denied:
        return InvalidError(message, transient=False)
    # What admission denies, who runs the cluster may mend.
    if code >= 500 or code in _PASSING or denied:
        return EdgeError(message, transient=True, retry_after=wait)
    if code in (401, 403):
        # Rights come back: an API server that starts refuses everybody until it has read its roles.
        return ForbiddenError(message + _remedy(request, code, status), transient=True)
    return EdgeError(message, transient=False)


def unknown(request: Request, status: Status) -> EdgeError:
    """Return the error for a 404 where no single object was asked for: namespace or resource is missing."""
    target = Target.of(request.path)
    if target.group == "tekton.dev":
        hint = "; is Tekton Pipelines installed in this cluster?"
    else:
        hint = f"; does namespace {target.namespace!r} exist?" if target.namespace else ""
    return EdgeError(f"the Kubernetes API knows nothing to {request}: HTTP 404{_said(status)}{hint}", transient=True)


def _said(status: Status) -> str:
    return f" ({status.message})" if status.message else ""


def _remedy(request: Request, code: int, status: Status) -> str:
    if code == 401:
        return "; renew the token or certificate of the kubeconfig's user, or mount the pod's service account token"
    # Admission also answers 403 (a quota, a namespace that is going): then no rule helps.
    if code != 403 or (status.message and f"cannot {request.verb} resource" not in status.message):
        return ""
    target = Target.of(request.path)
    rule = f'apiGroups: ["{target.group}"], resources: ["{target.plural}"], verbs: ["{request.verb}"]'
    bound = "a Role bound in that namespace" if target.namespace else "a ClusterRole bound"
    return f"; {bound} to this service account, with the rule {{{rule}}}, helps"
