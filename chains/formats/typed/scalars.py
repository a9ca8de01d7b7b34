"""Values that are no objects: each with what Go makes of null, of the value itself, and of one that does not fit."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from chains.errors import InputError
from chains.formats.typed.duration import canonical_duration
from chains.formats.typed.quantity import canonical_quantity
from chains.formats.typed.timestamp import canonical_time

Convert: TypeAlias = Callable[[object], object]
TextOf: TypeAlias = Callable[[object], str]


def misfit(value: object, wanted: str) -> InputError:
    """Return the end of a sentence that begins with the path of the value."""
    return InputError(f" is {_named(value)}, where Tekton takes {wanted}: no cluster accepts such a run")


def scalar(name: str, text_of: TextOf) -> Convert | None:
    """Return the conversion of a type that is no object, list, map or pointer; None if there is none of that name."""
    if name == "ParamValue":
        return lambda value: _param_value(value, text_of)
    if name == "Quantity":
        return lambda value: _quantity(value, text_of)
    return _SCALARS.get(name)


def _string(value: object) -> object:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    raise misfit(value, "a string")


def _boolean(value: object) -> object:
    if isinstance(value, bool):
        return value
    if value is None:
        return False
    raise misfit(value, "true or false")


def _integer(value: object) -> object:
    """Return an integer; `1.0` is one, since the cluster's API writes it as `1`."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if value is None:
        return 0
    if isinstance(value, float) and value.is_integer():
        return int(value)
    raise misfit(value, "a whole number")


def _int_or_string(value: object) -> object:
    if isinstance(value, str):
        return value
    if isinstance(value, list | dict | bool):
        raise misfit(value, "a whole number or a string")
    return _integer(value)


def _time(value: object) -> object:
    if value is None:
        return None
    if isinstance(value, str):
        return canonical_time(value)
    raise misfit(value, "a time")


def _duration(value: object) -> object:
    if value is None:
        return "0s"
    if isinstance(value, str):
        return canonical_duration(value)
    raise misfit(value, "a duration")


def _quantity(value: object, text_of: TextOf) -> object:
    if value is None:
        return "0"
    if isinstance(value, str):
        return canonical_quantity(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return canonical_quantity(text_of(value))
    raise misfit(value, "a quantity")


def _param_value(value: object, text_of: TextOf) -> object:
    """Return a string, a list of strings or a map of strings as it is, anything else as its JSON text."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, list) and all(item is None or isinstance(item, str) for item in value):
        return [item or "" for item in value]
    if isinstance(value, dict) and all(item is None or isinstance(item, str) for item in value.values()):
        return {name: value[name] or "" for name in sorted(value)}
    return text_of(value)


def _verbatim(value: object) -> object:
    return value


def _named(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    names = {str: "a string", int: "a number", float: "a number", list: "a list", dict: "an object", type(None): "null"}
    return names.get(type(value), f"a {type(value).__name__}")


_SCALARS: Mapping[str, Convert] = {
    "s": _string,
    "b": _boolean,
    "i": _integer,
    "IntOrString": _int_or_string,
    "Time": _time,
    "Duration": _duration,
    "RawExtension": _verbatim,
    "FieldsV1": _verbatim,
}
