"""Merkle proofs: every true one is accepted, and no other."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chains.demo.rekor.tree import EMPTY_ROOT, MerkleTree
from chains.errors import VerificationError
from chains.rekor.merkle import leaf_hash, root_from_proof


def root_by_definition(leaves: list[bytes]) -> bytes:
    """The Merkle tree hash as RFC 6962, 2.1 defines it, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    left, right = root_by_definition(leaves[:split]), root_by_definition(leaves[split:])
    return hashlib.sha256(b"\x01" + left + right).digest()


def grown(leaves: list[bytes]) -> MerkleTree:
    tree = MerkleTree()
    for leaf in leaves:
        tree.append(leaf)
    return tree


@given(st.lists(st.binary(max_size=4), max_size=70))
def test_the_root_is_the_one_that_is_defined(leaves: list[bytes]) -> None:
    tree = grown(leaves)
    assert tree.root() == root_by_definition(leaves)
    assert grown([]).root() == EMPTY_ROOT


@given(st.integers(1, 300), st.data())
def test_the_proof_of_every_leaf_leads_to_the_root_of_every_later_tree(count: int, data: st.DataObject) -> None:
    leaves = [b"%d" % number for number in range(count)]
    tree = grown(leaves)
    size = data.draw(st.integers(1, count))
    index = data.draw(st.integers(0, size - 1))
    assert root_from_proof(leaf_hash(leaves[index]), index, size, tree.proof(index, size)) == tree.root(size)


@given(st.integers(2, 120), st.data())
def test_a_proof_that_was_tampered_with_leads_nowhere(count: int, data: st.DataObject) -> None:
    leaves = [b"%d" % number for number in range(count)]
    tree = grown(leaves)
    index = data.draw(st.integers(0, count - 1))
    other = data.draw(st.integers(-1, count + 1).filter(lambda place: place != index))
    hashes = tree.proof(index)
    damaged = data.draw(st.sampled_from(["leaf", "index", "hash", "shorter", "longer", "size"]))
    leaf, size, place = leaf_hash(leaves[index]), count, index
    if damaged == "leaf":
        leaf = leaf_hash(b"another")
    elif damaged == "index":
        place = other
    elif damaged == "hash":
        at = data.draw(st.integers(0, len(hashes) - 1))
        hashes[at] = hashlib.sha256(hashes[at]).digest()
    elif damaged == "shorter":
        hashes.pop(data.draw(st.integers(0, len(hashes) - 1)))
    elif damaged == "longer":
        hashes.append(b"\x00" * 32)
    else:
        size = data.draw(st.sampled_from([0, index, 2 * count, 4 * count + 1]))
    try:
        reached = root_from_proof(leaf, place, size, hashes)
    except VerificationError:
        return
    # A tree of another size may have a proof of the same shape; the checkpoint signs the size as well.
    assert damaged == "size" or reached != tree.root()


def test_a_leaf_outside_the_tree_has_no_proof() -> None:
    for index, size in ((-1, 1), (1, 1), (0, 0)):
        with pytest.raises(VerificationError):
            root_from_proof(b"", index, size, [])
