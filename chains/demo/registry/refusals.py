"""What the registry refuses, in the words of the distribution specification."""

from collections.abc import Mapping
from urllib.parse import quote

import msgspec
from aiohttp import web

MESSAGES = {
    "BLOB_UNKNOWN": "blob unknown to registry",
    "BLOB_UPLOAD_INVALID": "blob upload invalid",
    "BLOB_UPLOAD_UNKNOWN": "blob upload unknown to registry",
    "DENIED": "requested access to the resource is denied",
    "DIGEST_INVALID": "provided digest did not match uploaded content",
    "MANIFEST_BLOB_UNKNOWN": "blob unknown to registry",
    "MANIFEST_INVALID": "manifest invalid",
    "MANIFEST_UNKNOWN": "manifest unknown",
    "NAME_INVALID": "invalid repository name",
    "NAME_UNKNOWN": "repository name not known to registry",
    "PAGINATION_NUMBER_INVALID": "invalid number of results requested",
    "SIZE_INVALID": "provided length did not match content length",
    "TAG_INVALID": "manifest tag did not match URI",
    "UNAUTHORIZED": "authentication required",
    "UNSUPPORTED": "The operation is unsupported.",
}


class Reason(msgspec.Struct, frozen=True):
    """One entry of `errors`."""

    code: str
    message: str
    detail: object = msgspec.UNSET

    @classmethod
    def of(cls, code: str, detail: object = msgspec.UNSET) -> "Reason":
        return cls(code, MESSAGES[code], detail)


class Refusal(Exception):  # noqa: N818 - the word of the field; it never leaves the room
    """Ends the answering of a request; the server turns it into the response."""

    def __init__(self, status: int, *reasons: Reason, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status)
        self.status = status
        self.reasons = reasons
        self.headers = headers or {}

    def response(self) -> web.Response:
        body = msgspec.json.encode({"errors": self.reasons}) + b"\n"
        return web.Response(
            status=self.status,
            body=body,
            headers={"Content-Type": "application/json; charset=utf-8", **self.headers},
        )


class Plain(Refusal):
    """A refusal by the router in front of the registry, which knows nothing of its errors."""

    def response(self) -> web.Response:
        text = "404 page not found\n" if self.status == 404 else "Method not allowed\n"
        return web.Response(status=self.status, text=text, headers=self.headers)


class Moved(Refusal):
    """Sends a client that asked for an untidy path to the tidy one."""

    def __init__(self, path: str) -> None:
        super().__init__(301, headers={"Location": quote(path)})

    def response(self) -> web.Response:
        return web.Response(status=self.status, headers=self.headers)


def refused(status: int, code: str, detail: object = msgspec.UNSET) -> Refusal:
    """Make the usual refusal: one reason."""
    return Refusal(status, Reason.of(code, detail))
