"""Which member of a JSON document each of its bytes belongs to."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """The bytes from `start` to `end`: those of a value (`a.0.b`), or of a member's name (`a.0.b name`)."""

    start: int
    end: int
    path: str


def places(document: str) -> list[str]:
    """Return the path of each character of a compact document; what only holds it together is `punctuation`."""
    found = ["punctuation"] * len(document)
    for place in _value(document, 0, ""):
        found[place.start : place.end] = [place.path] * (place.end - place.start)
    return found


def _value(text: str, at: int, path: str) -> Iterator[Place]:
    """Yield the places of a value and, last, the whole of it, as one place without a path of its own."""
    if text[at] == "{":
        yield from _members(text, at, path)
    elif text[at] == "[":
        yield from _items(text, at, path)
    else:
        yield Place(at, _end(text, at), path)


def _members(text: str, at: int, path: str) -> Iterator[Place]:
    at += 1
    while text[at] != "}":
        end = _end(text, at)
        below = f"{path}.{text[at + 1 : end - 1]}".lstrip(".")
        yield Place(at, end, f"{below} name")
        at = end + 1
        yield from _value(text, at, below)
        at = _end(text, at)
        at += text[at] == ","


def _items(text: str, at: int, path: str) -> Iterator[Place]:
    at, index = at + 1, 0
    while text[at] != "]":
        yield from _value(text, at, f"{path}.{index}")
        at = _end(text, at)
        at, index = at + (text[at] == ","), index + 1


def _end(text: str, at: int) -> int:
    """Return where the value that begins at `at` ends."""
    if text[at] == '"':
        at += 1
        while text[at] != '"':
            at += 2 if text[at] == "\\" else 1
        return at + 1
    if text[at] in "{[":
        depth = 0
        while True:
            if text[at] == '"':
                at = _end(text, at)
                continue
            depth += (text[at] in "{[") - (text[at] in "}]")
            at += 1
            if not depth:
                return at
    while text[at] not in ",}]":
        at += 1
    return at
