"""What a YAML text may cost, told from its events before anything is made of it.

Composing nested nodes is recursive in C, and an alias costs nothing to write but all that it stands for when read.
"""

from collections.abc import Iterable

import yaml

from chains.errors import InputError

DEEPEST = 200
MOST_BY_ALIAS = 10_000_000


def check_bounds(events: Iterable[yaml.Event]) -> None:
    """Raise InputError for nesting deeper than `DEEPEST`, or aliases for more than `MOST_BY_ALIAS` characters."""
    sizes: dict[str, int] = {}
    enclosing: list[tuple[str | None, int]] = []
    size = by_alias = 0
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            sizes.clear()
        elif isinstance(event, yaml.ScalarEvent):
            _close(sizes, event.anchor, 1 + len(event.value))
            size += 1 + len(event.value)
        elif isinstance(event, yaml.AliasEvent):
            stands_for = _size_of(sizes, event.anchor or "")
            size, by_alias = size + stands_for, by_alias + stands_for
        elif isinstance(event, yaml.CollectionStartEvent):
            enclosing.append((event.anchor, size))
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = enclosing.pop()
            size += 1
            _close(sizes, anchor, size - before)
        if len(enclosing) > DEEPEST:
            raise InputError(f"this text is nested more than {DEEPEST} deep, and no Kubernetes object is")
        if by_alias > MOST_BY_ALIAS:
            raise InputError(f"this text has aliases that stand for more than {MOST_BY_ALIAS} characters")


def _close(sizes: dict[str, int], anchor: str | None, size: int) -> None:
    if anchor is not None:
        sizes[anchor] = size


def _size_of(sizes: dict[str, int], alias: str) -> int:
    if alias not in sizes:
        raise InputError(f"this text has an alias, {alias[:40]!a}, that stands for nothing or for what it is part of")
    return sizes[alias]
