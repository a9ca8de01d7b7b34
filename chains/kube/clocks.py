"""The two clocks of an election: one that only goes forward, and the moments that a record shows."""

import time
from collections.abc import Callable

from chains.kube.lease import micro_time


def clock() -> float:
    """Return seconds that count on while this process or this machine sleeps, and that nobody sets."""
    # Without this clock (it is Linux') a laptop's sleep is not noticed, a stopped process's is.
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class Moments:
    """The wall clock as a Lease shows it; no moment is ever written twice, or a renewal would not show."""

    def __init__(self, wall: Callable[[], float] = time.time) -> None:
        """`wall` gives seconds since 1970."""
        self._wall = wall
        self._latest = 0.0

    def __call__(self) -> str:
        """Return the present moment, later than every one before."""
        self._latest = max(self._wall(), self._latest + 1e-5)
        return micro_time(self._latest)
