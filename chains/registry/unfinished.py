"""What a put that has not come to its end has attached: its next try goes on from there."""

import asyncio
from collections.abc import Iterable

MOST = 32_768
# Tries follow each other much sooner; what nobody asks for any more has been given up.
LONGEST = 3600.0


class Unfinished:
    """Remembers what was attached by name, the latest `most` of it, for an hour after it was last asked for."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._attached: dict[bytes, tuple[float, bool]] = {}

    def __len__(self) -> int:
        return len(self._attached)

    def note(self, name: bytes, *, written: bool) -> None:
        """Say that it is attached, and whether anything had to be written for it."""
        self._attached[name] = asyncio.get_running_loop().time(), written
        if len(self._attached) > self._most:
            del self._attached[next(iter(self._attached))]

    def outcome(self, name: bytes) -> bool | None:
        """Return whether anything had to be written for it, None where it may not be attached."""
        at, written = self._attached.pop(name, (float("-inf"), False))
        if asyncio.get_running_loop().time() - at > LONGEST:
            return None
        self.note(name, written=written)
        return written

    def forget(self, names: Iterable[bytes]) -> None:
        """Forget them: the put has come to its end."""
        for name in names:
            self._attached.pop(name, None)
