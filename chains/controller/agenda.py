"""What is due later, the soonest first, each once; what is struck off leaves little behind."""

import heapq
import itertools
from collections.abc import Callable, Iterator

from chains.runs.sighting import RunKey

# So many that were struck off may lie about before they are swept up, besides as many as there are others.
SWEPT = 64


class Agenda:
    """Runs by the time, in seconds, at which each is due."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, RunKey]] = []
        self._due: dict[RunKey, tuple[float, int]] = {}
        self._order = itertools.count()

    def __len__(self) -> int:
        return len(self._due)

    def __contains__(self, key: RunKey) -> bool:
        return key in self._due

    def put(self, key: RunKey, due: float) -> None:
        """Note when a run is due, in place of what was noted before."""
        self.strike(key)
        self._due[key] = due, next(self._order)
        heapq.heappush(self._heap, (*self._due[key], key))

    def strike(self, key: RunKey) -> None:
        """Forget when a run is due."""
        self._due.pop(key, None)
        self._sweep()

    def drop(self, is_dropped: Callable[[RunKey], bool]) -> None:
        """Forget all that are so."""
        self._due = {key: due for key, due in self._due.items() if not is_dropped(key)}
        self._sweep()

    def next(self) -> float | None:
        """Return when the soonest is due, None when there is nothing."""
        while self._heap and self._is_struck(self._heap[0]):
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def take_due(self, now: float) -> Iterator[RunKey]:
        """Yield what is due, and forget it."""
        while (soonest := self.next()) is not None and soonest <= now:
            key = heapq.heappop(self._heap)[2]
            del self._due[key]
            yield key

    def _is_struck(self, entry: tuple[float, int, RunKey]) -> bool:
        due, order, key = entry
        return self._due.get(key) != (due, order)

    def _sweep(self) -> None:
        if len(self._heap) > 2 * len(self._due) + SWEPT:
            self._heap = [(*due, key) for key, due in self._due.items()]
            heapq.heapify(self._heap)
