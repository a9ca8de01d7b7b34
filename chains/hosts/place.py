"""Where a request goes, and why it failed: what a breaker is told."""

from dataclasses import dataclass

from chains.errors import EdgeError


@dataclass(frozen=True, slots=True)
class Place:
    """Where a request goes: a host of one system, and which of its parts, such as a repository; empty for all of it."""

    system: str
    host: str
    part: str = ""

    @property
    def home(self) -> "Place":
        """The host with all of its parts."""
        return Place(self.system, self.host)

    def __str__(self) -> str:
        return f"{self.part} on {self.host}" if self.part else self.host


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a request failed, the kind of error to refuse others with, the wait in seconds that an answer asked for."""

    cause: str
    refusal: type[EdgeError] = EdgeError
    asked: float = 0.0
    answered: bool = False
