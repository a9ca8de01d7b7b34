"""What the API refuses, as Kubernetes Status objects."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from chains.demo.kubernetes.resources import Resource


class Cause(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that is wrong with one field."""

    reason: str
    message: str
    field: str = ""


class StatusError(Exception):
    """Ends the answering of a request; the server turns it into a Status and its HTTP code."""

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        *,
        details: Mapping[str, Any] | None = None,
        continuation: str = "",
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.retry_after = retry_after
        self.status: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {"continue": continuation} if continuation else {},
            "status": "Failure",
            "message": message,
            **({"reason": reason} if reason else {}),
            "code": code,
        }
        details = dict(details or {}) | ({"retryAfterSeconds": retry_after} if retry_after is not None else {})
        if details:
            self.status["details"] = details

    @property
    def headers(self) -> dict[str, str]:
        return {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}


def not_found(resource: Resource, name: str) -> StatusError:
    return StatusError(
        404, "NotFound", f'{resource.qualified} "{name}" not found', details=_about(resource, name, resource.plural)
    )


def already_exists(resource: Resource, name: str, before: str = "") -> StatusError:
    message = f'{before}{resource.qualified} "{name}" already exists'
    return StatusError(409, "AlreadyExists", message, details=_about(resource, name, resource.plural))


def conflict(resource: Resource, name: str, why: str, causes: Sequence[Cause] = ()) -> StatusError:
    message = f'Operation cannot be fulfilled on {resource.qualified} "{name}": {why}'
    details = _about(resource, name, resource.plural) | ({"causes": list(causes)} if causes else {})
    return StatusError(409, "Conflict", message, details=details)


def modified(resource: Resource, name: str) -> StatusError:
    """The resourceVersion that came with a write is not the one in force."""
    why = "the object has been modified; please apply your changes to the latest version and try again"
    return conflict(resource, name, why)


def apply_conflict(causes: Sequence[Cause]) -> StatusError:
    """Other field managers own what is applied."""
    count = f"{len(causes)} conflict{'s' if len(causes) > 1 else ''}"
    told = ", ".join(f"{cause.message}: {cause.field}" for cause in causes)
    return StatusError(409, "Conflict", f"Apply failed with {count}: {told}", details={"causes": list(causes)})


def invalid(resource: Resource, name: str, causes: Sequence[Cause]) -> StatusError:
    """The object breaks rules; the causes' messages stand in the sentence."""
    told = [f"{cause.field}: {cause.message}" for cause in causes]
    kind = f"{resource.kind}.{resource.group}" if resource.group else resource.kind
    listed = told[0] if len(told) == 1 else f"[{', '.join(told)}]"
    details = _about(resource, name, resource.kind) | {"causes": list(causes)}
    return StatusError(422, "Invalid", f'{kind} "{name}" is invalid: {listed}', details=details)


def forbidden(resource: Resource, name: str, why: str, causes: Sequence[Cause] = ()) -> StatusError:
    message = f'{resource.qualified} "{name}" is forbidden: {why}'
    details = _about(resource, name, resource.plural) | ({"causes": list(causes)} if causes else {})
    return StatusError(403, "Forbidden", message, details=details)


def bad_request(message: str) -> StatusError:
    return StatusError(400, "BadRequest", message)


def unexpected(message: str) -> StatusError:
    """What the API server did not think of: it names no reason."""
    return StatusError(500, "", message)


def unprocessable(message: str) -> StatusError:
    """A patch that was understood and cannot be carried out."""
    return StatusError(422, "Invalid", message)


def unauthorized() -> StatusError:
    return StatusError(401, "Unauthorized", "Unauthorized")


def unsupported_media_type(content_type: str, accepted: Sequence[str]) -> StatusError:
    message = (
        f"the body of the request was in an unknown format - {content_type or 'none'} - "
        f"accepted media types include: {', '.join(accepted)}"
    )
    return StatusError(415, "UnsupportedMediaType", message)


def not_acceptable() -> StatusError:
    message = "only the following media types are accepted: application/json"
    return StatusError(406, "NotAcceptable", message)


def method_not_allowed() -> StatusError:
    return StatusError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource")


def body_too_large(limit: int) -> StatusError:
    return StatusError(413, "RequestEntityTooLarge", f"Request entity too large: limit is {limit}")


def storage_too_large() -> StatusError:
    """What etcd answers beyond its limit, passed on as the API server does."""
    return StatusError(500, "InternalError", "etcdserver: request is too large")


def version_too_old(asked: int, oldest: int) -> StatusError:
    return StatusError(410, "Expired", f"too old resource version: {asked} ({oldest})")


def version_too_new(asked: int, current: int) -> StatusError:
    cause = Cause("ResourceVersionTooLarge", "Too large resource version")
    message = f"Timeout: Too large resource version: {asked}, current: {current}"
    return StatusError(504, "Timeout", message, details={"causes": [cause]}, retry_after=1)


def continuation_expired(fresh: str) -> StatusError:
    """The snapshot that a continue token belongs to is compacted away; `fresh` goes on without it."""
    message = (
        "The provided continue parameter is too old to display a consistent list result. You can start a new list "
        "without the continue parameter, or use the continue token in this response to retrieve the remainder of the "
        "results, which will then be inconsistent with those already listed."
    )
    return StatusError(410, "Expired", message, continuation=fresh)


def _about(resource: Resource, name: str, kind: str) -> dict[str, Any]:
    about = {"name": name, "kind": kind}
    return about | ({"group": resource.group} if resource.group else {})
