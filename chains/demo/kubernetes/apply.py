"""Server-side apply: a manager says what it wants to own, and owns no more than that afterwards."""

from collections.abc import Mapping
from typing import Any

from chains.demo.kubernetes.field_sets import Path, children, compare, owned, paths, spoken, tree_of
from chains.demo.kubernetes.managed_fields import Author, entries_of, record_application
from chains.demo.kubernetes.objects import Object
from chains.demo.kubernetes.status import Cause, apply_conflict


def apply(live: Object, wanted: Object, author: Author, *, force: bool) -> Object:
    """Return an object with what its manager wants, without what it wanted before and no longer does.

    What other managers own with other values is a 409, unless forced: then it is taken from them. Lists are replaced as
    a whole, except finalizers and owner references.
    """
    applied = set(owned(wanted))
    others = {_owner(entry): set(paths(entry["fieldsV1"])) for entry in entries_of(live) if not _is_by(entry, author)}
    merged: Object = _merge(live, wanted, ())
    changed = {path for path, _ in compare(live, merged)}
    causes = [
        Cause("FieldManagerConflict", f"conflict with {owner}", spoken(path))
        for owner, held in others.items()
        for path in sorted(held & changed & applied)
    ]
    if causes and not force:
        raise apply_conflict(causes)
    before = {path for entry in entries_of(live) if _is_by(entry, author) for path in paths(entry["fieldsV1"])}
    for path in sorted(before - applied - set().union(*others.values()), key=len, reverse=True):
        merged = _without(merged, path, ())
    record_application(merged, tree_of(applied), changed, author)
    return merged


def _is_by(entry: Mapping[str, Any], author: Author) -> bool:
    about = entry.get("manager"), entry.get("operation"), entry.get("subresource", "")
    return about == (author.manager, author.operation, author.subresource)


def _owner(entry: Mapping[str, Any]) -> str:
    """Name a manager as conflicts do."""
    name = f'"{entry.get("manager")}"'
    if entry.get("subresource"):
        name += f' with subresource "{entry["subresource"]}"'
    if entry.get("operation") == "Update":
        name += f" using {entry.get('apiVersion')} at {entry.get('time')}"
    return name


def _merge(live: Any, wanted: Any, path: Path) -> Any:
    """Lay what is wanted over what is there; neither is changed."""
    if isinstance(live, dict) and isinstance(wanted, dict) and children(wanted, path) is not None:
        merged = dict(live)
        for key, value in wanted.items():
            merged[key] = _merge(live.get(key), value, (*path, f"f:{key}"))
        return merged
    held, added = children(live, path), children(wanted, path)
    if isinstance(live, list) and isinstance(wanted, list) and held is not None and added is not None:
        return list({**held, **added}.values())
    return wanted


def _without(found: Any, path: Path, walked: Path) -> Any:
    """Remove one field; a map that holds something else yet stays."""
    inside = children(found, walked)
    step, rest = path[0], path[1:]
    if inside is None or step not in inside:
        return found
    value = inside[step]
    if rest:
        value = _without(value, rest, (*walked, step))
    elif isinstance(value, dict) and value and children(value, (*walked, step)) is not None:
        return found
    if isinstance(found, list):
        return [each for key, each in inside.items() if key != step]
    kept = dict(found)
    kept[step[2:]] = value
    if not rest:
        del kept[step[2:]]
    return kept
