"""What the Kubernetes API sends: list pages, watch lines and Status bodies, decoded no further than needed."""

import sys
from collections.abc import AsyncIterator
from typing import TypeVar

import msgspec

from chains.errors import EdgeError

T = TypeVar("T")

LONGEST_LINE = 32 * 1024 * 1024
# API servers take no JSON that is nested deeper than 10 000.
DEEPEST = 12_000


class Change(msgspec.Struct, frozen=True):
    """One line of a watch: ADDED, MODIFIED, DELETED or BOOKMARK, and the object's JSON as it came.

    `object` is a view into the bytes received: decode it at once, or `copy()` it.
    """

    type: str
    object: msgspec.Raw


class Found(Change, frozen=True):
    """An object that a list told of, in the words of a watch."""


class Page(msgspec.Struct, frozen=True):
    """One page of a list. The items are views into the page: an item that is kept keeps the whole page."""

    items: list[msgspec.Raw]
    resource_version: str
    continuation: str


class Metadata(msgspec.Struct, frozen=True, rename="camel"):
    """What this room reads of any object's metadata."""

    name: str = ""
    uid: str = ""
    resource_version: str = ""


class Identity(msgspec.Struct, frozen=True):
    """An object as far as its metadata goes."""

    metadata: Metadata = Metadata()


class _Cause(msgspec.Struct, frozen=True):
    reason: str = ""


class _Details(msgspec.Struct, frozen=True, rename="camel"):
    retry_after_seconds: int = 0
    causes: list[_Cause] | None = None


class Status(msgspec.Struct, frozen=True):
    """Why a request was refused; `code` is the HTTP status where it came inside a watch."""

    message: str = ""
    reason: str = ""
    code: int = 0
    details: _Details | None = None

    @property
    def retry_after(self) -> float | None:
        """The wait in seconds that the API asked for."""
        return (
            float(self.details.retry_after_seconds) if self.details and self.details.retry_after_seconds > 0 else None
        )

    def has_cause(self, reason: str) -> bool:
        """Say whether one of the causes has this reason."""
        causes = self.details.causes if self.details else None
        return any(cause.reason == reason for cause in causes or ())


class _ListMetadata(msgspec.Struct, frozen=True):
    version: str = msgspec.field(name="resourceVersion", default="")
    continuation: str = msgspec.field(name="continue", default="")


class _List(msgspec.Struct, frozen=True):
    metadata: _ListMetadata = _ListMetadata()
    items: list[msgspec.Raw] | None = None


_changes = msgspec.json.Decoder(Change)
_lists = msgspec.json.Decoder(_List)
_statuses = msgspec.json.Decoder(Status)
_identities = msgspec.json.Decoder(Identity)


def change(line: bytes) -> Change:
    """Decode one watch line; raise msgspec.DecodeError when it is none."""
    return _deep(_changes, line)


def page(body: bytes) -> Page:
    """Decode one list page; raise msgspec.DecodeError when it is none."""
    listed = _deep(_lists, body)
    return Page(listed.items or [], listed.metadata.version, listed.metadata.continuation)


def status(body: bytes | msgspec.Raw) -> Status:
    """Decode a Status; what is none (a proxy's page, plain text) becomes the message, cut short."""
    try:
        return _statuses.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Status(message=" ".join(bytes(body)[:300].decode("utf-8", "replace").split()))


def identity(body: bytes | msgspec.Raw) -> Metadata:
    """Decode an object's metadata; raise msgspec.DecodeError when it has none."""
    return _deep(_identities, body).metadata


def _deep(decoder: msgspec.json.Decoder[T], text: bytes | msgspec.Raw) -> T:
    """Decode what may hold somebody's deeply nested object: one such must not hide all others of a list or a watch."""
    try:
        return decoder.decode(text)
    except RecursionError:
        usual = sys.getrecursionlimit()
        sys.setrecursionlimit(DEEPEST)
        try:
            return decoder.decode(text)
        except RecursionError as error:
            raise msgspec.DecodeError("JSON nested too deep to be read") from error
        finally:
            sys.setrecursionlimit(usual)


def decoded(decoder: msgspec.json.Decoder[T], body: bytes | msgspec.Raw, what: str) -> T:
    """Decode an object; raise EdgeError, transient, when it is not `what` was asked for."""
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise EdgeError(
            f"the Kubernetes API answered with something other than {what}: {error}", transient=True
        ) from error


async def lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Split a stream at its newlines; raise ValueError for a line beyond 32 MiB, or one that the stream's end cuts."""
    held: list[bytes] = []
    size = 0
    async for chunk in chunks:
        first, newline, rest = chunk.partition(b"\n")
        held.append(first)
        size += len(first)
        if size > LONGEST_LINE:
            raise ValueError("a line of more than 32 MiB")
        if not newline:
            continue
        *whole, tail = rest.split(b"\n")
        for line in (b"".join(held), *whole):
            if line:
                yield line
        held, size = [tail], len(tail)
    if size:
        raise ValueError("a line that was cut")
