"""The typed round trip: what Tekton's Go types keep of an object's JSON (spec: provenance v1.0, section 2)."""

from functools import cache
from typing import Any, NamedTuple

from chains.errors import InputError
from chains.formats.typed.go_json import go_json_text
from chains.formats.typed.members import members_of
from chains.formats.typed.scalars import Convert, TextOf, misfit, scalar


def round_trip(value: object, type_name: str, text_of: TextOf = go_json_text) -> dict[str, Any]:
    """Return decoded JSON as it is after decoding into a Go type and encoding again.

    `type_name` is a row of the tables, such as `tekton.TaskRunSpec`. Members come in Go's order, maps in ascending
    order; integers stay exact; free JSON inside is shared with `value`, not copied. `text_of` gives the JSON text of
    numbers, and of the parameter values that Tekton keeps as text. Raise InputError with the path of a member of the
    wrong type.
    """
    try:
        return _typed(value, type_name, text_of)
    except InputError as error:
        raise InputError(f"{type_name}{error}") from None
    except RecursionError:
        raise InputError(f"{type_name} is nested too deeply to be a run") from None


class _Member(NamedTuple):
    name: str
    convert: Convert
    always: bool
    pointer: bool


def _object(value: dict[str, Any], type_name: str, text_of: TextOf) -> dict[str, Any]:
    made: dict[str, Any] = {}
    name = ""
    try:
        for name, convert, always, pointer in _members(type_name, text_of):
            item = value.get(name)
            if item is None:
                if always:
                    made[name] = None if pointer else convert(None)
            elif (converted := convert(item)) or always or pointer:
                made[name] = converted
    except InputError as error:
        raise InputError(f".{name}{error}") from None
    return made


@cache
def _members(type_name: str, text_of: TextOf) -> tuple[_Member, ...]:
    return tuple(
        _Member(
            member.name, _conversion(member.type.removeprefix("*"), text_of), member.always, member.type.startswith("*")
        )
        for member in members_of(type_name)
    )


@cache
def _conversion(declared: str, text_of: TextOf) -> Convert:
    if declared.startswith("[]"):
        return _list(_conversion(declared[2:], text_of))
    if declared.startswith("{}"):
        return _map(_conversion(declared[2:], text_of))
    return scalar(declared, text_of) or _of_type(declared, text_of)


def _of_type(type_name: str, text_of: TextOf) -> Convert:
    return lambda value: _typed(value, type_name, text_of)


def _typed(value: object, type_name: str, text_of: TextOf) -> dict[str, Any]:
    if value is None or isinstance(value, dict):
        return _object(value or {}, type_name, text_of)
    raise misfit(value, "an object")


def _list(convert_item: Convert) -> Convert:
    def convert(value: object) -> object:
        if value is None:
            return None
        if not isinstance(value, list):
            raise misfit(value, "a list")
        index = 0
        made: list[object] = [None] * len(value)
        try:
            for index, item in enumerate(value):
                made[index] = convert_item(item)
        except InputError as error:
            raise InputError(f"[{index}]{error}") from None
        return made

    return convert


def _map(convert_item: Convert) -> Convert:
    def convert(value: object) -> object:
        if value is None:
            return None
        if not isinstance(value, dict):
            raise misfit(value, "a map")
        made: dict[str, object] = {}
        name = ""
        try:
            for name in sorted(value):
                made[name] = convert_item(value[name])
        except InputError as error:
            raise InputError(f".{ascii(name[:60])[1:-1]}{error}") from None
        return made

    return convert
