"""From a request's path to what it addresses."""

import posixpath
import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "root", "ping", "token", "catalog", "tags", "manifest", "blob", "start", "upload", "referrers", "unknown"
]
Fault = Literal["", "NAME_INVALID", "TAG_INVALID", "DIGEST_INVALID"]

TOKEN_PATH = "/token"  # noqa: S105 - a path
NAME_LIMIT = 255
_PIECE = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_NAME = re.compile(rf"{_PIECE}(?:/{_PIECE})*", re.ASCII)
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Route:
    """What is addressed: `reference` is a tag, a digest or the id of an upload; `fault` says what is malformed."""

    kind: Kind
    repository: str = ""
    reference: str = ""
    fault: Fault = ""


_FIXED: dict[str, Route] = {
    "/": Route("root"),
    "/v2/": Route("ping"),
    "/v2/_catalog": Route("catalog"),
    TOKEN_PATH: Route("token"),
}
_COLLECTIONS: dict[str, Kind] = {"manifests": "manifest", "referrers": "referrers", "blobs": "blob"}
UNKNOWN = Route("unknown")


def parse_route(path: str) -> Route:
    """Read a decoded path; a repository may itself be called `blobs` or `manifests`, so the end decides."""
    fixed = _FIXED.get(path)
    if fixed is not None:
        return fixed
    pieces = path.split("/")
    if len(pieces) < 5 or pieces[0] or pieces[1] != "v2":
        return UNKNOWN
    before, last = pieces[-2], pieces[-1]
    if before == "uploads" and pieces[-3] == "blobs":
        return _in_repository("upload" if last else "start", pieces[2:-3], last)
    if before == "tags" and last == "list":
        return _in_repository("tags", pieces[2:-2], "")
    kind = _COLLECTIONS.get(before)
    if not kind or not last or (before, last) == ("blobs", "uploads"):
        return UNKNOWN
    return _in_repository(kind, pieces[2:-2], last)


def tidy_path(path: str) -> str:
    """Return the path as it should have been asked for: nothing empty or climbing, the last slash in its place."""
    tidy = posixpath.normpath(path).replace("//", "/")
    return f"{tidy}/" if tidy == "/v2" or tidy.endswith("/blobs/uploads") else tidy


def is_digest(reference: str) -> bool:
    return ":" in reference


def _in_repository(kind: Kind, name: list[str], reference: str) -> Route:
    repository = "/".join(name)
    return Route(kind, repository, reference, _fault(kind, repository, reference))


def _fault(kind: Kind, repository: str, reference: str) -> Fault:
    if not _NAME.fullmatch(repository) or len(repository) > NAME_LIMIT:
        return "NAME_INVALID"
    if kind == "manifest" and not is_digest(reference) and not _TAG.fullmatch(reference):
        return "TAG_INVALID"
    if kind in ("blob", "referrers") and not is_digest(reference):
        return "DIGEST_INVALID"
    return ""
