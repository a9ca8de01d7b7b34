"""A run's own JSON, for what a statement holds of it unread."""

from typing import Any

import msgspec

from chains.errors import InputError
from chains.runs.run import Run


def own_json(run: Run, *path: str) -> Any:
    """Return a run's JSON or one member of it, None when that or what leads to it is absent; raise InputError."""
    try:
        found = msgspec.json.decode(run.text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{run} cannot be read as a whole: {error}") from error
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found
