"""Merkle trees as RFC 6962 has them: the hash of a leaf, and the root that an inclusion proof leads to."""

import hashlib
from collections.abc import Sequence

from chains.errors import VerificationError


def leaf_hash(body: bytes) -> bytes:
    """Return the hash of a leaf."""
    return hashlib.sha256(b"\x00" + body).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node above two others."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_from_proof(leaf: bytes, index: int, size: int, hashes: Sequence[bytes]) -> bytes:
    """Return the root of a tree of `size` leaves that has this leaf at `index`, as RFC 9162, 2.1.3.2 walks the path.

    Raise VerificationError when the proof has not as many hashes as such a tree asks for.
    """
    if not 0 <= index < size:
        raise VerificationError(f"the inclusion proof is for leaf {index} of a tree with {size} leaves")
    here, last, root = index, size - 1, leaf
    for sibling in hashes:
        if last == 0:
            raise VerificationError(f"the inclusion proof is too long for a tree with {size} leaves")
        if here & 1 or here == last:
            root = node_hash(sibling, root)
            while here and not here & 1:
                here, last = here >> 1, last >> 1
        else:
            root = node_hash(root, sibling)
        here, last = here >> 1, last >> 1
    if last:
        raise VerificationError(f"the inclusion proof is too short for a tree with {size} leaves")
    return root


def split(count: int) -> int:
    """Return how many of `count` leaves, two or more, are in the left subtree: the largest power of two below."""
    return 1 << ((count - 1).bit_length() - 1)


def siblings(index: int, size: int) -> list[tuple[int, int]]:
    """Return the ranges of leaves whose subtrees make the inclusion proof of a leaf, from the leaf up."""
    start, end = 0, size
    found: list[tuple[int, int]] = []
    while end - start > 1:
        middle = start + split(end - start)
        if index < middle:
            found.append((middle, end))
            end = middle
        else:
            found.append((start, middle))
            start = middle
    return found[::-1]
