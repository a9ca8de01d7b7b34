"""What several parts of the page say in the same words."""

from datetime import UTC, datetime

from chains.payloads.payload import LogEntry

_SHORTENED = 20


def short(name: str) -> str:
    """Return an image's name with its digest cut short."""
    head, at, digest = name.rpartition("@sha256:")
    return f"{head}@sha256:{digest[:12]}…" if at and len(digest) > _SHORTENED else name


def many(count: int, what: str) -> str:
    """Return a count with its noun."""
    return f"{count} {what}{'' if count == 1 else 's'}"


def log_words(entry: LogEntry) -> str:
    """Return what a log says of an entry: its index, the log, and since when."""
    asked = f", which was asked for it at {entry.url}" if entry.url else ""
    return f"index {entry.log_index} of the log {entry.log_id.hex()}{_since(entry.integrated_time)}{asked}"


def _since(seconds: int) -> str:
    """Return when an entry was made, nothing where the log does not tell."""
    try:
        return f", since {datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%SZ}" if seconds else ""
    except (ValueError, OverflowError, OSError):
        return f", since {seconds} s after 1970 began"
