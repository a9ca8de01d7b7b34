"""A memory with an end: the youngest entries of a mapping, so that hostile names cannot fill it."""

from collections.abc import Hashable, ItemsView
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Recent(Generic[K, V]):
    """Keeps the `most` entries that were set last."""

    def __init__(self, most: int = 1024) -> None:
        self._most = most
        self._entries: dict[K, V] = {}

    def __contains__(self, key: K) -> bool:
        return key in self._entries

    def get(self, key: K) -> V | None:
        """Return the entry, or None."""
        return self._entries.get(key)

    def set(self, key: K, value: V) -> V:
        """Enter it as the youngest."""
        self._entries.pop(key, None)
        self._entries[key] = value
        if len(self._entries) > self._most:
            del self._entries[next(iter(self._entries))]
        return value

    def drop(self, key: K) -> None:
        """Forget the entry, if there is one."""
        self._entries.pop(key, None)

    def items(self) -> ItemsView[K, V]:
        """Return the entries, oldest first."""
        return self._entries.items()
