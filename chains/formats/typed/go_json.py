"""JSON as Go's encoding/json writes it."""

import math
from decimal import Decimal

import msgspec

from chains.errors import InputError

# Safe on the whole text: outside strings JSON has none of these.
_ESCAPES = (
    (b"<", rb"\u003c"),
    (b">", rb"\u003e"),
    (b"&", rb"\u0026"),
    (b"\xe2\x80\xa8", rb"\u2028"),
    (b"\xe2\x80\xa9", rb"\u2029"),
)


def encode_go_json(value: object) -> bytes:
    """Return the value as compact JSON with Go's escapes and numbers, members in the order given."""
    try:
        text = msgspec.json.encode(_with_go_numbers(value))
    except (TypeError, UnicodeEncodeError, RecursionError) as error:
        raise InputError(f"this value has no JSON form: {error}") from error
    for plain, escaped in _ESCAPES:
        text = text.replace(plain, escaped)
    return text


def go_json_text(value: object) -> str:
    """Return the same as text: what Tekton keeps of a parameter or result that is no string, list or map of strings."""
    return encode_go_json(value).decode()


def go_number(value: float) -> str:
    """Return a float as Go writes it: as few digits as tell it apart, an exponent below 1e-6 and from 1e21 on."""
    if not math.isfinite(value):
        raise InputError(f"{value} has no JSON form: use a finite number")
    if value == 0 or 1e-6 <= abs(value) < 1e21:
        return f"{Decimal(repr(value)):f}".removesuffix(".0")
    mantissa, _, exponent = repr(value).partition("e")
    return f"{mantissa}e{int(exponent):+d}"


def _with_go_numbers(value: object) -> object:
    if isinstance(value, dict):
        return {name: item if type(item) is str else _with_go_numbers(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [item if type(item) is str else _with_go_numbers(item) for item in value]
    if isinstance(value, float):
        return msgspec.Raw(go_number(value).encode())
    return value
