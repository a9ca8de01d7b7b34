"""A log's entries as Rekor's first API writes them."""

import base64
from typing import Any

from chains.payloads.payload import LogEntry

Document = dict[str, Any]


def entry_document(entry: LogEntry) -> Document:
    """Return a map from the entry's UUID to the entry."""
    written: Document = {
        "body": _text(entry.body),
        "integratedTime": entry.integrated_time,
        "logID": entry.log_id.hex(),
        "logIndex": entry.log_index,
        "verification": {"signedEntryTimestamp": _text(entry.promise)},
    }
    if entry.proof is not None:
        written["verification"]["inclusionProof"] = {
            "checkpoint": entry.proof.checkpoint,
            "hashes": [one.hex() for one in entry.proof.hashes],
            "logIndex": entry.proof.log_index,
            "rootHash": entry.proof.root_hash.hex(),
            "treeSize": entry.proof.tree_size,
        }
    return {entry.uuid: written}


def refusal(code: int, message: str) -> Document:
    """Return what is answered to what is refused."""
    return {"code": code, "message": message}


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
