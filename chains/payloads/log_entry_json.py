"""Log entries in protobuf's JSON, as Sigstore bundles hold them and Rekor's second API answers them."""

import base64
import binascii

import msgspec

from chains.errors import InputError
from chains.payloads.payload import InclusionProof, LogEntry


class Message(msgspec.Struct, rename="camel", omit_defaults=True):
    """A message in protobuf's JSON: whole numbers are texts, and what is zero or empty is left out."""


class _LogId(Message):
    key_id: str = ""


class _Kind(Message):
    kind: str = ""
    version: str = ""


class _Promise(Message):
    signed_entry_timestamp: str = ""


class _Checkpoint(Message):
    envelope: str = ""


class _Proof(Message):
    log_index: str = "0"
    root_hash: str = ""
    tree_size: str = "0"
    hashes: list[str] = []
    checkpoint: _Checkpoint | None = None


class Entry(Message):
    log_index: str = "0"
    log_id: _LogId | None = None
    kind_version: _Kind | None = None
    integrated_time: str = "0"
    inclusion_promise: _Promise | None = None
    inclusion_proof: _Proof | None = None
    canonicalized_body: str = ""


class _Body(Message):
    kind: str
    api_version: str


def read_log_entry(content: bytes) -> LogEntry:
    """Read a log entry in protobuf's JSON, as Rekor's second API answers it; raise InputError."""
    try:
        return read_entry(msgspec.json.decode(content, type=Entry))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, binascii.Error, ValueError) as error:
        raise InputError(f"this is no log entry: {error}") from error


def write_log_entry(entry: LogEntry) -> bytes:
    """Write a log entry in protobuf's JSON; raise InputError when its body is of no known form."""
    return msgspec.json.encode(write_entry(entry))


def write_entry(entry: LogEntry) -> Entry:
    """Put a log entry into the form that bundles hold it in; raise InputError when its body is of no known form."""
    try:
        body = msgspec.json.decode(entry.body, type=_Body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"the log entry's body is of no known form: {error}") from error
    return Entry(
        log_index=str(entry.log_index),
        log_id=_LogId(to_text(entry.log_id)),
        kind_version=_Kind(body.kind, body.api_version),
        integrated_time=str(entry.integrated_time),
        inclusion_promise=_Promise(to_text(entry.promise)) if entry.promise else None,
        inclusion_proof=None if entry.proof is None else _written_proof(entry.proof),
        canonicalized_body=to_text(entry.body),
    )


def read_entry(entry: Entry) -> LogEntry:
    """Take a log entry out of the form that bundles hold it in; raise ValueError where it is damaged.

    The time of an entry without a promise is nobody's word, and so is 0.
    """
    proof = entry.inclusion_proof
    return LogEntry(
        log_id=from_text(entry.log_id.key_id) if entry.log_id else b"",
        log_index=int(entry.log_index),
        integrated_time=int(entry.integrated_time) if entry.inclusion_promise else 0,
        body=from_text(entry.canonicalized_body),
        promise=from_text(entry.inclusion_promise.signed_entry_timestamp) if entry.inclusion_promise else b"",
        proof=None if proof is None else _read_proof(proof),
    )


def _written_proof(proof: InclusionProof) -> _Proof:
    hashes, checkpoint = [to_text(one) for one in proof.hashes], _Checkpoint(proof.checkpoint)
    return _Proof(str(proof.log_index), to_text(proof.root_hash), str(proof.tree_size), hashes, checkpoint)


def _read_proof(proof: _Proof) -> InclusionProof:
    hashes = tuple(from_text(one) for one in proof.hashes)
    checkpoint = proof.checkpoint.envelope if proof.checkpoint else ""
    return InclusionProof(int(proof.log_index), int(proof.tree_size), from_text(proof.root_hash), hashes, checkpoint)


def from_text(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def to_text(raw: bytes) -> str:
    """Write base64."""
    return base64.b64encode(raw).decode()
