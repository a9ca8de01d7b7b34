"""What the service knows of itself: the parts in force, and whether it is ready."""

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from chains.errors import EdgeError
from chains.pipeline.parts import Parts

DAY = 86_400.0
NO_CONFIG = "the configuration has not been read yet"


@dataclass(slots=True)
class State:
    """Swapped in place by the tasks of the service; read by its workers and probes."""

    parts: Parts | None = None
    config_trouble: str = NO_CONFIG
    watch_troubles: dict[str, str] = field(default_factory=dict)
    started: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def oldest(self) -> datetime | None:
        """When the runs that are signed ended at the earliest; None where all are."""
        backfill = self.parts.config.backfill if self.parts else math.inf
        return self.started - timedelta(seconds=backfill) if math.isfinite(backfill) else None

    @property
    def horizon(self) -> float:
        """For how many seconds a deleted run is held, and its last state kept, while it cannot be signed."""
        return self.parts.config.horizon if self.parts else DAY

    def unready(self) -> tuple[str, ...]:
        """Return why no run can be signed just now; nothing when one can."""
        troubles = [self.config_trouble, *self.watch_troubles.values()]
        troubles += self.signer_troubles()
        return tuple(dict.fromkeys(trouble for trouble in troubles if trouble))

    def signer_troubles(self) -> tuple[str, ...]:
        """Return why a signer cannot be used just now."""
        parts = self.parts
        troubles = (_signer_trouble(parts, name) for name in parts.signers) if parts else ()
        return tuple(trouble for trouble in troubles if trouble)


def _signer_trouble(parts: Parts, name: str) -> str:
    try:
        parts.signers[name]()
    except EdgeError as error:
        return str(error)
    return ""
