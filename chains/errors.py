"""The three families of errors; nothing else leaves a room."""

import os


class ChainsError(Exception):
    """The root of the three families, for callers that only print the sentence."""


class InputError(ChainsError):
    """Something handed to us does not hold together, and whoever handed it can mend it."""


class EdgeError(ChainsError):
    """A system outside refused or failed.

    `transient` says whether the same request may work later; `retry_after` is the wait in seconds that it asked for.
    """

    def __init__(self, message: str, *, transient: bool, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.transient = transient
        self.retry_after = retry_after


class VerificationError(ChainsError):
    """A signature, a digest or a claim does not hold."""


def system_words(error: OSError) -> str:
    """Return why a connection failed, as the system has it: asyncio's words name the call that it made instead."""
    known = error.errno is not None and error.errno > 0
    return os.strerror(error.errno) if known else error.strerror or str(error)  # type: ignore[arg-type]
