"""`metadata.managedFields`: which field manager set which field of an object, by what kind of write."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from chains.demo.kubernetes.field_sets import Path, Tree, compare, discard, insert, owned, paths, tree_of
from chains.demo.kubernetes.objects import Object

FIELD_MANAGER_LIMIT = 128

Operation = Literal["Update", "Apply"]


@dataclass(frozen=True, slots=True)
class Author:
    """Who writes, how, and when (RFC 3339)."""

    manager: str
    operation: Operation
    api_version: str
    time: str
    subresource: str = ""

    @property
    def key(self) -> tuple[str, str, str, str]:
        return self.manager, self.operation, self.api_version, self.subresource

    def entry(self, fields: Tree) -> Object:
        """Write an entry of managedFields."""
        made: Object = {"manager": self.manager, "operation": self.operation, "apiVersion": self.api_version}
        made |= {"time": self.time, "fieldsType": "FieldsV1", "fieldsV1": fields}
        return made | ({"subresource": self.subresource} if self.subresource else {})


def field_manager(given: str, user_agent: str) -> str:
    """Return the field manager of a request: the one given, else the first token of the User-Agent."""
    return (given or user_agent.split("/", 1)[0].strip() or "unknown")[:FIELD_MANAGER_LIMIT]


def entries_of(found: Object) -> list[Object]:
    """Return an object's entries, without those that are none: a client may have written anything there."""
    held = found["metadata"].get("managedFields")
    if not isinstance(held, list):
        return []
    return [each for each in held if isinstance(each, dict) and isinstance(each.get("fieldsV1"), dict)]


def entry_key(entry: Object) -> tuple[Any, Any, Any, Any]:
    return entry.get("manager"), entry.get("operation"), entry.get("apiVersion"), entry.get("subresource", "")


def record_creation(new: Object, author: Author) -> None:
    """Give every field of a new object to its author."""
    _write(new, [author.entry(tree_of(set(owned(new))))])


def record_update(old: Object, new: Object, author: Author) -> None:
    """Give what differs between two states of an object to its author and take it from everybody else.

    The entries written on are those of `new`, as a client may have changed or emptied them.
    """
    own: Object = {}
    taken = dict(compare(old, new))
    kept = []
    for entry in entries_of(new):
        if entry_key(entry) == author.key:
            own = entry
        else:
            _take(entry["fieldsV1"], taken.items())
            kept.append(entry)
    mine = own.get("fieldsV1", {})
    before = set(paths(mine))
    for path, changed in taken.items():
        if changed:
            insert(mine, path)
        else:
            discard(mine, path, beneath=True)
    unchanged = own if own and before == set(paths(mine)) else None
    _write(new, [*kept, unchanged or author.entry(mine)])


def record_application(new: Object, applied: Tree, changed: Iterable[Path], author: Author) -> None:
    """Make `applied` all that an applying manager owns, and take what it changed from everybody else."""
    taken = [(path, True) for path in changed]
    kept, own = [], None
    for entry in entries_of(new):
        if entry_key(entry)[:2] == author.key[:2] and entry.get("subresource", "") == author.subresource:
            own = entry
        else:
            _take(entry["fieldsV1"], taken)
            kept.append(entry)
    same = own is not None and set(paths(own["fieldsV1"])) == set(paths(applied))
    _write(new, [*kept, own if own is not None and same else author.entry(applied)])


def _take(fields: Tree, taken: Iterable[tuple[Path, bool]]) -> None:
    for path, changed in taken:
        discard(fields, path, beneath=not changed)


def _write(new: Object, entries: list[Object]) -> None:
    held = [entry for entry in entries if entry["fieldsV1"]]
    if held:
        new["metadata"]["managedFields"] = held
    else:
        new["metadata"].pop("managedFields", None)
