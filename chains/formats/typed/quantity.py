"""Quantities in the canonical form of Kubernetes: `1000m` is `1`, `1024Mi` is `1Gi`, `0.5` is `500m`."""

import re
from enum import Enum
from functools import lru_cache

from chains.errors import InputError

_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY_NAMES = {power: name for name, power in _BINARY.items()}
_DECIMAL_NAMES = {power: name for name, power in _DECIMAL.items()}

_QUANTITY = re.compile(r"([-+]?)(?:0*)([0-9]*)(?:\.([0-9]*))?([eEinumkKMGTP]*[-+]?[0-9]*)")
_EXPONENT = re.compile(r"[eE]([-+]?[0-9]{1,18})")
_LONGEST = 200
_FINEST = -9
_LARGEST = 2**63 - 1
# Kubernetes keeps a canonical text as it came only where it reads the number without arbitrary precision.
_FAST_DIGITS, _FAST_BINARY_DIGITS = 18, 14


class _Form(Enum):
    BINARY = 2
    DECIMAL = 10
    EXPONENT = "e"


def canonical_quantity(text: str) -> str:
    """Return the quantity as Kubernetes writes it; raise InputError for what is none."""
    text = text.strip()
    if not text or len(text) > _LONGEST:
        raise _unreadable()
    return _canonical(text)


@lru_cache(maxsize=1024)
def _canonical(text: str) -> str:
    found = _QUANTITY.fullmatch(text)
    if found is None:
        raise _unreadable()
    sign, whole, fraction, suffix = found.groups(default="")
    form, power = _read_suffix(suffix)
    digits = (whole or "0") + fraction
    scale = -len(fraction) if form is _Form.BINARY else power - len(fraction)
    if _is_kept(form, power, digits, scale, bool(fraction)):
        return text
    amount = int(digits)
    if form is _Form.BINARY:
        amount <<= power
    amount, scale = _rounded(amount, scale)
    if form is _Form.BINARY and amount > _LARGEST * int(10**-scale):
        amount, scale = _LARGEST, 0
    return "-" * (sign == "-" and amount > 0) + _written(form, amount, scale)


def _read_suffix(suffix: str) -> tuple[_Form, int]:
    if suffix in _DECIMAL:
        return _Form.DECIMAL, _DECIMAL[suffix]
    if suffix in _BINARY:
        return _Form.BINARY, _BINARY[suffix]
    found = _EXPONENT.fullmatch(suffix)
    if found is None:
        raise _unreadable()
    return _Form.EXPONENT, int(found[1])


def _is_kept(form: _Form, power: int, digits: str, scale: int, has_fraction: bool) -> bool:
    """Whether Kubernetes takes the text for canonical already and writes it as it came (`1.500`, `+5`)."""
    if form is _Form.BINARY:
        short = not has_fraction and len(digits) + power * 3 // 10 <= _FAST_BINARY_DIGITS
        return short and bool(int(digits) & 7)
    short = len(digits) <= _FAST_DIGITS and scale >= _FINEST
    return short and scale % 3 == 0 and digits[0] != "0" and not digits.endswith("000")


def _rounded(amount: int, scale: int) -> tuple[int, int]:
    """Return the amount rounded up to whole nanos."""
    excess = _FINEST - scale
    if excess <= 0:
        return amount, scale
    if excess > len(str(amount)):
        return min(amount, 1), _FINEST
    return -(-amount // 10**excess), _FINEST


def _written(form: _Form, amount: int, scale: int) -> str:
    if amount == 0:
        return "0"
    while amount % 10 == 0:
        amount, scale = amount // 10, scale + 1
    if form is _Form.BINARY and scale >= 0 and amount * 10**scale >= 1024:
        return _written_binary(amount * 10**scale)
    amount, scale = amount * 10 ** (scale % 3), scale - scale % 3
    if form is _Form.EXPONENT:
        return f"{amount}e{scale}" if scale else str(amount)
    return f"{amount}{_DECIMAL_NAMES.get(scale, '')}"


def _written_binary(amount: int) -> str:
    power = 0
    while amount % 1024 == 0:
        amount, power = amount // 1024, power + 10
    return f"{amount}{_BINARY_NAMES.get(power, '')}"


def _unreadable() -> InputError:
    return InputError(" is not a quantity: write it as Kubernetes does, for example 500m or 1Gi")
