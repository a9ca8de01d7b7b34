"""Whether a log entry holds: pure functions that need the log's key and nothing else, so that they work offline."""

import base64
from collections.abc import Sequence

import msgspec

from chains.errors import VerificationError
from chains.payloads.payload import InclusionProof, LogEntry, SignedPayload
from chains.rekor.bodies import read_body
from chains.rekor.checkpoint import Checkpoint, read_checkpoint
from chains.rekor.log_key import LogKey, key_of
from chains.rekor.merkle import leaf_hash, root_from_proof

_LEAF_DIGITS = 64


class _Promised(msgspec.Struct):
    """What a signed entry timestamp is over, with its members in the order of RFC 8785."""

    body: str
    integratedTime: int  # noqa: N815 - the member's name
    logID: str  # noqa: N815 - the member's name
    logIndex: int  # noqa: N815 - the member's name


def verify_entry(entry: LogEntry, *keys: LogKey) -> None:
    """Check everything that the log says of an entry; raise VerificationError for what does not hold, or no proof.

    Checked are the log's id, the UUID if there is one, the signed entry timestamp if there is one, and the inclusion
    proof with its checkpoint if there is one; one of the last two there must be.
    """
    checkpoint = None if entry.proof is None else read_checkpoint(entry.proof.checkpoint)
    key = key_of(entry.log_id, keys, checkpoint.origin if checkpoint else "")
    if entry.uuid and entry.uuid[-_LEAF_DIGITS:].lower() != leaf_hash(entry.body).hex():
        raise VerificationError("the entry's UUID is not the hash of its body: the log sent another entry")
    if not entry.promise and entry.proof is None:
        raise VerificationError("the entry has neither a signed timestamp nor an inclusion proof")
    if entry.promise:
        key.verify(promised(entry), entry.promise, "the signed entry timestamp")
    key.check_time(entry.integrated_time if entry.promise else None)
    if entry.proof is not None and checkpoint is not None:
        _check_inclusion(entry.body, entry.proof, checkpoint, key)


def verify_logged(signed: SignedPayload, keys: Sequence[LogKey], public_key: bytes) -> None:
    """Check that a signed payload's log entry holds and speaks of it, and of this public key or its certificate (PEM).

    Raise VerificationError otherwise, and when it has no entry.
    """
    if signed.log_entry is None:
        raise VerificationError("there is no transparency log entry beside it")
    verify_entry(signed.log_entry, *keys)
    check_subject(signed.log_entry, signed, public_key)


def check_subject(entry: LogEntry, signed: SignedPayload, public_key: bytes) -> None:
    """Check that an entry's body is about this signature, this content and this key; raise VerificationError."""
    read_body(entry.body).check(signed, public_key)


def promised(entry: LogEntry) -> bytes:
    """Return the bytes that a signed entry timestamp is over."""
    body = base64.b64encode(entry.body).decode()
    return msgspec.json.encode(_Promised(body, entry.integrated_time, entry.log_id.hex(), entry.log_index))


def _check_inclusion(body: bytes, proof: InclusionProof, checkpoint: Checkpoint, key: LogKey) -> None:
    root = root_from_proof(leaf_hash(body), proof.log_index, proof.tree_size, proof.hashes)
    if root != proof.root_hash:
        raise VerificationError("the inclusion proof does not lead to the root that it names")
    checkpoint.check(key)
    if (checkpoint.size, checkpoint.root_hash) != (proof.tree_size, root):
        raise VerificationError("the checkpoint is of another tree than the inclusion proof")
