"""How often requests to outside hosts failed, by system, host and class; a hostile run cannot make it grow."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

MOST_HOSTS = 100
OTHER = "other"


@dataclass(frozen=True, slots=True)
class HostErrorCount:
    """How many requests of one class failed at one host."""

    system: str
    host: str
    error_class: str
    times: int


class HostErrors:
    """Counts failed requests, told by the edges as they happen.

    Runs name registries, so hosts beyond the first `MOST_HOSTS` of a system are counted as one.
    """

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str, str]] = Counter()
        self._hosts: dict[str, set[str]] = {}

    def note(self, system: str, host: str, status: int | None) -> None:
        """Count one failed request: the HTTP status of the answer, None when there was no answer."""
        known = self._hosts.setdefault(system, set())
        if host not in known and len(known) >= MOST_HOSTS:
            host = OTHER
        else:
            known.add(host)
        self._counts[system, host, _class_of(status)] += 1

    def counts(self) -> Iterator[HostErrorCount]:
        """Yield every count there is."""
        for (system, host, error_class), times in self._counts.items():
            yield HostErrorCount(system, host, error_class, times)


def _class_of(status: int | None) -> str:
    if status is None:
        return "unreachable"
    if status >= 500:
        return "failed"
    return {429: "throttled", 401: "denied", 403: "denied"}.get(status, "refused")
