"""What a log answers: entries of either API, read and not yet verified."""

import base64
import binascii
import re

import msgspec

from chains.errors import InputError
from chains.payloads.payload import InclusionProof, LogEntry

_UUID = re.compile(r"(?:[0-9a-f]{16})?[0-9a-f]{64}", re.ASCII)


class _Proof(msgspec.Struct, rename="camel"):
    log_index: int
    root_hash: str
    tree_size: int
    hashes: list[str] | None = None
    checkpoint: str = ""


class _Verification(msgspec.Struct, rename="camel"):
    signed_entry_timestamp: str = ""
    inclusion_proof: _Proof | None = None


class _Entry(msgspec.Struct, rename={"integrated_time": "integratedTime", "log_id": "logID", "log_index": "logIndex"}):
    body: str
    integrated_time: int
    log_id: str
    log_index: int
    verification: _Verification | None = None


def is_uuid(text: str) -> bool:
    """Whether it names an entry: a leaf's hash, with or without the id of its tree before it."""
    return _UUID.fullmatch(text) is not None


def read_entries(answer: bytes) -> tuple[LogEntry, ...]:
    """Read a map from UUID to entry, as Rekor's first API answers; raise InputError."""
    try:
        found = msgspec.json.decode(answer, type=dict[str, _Entry])
        return tuple(_entry(uuid, entry) for uuid, entry in found.items())
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, binascii.Error, ValueError) as error:
        raise InputError(str(error)) from error


def read_found(answer: bytes) -> tuple[LogEntry, ...]:
    """Read a list of such maps, as Rekor's first API answers a search; raise InputError."""
    try:
        found = msgspec.json.decode(answer, type=list[dict[str, _Entry]] | None) or []
        return tuple(_entry(uuid, entry) for entries in found for uuid, entry in entries.items())
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, binascii.Error, ValueError) as error:
        raise InputError(str(error)) from error


def read_uuids(answer: bytes) -> tuple[str, ...]:
    """Read a list of UUIDs, as Rekor's index answers; raise InputError."""
    try:
        found = msgspec.json.decode(answer, type=list[str] | None) or []
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(str(error)) from error
    if not all(map(is_uuid, found)):
        raise InputError("an entry's UUID is none")
    return tuple(dict.fromkeys(found))


def _entry(uuid: str, entry: _Entry) -> LogEntry:
    if not is_uuid(uuid):
        raise ValueError("an entry's UUID is none")
    verification = entry.verification or _Verification()
    proof = verification.inclusion_proof
    return LogEntry(
        log_id=bytes.fromhex(entry.log_id),
        log_index=entry.log_index,
        integrated_time=entry.integrated_time,
        body=_bytes(entry.body),
        promise=_bytes(verification.signed_entry_timestamp),
        proof=None if proof is None else _proof(proof),
        uuid=uuid,
    )


def _proof(proof: _Proof) -> InclusionProof:
    hashes = tuple(bytes.fromhex(text) for text in proof.hashes or ())
    root = bytes.fromhex(proof.root_hash)
    return InclusionProof(proof.log_index, proof.tree_size, root, hashes, proof.checkpoint)


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
