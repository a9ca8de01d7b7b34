"""A log that gives no answer again and again is left alone for a while: requests to it fail at once."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from chains.errors import EdgeError

FAILURES = 3
SHORTEST = 1.0
LONGEST = 60.0


class Respite:
    """Counts requests without an answer; after some in a row one at a time finds out whether the log is back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` gives seconds."""
        self._clock = clock
        self._failures = 0
        self._until = 0.0
        self._trying = False
        self._cause = ""

    @contextmanager
    def attempt(self, host: str) -> Iterator[None]:
        """Enclose one request; raise a transient EdgeError when the log is being left alone."""
        resting = self._failures >= FAILURES
        if resting:
            left = self._until - self._clock()
            if left > 0 or self._trying:
                raise EdgeError(
                    f"the transparency log {host} is left alone after {self._failures} failures: {self._cause}",
                    transient=True,
                    retry_after=left if left > 0 else None,
                )
            self._trying = True
        try:
            yield
            self._failures = 0
        except EdgeError as error:
            if error.transient:
                self._failed(str(error))
            raise
        finally:
            self._trying = self._trying and not resting

    def _failed(self, cause: str) -> None:
        self._failures += 1
        self._cause = cause
        self._until = self._clock() + min(SHORTEST * 2.0 ** min(self._failures - FAILURES, 10), LONGEST)
