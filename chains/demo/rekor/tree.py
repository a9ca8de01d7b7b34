"""A Merkle tree that grows by one leaf at a time and proves what is in it (RFC 6962, 2.1)."""

from chains.rekor.merkle import leaf_hash, node_hash, siblings, split

EMPTY_ROOT = bytes.fromhex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")


class MerkleTree:
    """Keeps the hash of every complete subtree, so that a root or a proof takes a few hashes."""

    def __init__(self) -> None:
        self._levels: list[list[bytes]] = [[]]

    @property
    def size(self) -> int:
        """How many leaves it has."""
        return len(self._levels[0])

    def append(self, body: bytes) -> int:
        """Add a leaf and return its index."""
        index = self.size
        self._levels[0].append(leaf_hash(body))
        level, place = 0, index
        while place & 1:
            if level + 1 == len(self._levels):
                self._levels.append([])
            left, right = self._levels[level][place - 1], self._levels[level][place]
            self._levels[level + 1].append(node_hash(left, right))
            level, place = level + 1, place >> 1
        return index

    def root(self, size: int | None = None) -> bytes:
        """Return the root over the first `size` leaves, by default all."""
        size = self.size if size is None else size
        return self._subtree(0, size) if size else EMPTY_ROOT

    def proof(self, index: int, size: int | None = None) -> list[bytes]:
        """Return the inclusion proof of a leaf in the tree of the first `size` leaves, by default all."""
        return [self._subtree(start, end) for start, end in siblings(index, self.size if size is None else size)]

    def consistency(self, first: int, last: int) -> list[bytes]:
        """Return the proof that the tree of `first` leaves begins that of `last` (RFC 6962, 2.1.2)."""
        return self._grown(first, 0, last, whole=True)

    def _grown(self, count: int, start: int, end: int, *, whole: bool) -> list[bytes]:
        if count == end - start:
            return [] if whole else [self._subtree(start, end)]
        middle = start + split(end - start)
        if count <= middle - start:
            return [*self._grown(count, start, middle, whole=whole), self._subtree(middle, end)]
        return [*self._grown(count - (middle - start), middle, end, whole=False), self._subtree(start, middle)]

    def complete(self, level: int) -> list[bytes]:
        """Return the hashes of all complete subtrees of `2**level` leaves, in order."""
        return self._levels[level] if level < len(self._levels) else []

    def _subtree(self, start: int, end: int) -> bytes:
        count = end - start
        if count & (count - 1) == 0:
            return self._levels[count.bit_length() - 1][start // count]
        middle = start + split(count)
        return node_hash(self._subtree(start, middle), self._subtree(middle, end))
