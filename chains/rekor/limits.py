"""Bounds of one exchange with a log."""

from dataclasses import dataclass

from chains.hosts.transport import Bounds


@dataclass(frozen=True, slots=True)
class Limits(Bounds):
    """Besides these: bytes of an upload and of an answer."""

    idle: float = 20.0
    connections: int = 16
    upload: int = 24 << 20
    answer: int = 32 << 20
