"""Bounds of one exchange with a log."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds to connect, of silence and in all; bytes of an upload, an answer, and of an error that is quoted."""

    connect: float = 5.0
    idle: float = 20.0
    total: float = 60.0
    upload: int = 24 << 20
    answer: int = 32 << 20
    complaint: int = 64 * 1024
    connections: int = 16
