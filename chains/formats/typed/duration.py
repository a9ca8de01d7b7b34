"""Durations as Go's time package reads and writes them."""

import re

from chains.errors import InputError

_MOST = 2**63 - 1
_UNITS = {
    "ns": 1,
    "us": 1_000,
    "\u00b5s": 1_000,
    "\u03bcs": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}
_PART = re.compile(r"([0-9]*)(?:\.([0-9]*))?([^0-9.]+)")
_LONGEST = 200


def canonical_duration(text: str) -> str:
    """Return a duration in Go's form (`90m` becomes `1h30m0s`); raise InputError for what Go does not read."""
    length = _length(text[1:] if text[:1] in ("+", "-") else text)
    negative = text.startswith("-")
    if length > _MOST + negative:
        raise _unreadable()
    return "-" * (negative and length > 0) + _written(length)


def _length(text: str) -> int:
    """Return the nanoseconds of a duration without its sign."""
    if not text or len(text) > _LONGEST:
        raise _unreadable()
    if text == "0":
        return 0
    length = position = 0
    while position < len(text):
        part = _PART.match(text, position)
        if part is None:
            raise _unreadable()
        length += _nanoseconds(*part.groups())
        position = part.end()
    return length


def _nanoseconds(whole: str, fraction: str | None, unit: str) -> int:
    if unit not in _UNITS or not (whole or fraction):
        raise _unreadable()
    scale = _UNITS[unit]
    length = int(whole or 0) * scale
    if fraction:
        digits, places = _leading(fraction)
        length += int(float(digits) * (float(scale) / places))
    return length


def _leading(fraction: str) -> tuple[int, float]:
    """Return as many digits as Go keeps of a fraction, and the power of ten below them."""
    digits, places = 0, 1.0
    for digit in fraction:
        if digits > _MOST // 10 or digits * 10 + int(digit) > _MOST + 1:
            break
        digits = digits * 10 + int(digit)
        places *= 10
    return digits, places


def _written(length: int) -> str:
    if length < _UNITS["s"]:
        unit = next(name for name in ("ms", "\u00b5s", "ns") if length >= _UNITS[name] or name == "ns")
        return f"{_decimal(length, _UNITS[unit])}{unit}" if length else "0s"
    minutes, seconds = divmod(length, _UNITS["m"])
    hours, minutes = divmod(minutes, 60)
    text = f"{_decimal(seconds, _UNITS['s'])}s"
    if hours:
        return f"{hours}h{minutes}m{text}"
    return f"{minutes}m{text}" if minutes else text


def _decimal(length: int, unit: int) -> str:
    whole, rest = divmod(length, unit)
    fraction = f"{rest:0{len(str(unit)) - 1}d}".rstrip("0") if rest else ""
    return f"{whole}.{fraction}" if fraction else str(whole)


def _unreadable() -> InputError:
    return InputError(" is not a duration: write it as Go does, for example 1h30m or 90s")
