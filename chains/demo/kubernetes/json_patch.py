"""JSON Patch (RFC 6902) on JSON documents."""

import re
from collections.abc import Callable
from typing import Any

from chains.demo.kubernetes.status import StatusError, bad_request, unprocessable

LIMIT = 10_000
_INDEX = re.compile(r"0|[1-9][0-9]*", re.ASCII)
_VALUED = frozenset({"add", "replace", "test"})
_FROM = frozenset({"move", "copy"})

Pointer = tuple[str, ...]


def apply_json_patch(document: Any, operations: object) -> Any:
    """Carry out a patch on a document, which is changed, and return what became of it.

    A patch that is none raises a BadRequest, one that does not fit the document an Unprocessable.
    """
    if not isinstance(operations, list) or not all(isinstance(each, dict) for each in operations):
        raise bad_request("a JSON patch is a list of operations")
    if len(operations) > LIMIT:
        message = f"The allowed maximum operations in a JSON patch is {LIMIT}, got {len(operations)}"
        raise StatusError(413, "RequestEntityTooLarge", message)
    for operation in operations:
        document = _carried_out(document, operation)
    return document


def _carried_out(document: Any, operation: dict[str, Any]) -> Any:
    verb = operation.get("op")
    path = _pointer(operation, "path")
    if verb in _VALUED and "value" not in operation:
        raise bad_request(f"the operation {verb!r} of a JSON patch needs a value")
    if verb in _FROM:
        return _moved(document, _pointer(operation, "from"), path, keep=verb == "copy")
    perform = _PERFORM.get(verb) if isinstance(verb, str) else None
    if perform is None:
        raise bad_request(f"{verb!r} is no operation of a JSON patch")
    return perform(document, path, operation.get("value"))


def _pointer(operation: dict[str, Any], field: str) -> Pointer:
    text = operation.get(field)
    if not isinstance(text, str) or (text and not text.startswith("/")):
        raise bad_request(f"{text!r} is no JSON pointer for {field!r} of a JSON patch")
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in text.split("/")[1:])


def _find(document: Any, path: Pointer) -> Any:
    for depth, step in enumerate(path):
        if isinstance(document, dict) and step in document:
            document = document[step]
        elif isinstance(document, list):
            document = document[_index(document, step, path[: depth + 1], len(document) - 1)]
        else:
            raise _misses(path)
    return document


def _index(found: list[Any], step: str, path: Pointer, highest: int) -> int:
    if step == "-":
        step = str(len(found))
    if not _INDEX.fullmatch(step) or int(step) > highest:
        raise _misses(path)
    return int(step)


def _misses(path: Pointer) -> StatusError:
    return unprocessable(
        f"the server rejected our request: the JSON patch's path {'/'.join(('', *path))} leads nowhere"
    )


def _add(document: Any, path: Pointer, value: Any) -> Any:
    if not path:
        return value
    parent = _find(document, path[:-1])
    if isinstance(parent, dict):
        parent[path[-1]] = value
    elif isinstance(parent, list):
        parent.insert(_index(parent, path[-1], path, len(parent)), value)
    else:
        raise _misses(path)
    return document


def _remove(document: Any, path: Pointer, _: Any = None) -> Any:
    _find(document, path)
    if not path:
        return None
    parent = _find(document, path[:-1])
    del parent[path[-1] if isinstance(parent, dict) else int(path[-1])]
    return document


def _replace(document: Any, path: Pointer, value: Any) -> Any:
    _find(document, path)
    if not path:
        return value
    parent = _find(document, path[:-1])
    parent[path[-1] if isinstance(parent, dict) else int(path[-1])] = value
    return document


def _test(document: Any, path: Pointer, value: Any) -> Any:
    """Go on where a value is as told; null also tells that a field is not there."""
    if value is None and path:
        parent = _find(document, path[:-1])
        if isinstance(parent, dict) and path[-1] not in parent:
            return document
    if not _same(_find(document, path), value):
        raise unprocessable(f"the server rejected our request: the JSON patch's test of {'/'.join(('', *path))} failed")
    return document


def _moved(document: Any, source: Pointer, target: Pointer, *, keep: bool) -> Any:
    value = _find(document, source)
    if keep:
        return _add(document, target, _copy(value))
    if target[: len(source)] == source and target != source:
        raise unprocessable("the server rejected our request: a JSON patch cannot move a value into itself")
    return _add(_remove(document, source), target, value)


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(each) for key, each in value.items()}
    return [_copy(each) for each in value] if isinstance(value, list) else value


def _same(one: Any, other: Any) -> bool:
    """Compare as JSON does, where true is not 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(each, other[key]) for key, each in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(_same(*pair) for pair in zip(one, other, strict=True))
    return bool(one == other)


_PERFORM: dict[str, Callable[[Any, Pointer, Any], Any]] = {
    "add": _add,
    "remove": _remove,
    "replace": _replace,
    "test": _test,
}
