"""Times as runs carry them: RFC 3339, in UTC."""

import re
from datetime import UTC, datetime

from chains.errors import InputError

_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[-+][0-9]{2}:[0-9]{2})", re.ASCII
)


def read_moment(text: str | None, where: str) -> str:
    """Return a time as `...Z`, with a fraction where there was one; raise InputError for what is no time."""
    if not text:
        return ""
    moment = _moment(text)
    if moment is None:
        raise InputError(f"{where} is {text[:40]!a}, which is no RFC 3339 time")
    return text if text.endswith("Z") else moment.isoformat().replace("+00:00", "Z")


def is_before(text: str, moment: datetime | None) -> bool:
    """Whether a run's time is known and earlier than a moment; nothing is earlier than none."""
    found = None if moment is None else _moment(text)
    return found is not None and moment is not None and found < moment


def _moment(text: str) -> datetime | None:
    if not _TIME.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
