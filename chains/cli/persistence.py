"""Another try where none was answered: passing failures of registries and logs, within a bounded time."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    stop_after_attempt,
    stop_before_delay,
    wait_random_exponential,
)

from chains.errors import EdgeError
from chains.payloads.payload import LogEntry, SignedPayload
from chains.pipeline.ports import LogLookup

TRIES = 4
# A host that asks for more patience than this keeps thousands of images waiting: what it has is not judged.
LONGEST = 10.0
_PAUSE = wait_random_exponential(multiplier=0.5, max=4.0)

_T = TypeVar("_T")


async def persistently(ask: Callable[[], Awaitable[_T]], seconds: float) -> _T:
    """Ask until an answer comes, a failure that does not pass, or the last of a few tries; its error is raised."""
    tries = AsyncRetrying(
        retry=retry_if_exception(_passes),
        wait=_pause,
        stop=stop_after_attempt(TRIES) | stop_before_delay(min(seconds, LONGEST)),
        reraise=True,
    )

    async def asked() -> _T:
        return await ask()

    return await tries(asked)


class PersistentLookup:
    """Asks a log again that gave no answer; one that still gives none is asked once for each of what follows."""

    def __init__(self, lookup: LogLookup, seconds: float) -> None:
        self._lookup = lookup
        self._seconds = seconds
        self._silent = False

    async def find(self, signed: SignedPayload, public_key: bytes) -> LogEntry | None:
        """Return what the log has; raise EdgeError when it still gives no answer."""
        seconds = 0.0 if self._silent else self._seconds
        try:
            found = await persistently(lambda: self._lookup.find(signed, public_key), seconds)
        except EdgeError as error:
            self._silent = error.transient
            raise
        self._silent = False
        return found


def _passes(error: BaseException) -> bool:
    return isinstance(error, EdgeError) and error.transient


def _pause(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome is not None else None
    asked = error.retry_after if isinstance(error, EdgeError) else None
    return max(_PAUSE(state), asked or 0.0)
