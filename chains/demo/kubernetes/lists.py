"""Lists: consistent over pages, at the resourceVersion that was asked for."""

import base64
import binascii
from collections.abc import Mapping
from itertools import islice
from typing import Any

import msgspec

from chains.demo.kubernetes.objects import Version
from chains.demo.kubernetes.selectors import Selector, parse_selector
from chains.demo.kubernetes.status import (
    StatusError,
    bad_request,
    continuation_expired,
    version_too_new,
    version_too_old,
)
from chains.demo.kubernetes.storage import Store

_TOKEN_VERSION = "meta.k8s.io/v1"  # noqa: S105 - an API version
_CURRENT = -1


class _Token(msgspec.Struct, frozen=True):
    """Where a list goes on: after a key, at a revision (-1: as things are by then)."""

    v: str
    rv: int
    start: str


class Page(msgspec.Struct, frozen=True):
    """The objects of one page and the metadata of its list."""

    versions: list[Version]
    metadata: dict[str, Any]


def read_page(store: Store, namespace: str, query: Mapping[str, str]) -> Page:
    """Answer a list request."""
    selector, limit = parse_selector(query), whole_number(query, "limit")
    token = query.get("continue", "")
    if token:
        after, revision = _continued(store, token, query)
    else:
        after, revision = "", _asked_revision(store, query, limit)
    current = store.revisions.current
    scan = store.scan(namespace, after, None if revision in (None, current) else revision)
    told = current if revision is None else revision
    return _cut(scan.found, scan.count, selector, limit, told)


def whole_number(query: Mapping[str, str], field: str) -> int:
    """Return a number in a query, 0 when there is none."""
    text = query.get(field) or "0"
    if not (text.isascii() and text.isdecimal()):
        raise bad_request(f'invalid value for {field}: "{text}" is not a whole number')
    return int(text)


def _cut(found: Any, count: int, selector: Selector, limit: int, revision: int) -> Page:
    chosen = (version for version in found if selector.matches(version)) if selector else found
    metadata: dict[str, Any] = {"resourceVersion": str(revision)}
    if not limit:
        return Page(list(chosen), metadata)
    versions = list(islice(chosen, limit))
    if len(versions) == limit and (next(iter(chosen), None) is not None):
        metadata["continue"] = _write(_Token(_TOKEN_VERSION, revision, versions[-1].key))
        if not selector:
            metadata["remainingItemCount"] = count - limit
    return Page(versions, metadata)


def _continued(store: Store, text: str, query: Mapping[str, str]) -> tuple[str, int | None]:
    if query.get("resourceVersion", "0") not in ("", "0"):
        raise bad_request("specifying resource version is not allowed when using continue")
    token = _read(text)
    if token.rv == _CURRENT:
        return token.start, None
    if not store.history.floor <= token.rv <= store.revisions.current:
        raise continuation_expired(_write(_Token(_TOKEN_VERSION, _CURRENT, token.start)))
    return token.start, token.rv


def _asked_revision(store: Store, query: Mapping[str, str], limit: int) -> int | None:
    """Return the revision to list at, None for the current one."""
    match, asked = query.get("resourceVersionMatch", ""), whole_number(query, "resourceVersion")
    if match and not query.get("resourceVersion"):
        raise _forbidden_match("resourceVersionMatch is forbidden unless resourceVersion is provided")
    if match not in ("", "Exact", "NotOlderThan"):
        raise _forbidden_match(f"{match!r} is neither Exact nor NotOlderThan")
    if match == "Exact" and not asked:
        raise _forbidden_match('resourceVersionMatch "Exact" is forbidden for resourceVersion "0"')
    if not asked:
        return None
    if asked > store.revisions.current:
        raise version_too_new(asked, store.revisions.current)
    if match == "NotOlderThan" or not (match or limit):
        return None
    if asked < store.history.floor:
        raise version_too_old(asked, store.history.floor)
    return asked


def _forbidden_match(why: str) -> StatusError:
    message = f'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: {why}'
    return StatusError(422, "Invalid", message)


def _write(token: _Token) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(token)).decode().rstrip("=")


def _read(text: str) -> _Token:
    try:
        token = msgspec.json.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=_Token)
    except (binascii.Error, msgspec.DecodeError, ValueError) as error:
        raise bad_request(f"continue key is not valid: {error}") from error
    if token.v != _TOKEN_VERSION or not token.start:
        raise bad_request("continue key is not valid: it was not made here")
    return token
