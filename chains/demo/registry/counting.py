"""How often was asked for what."""

from collections import Counter
from typing import Final

_METHODS: Final = frozenset({"GET", "HEAD", "PUT", "POST", "PATCH", "DELETE"})


class RequestCount(Counter[tuple[str, str]]):
    """Requests by method and kind of route, such as `("PUT", "manifest")`; `total()` is Counter's."""

    def count(self, method: str, kind: str) -> None:
        """Count one; an unusual method counts as OTHER, so that the keys stay few."""
        self[method if method in _METHODS else "OTHER", kind] += 1

    def reset(self) -> None:
        """Begin anew."""
        self.clear()
