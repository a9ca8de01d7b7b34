"""The workers' places: no namespace takes them all, nor do a few, however silent the registries of their runs."""

from collections import Counter


class Places:
    """One place a worker.

    A namespace has at most half of them. An eighth is kept for namespaces that have none, so that whoever comes third
    is not behind two that have half each.
    """

    def __init__(self, workers: int) -> None:
        self.most_per_namespace = max(1, workers // 2)
        self._open = workers - min(workers - 1, max(1, workers // 8))
        self._taken: Counter[str] = Counter()
        self._all = 0

    def has_most(self, namespace: str) -> bool:
        """Whether a namespace has as many as it ever may."""
        return self._taken[namespace] >= self.most_per_namespace

    def is_open(self, namespace: str) -> bool:
        """Whether one more may go to a namespace, if a worker is free."""
        taken = self._taken[namespace]
        return not taken or (taken < self.most_per_namespace and self._all < self._open)

    def take(self, namespace: str) -> None:
        """Give one to a namespace."""
        self._taken[namespace] += 1
        self._all += 1

    def release(self, namespace: str) -> bool:
        """Take one back; return whether that opens places to a namespace that they were closed to."""
        opens = self.has_most(namespace) or self._all >= self._open
        self._taken[namespace] -= 1
        self._all -= 1
        if not self._taken[namespace]:
            del self._taken[namespace]
        return opens
