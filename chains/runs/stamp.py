"""When something was last stored for a run, and exactly what: what a restarted service has to look at once more."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from chains.runs.marks import STORED


@dataclass(frozen=True, slots=True)
class Stamp:
    """A moment, and the fingerprint of everything that was signed and stored by then."""

    moment: datetime
    fingerprint: str

    def __str__(self) -> str:
        return f"{self.moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ} {self.fingerprint}"


def stamp_in(annotations: Mapping[str, str]) -> Stamp | None:
    """Return the stamp that a run carries, None when there is none that can be read."""
    moment, _, fingerprint = annotations.get(STORED, "").partition(" ")
    try:
        found = datetime.fromisoformat(moment)
    except ValueError:
        return None
    return Stamp(found, fingerprint) if found.tzinfo is not None and fingerprint else None


def stored_within(span: timedelta, annotations: Mapping[str, str]) -> bool:
    """Whether something was stored for the run in the span before now; clocks may differ by as much."""
    found = stamp_in(annotations) if STORED in annotations else None
    return found is not None and abs(datetime.now(UTC) - found.moment) <= span
