"""Sets of fields as `fieldsV1` writes them: who owns what in an object.

Maps are taken field by field and lists as one value, except finalizers (a set) and owner references (keyed by uid).
"""

import json
from collections.abc import Iterator
from typing import Any

Tree = dict[str, Any]
Path = tuple[str, ...]

ITSELF = "."
_FINALIZERS: Path = ("f:metadata", "f:finalizers")
_OWNERS: Path = ("f:metadata", "f:ownerReferences")
_STRUCTURES: frozenset[Path] = frozenset({(), ("f:metadata",)})
_UNOWNED: frozenset[Path] = frozenset(
    {("f:apiVersion",), ("f:kind",)}
    | {
        ("f:metadata", f"f:{field}")
        for field in (
            "name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds",
            "resourceVersion", "generation", "managedFields", "selfLink",
        )
    }
)  # fmt: skip


def children(value: object, path: Path) -> dict[str, Any] | None:
    """Split a value into its own fields or items; None when it is owned as one."""
    if path[:2] == _OWNERS and len(path) > 2:
        return None
    if isinstance(value, dict):
        fields = {f"f:{key}": each for key, each in value.items()}
        return fields if len(path) > 1 else {step: fields[step] for step in fields if (*path, step) not in _UNOWNED}
    if isinstance(value, list) and path == _FINALIZERS:
        return {f"v:{json.dumps(each)}": each for each in value}
    if isinstance(value, list) and path == _OWNERS:
        return {f"k:{json.dumps({'uid': each.get('uid')}, separators=(',', ':'))}": each for each in value}
    return None


def owned(value: object, path: Path = ()) -> Iterator[Path]:
    """Yield every field of a value that somebody can own."""
    inside = children(value, path)
    if path not in _STRUCTURES:
        yield path
    for step, each in (inside or {}).items():
        yield from owned(each, (*path, step))


def compare(old: object, new: object, path: Path = ()) -> Iterator[tuple[Path, bool]]:
    """Yield the fields that differ: those set anew or otherwise with True, those no longer there with False."""
    if old is new or old == new:
        return
    before, after = children(old, path), children(new, path)
    if before is None or after is None:
        yield from ((each, True) for each in owned(new, path))
        return
    for step, each in after.items():
        if step in before:
            yield from compare(before[step], each, (*path, step))
        else:
            yield from ((one, True) for one in owned(each, (*path, step)))
    yield from (((*path, step), False) for step in before if step not in after)


def insert(tree: Tree, path: Path) -> None:
    """Add a field to a set, in which a node is a member when it is empty or has `.` inside."""
    fresh = True
    for step in path:
        if not fresh and not tree:
            tree[ITSELF] = {}
        fresh = step not in tree
        tree = tree.setdefault(step, {})
    if tree:
        tree[ITSELF] = {}


def discard(tree: Tree, path: Path, *, beneath: bool = False) -> None:
    """Take a field out of a set, with all that lies beneath it if asked."""
    step, rest = path[0], path[1:]
    node = tree.get(step)
    if node is None:
        return
    if rest:
        if not node:
            return
        discard(node, rest, beneath=beneath)
        if not node:
            del tree[step]
    elif beneath or not node.keys() - {ITSELF}:
        del tree[step]
    else:
        node.pop(ITSELF, None)


def paths(tree: Tree, path: Path = ()) -> Iterator[Path]:
    """Yield the fields in a set."""
    if path and (not tree or ITSELF in tree):
        yield path
    for step, node in tree.items():
        if step != ITSELF:
            yield from paths(node, (*path, step))


def tree_of(found: Iterator[Path] | set[Path]) -> Tree:
    """Return a set of fields."""
    tree: Tree = {}
    for path in sorted(found):
        insert(tree, path)
    return tree


def spoken(path: Path) -> str:
    """Write a field as messages name it: `.metadata.annotations.team`."""
    named = {"f": lambda rest: f".{rest}", "v": lambda rest: f"[={rest}]", "k": lambda rest: f"[{rest}]"}
    return "".join(named[step[0]](step[2:]) for step in path)
