"""Times as Kubernetes writes them: RFC 3339, whole seconds, UTC."""

import re
from datetime import UTC, datetime, timedelta

from chains.errors import InputError

_TIME = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:[.,][0-9]+)?(?:Z|([-+])([0-9]{2}):([0-9]{2}))"
)
_ZERO = datetime(1, 1, 1, tzinfo=UTC)


def canonical_time(text: str) -> str | None:
    """Return a time in whole seconds of UTC, None for Go's zero time; raise InputError for what is no RFC 3339 time."""
    found = _TIME.fullmatch(text)
    if found is None:
        raise _unreadable()
    year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
    try:
        when = datetime(year, month, day, hour, minute, second, tzinfo=UTC) - _offset(*found.groups()[6:])
    except (ValueError, OverflowError) as error:
        raise _unreadable() from error
    return None if when == _ZERO else f"{when.replace(tzinfo=None).isoformat()}Z"


def _offset(sign: str | None, hours: str | None, minutes: str | None) -> timedelta:
    ahead = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    return -ahead if sign == "-" else ahead


def _unreadable() -> InputError:
    return InputError(" is not a time: write it as RFC 3339 does, for example 2026-05-01T08:00:00Z")
