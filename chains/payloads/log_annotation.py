"""A log entry as cosign's annotation `dev.sigstore.cosign/bundle`, to the byte."""

import base64
import binascii

import msgspec

from chains.errors import InputError
from chains.payloads.payload import LogEntry


class _Payload(
    msgspec.Struct, rename={"integrated_time": "integratedTime", "log_index": "logIndex", "log_id": "logID"}
):
    body: str
    integrated_time: int
    log_index: int
    log_id: str


class _Bundle(msgspec.Struct, rename={"promise": "SignedEntryTimestamp", "payload": "Payload"}):
    promise: str
    payload: _Payload


def write_annotation(entry: LogEntry) -> str:
    """Return the annotation's text, or nothing for an entry without a signed timestamp, which it cannot hold."""
    if not entry.promise:
        return ""
    body = base64.b64encode(entry.body).decode()
    payload = _Payload(body, entry.integrated_time, entry.log_index, entry.log_id.hex())
    return msgspec.json.encode(_Bundle(base64.b64encode(entry.promise).decode(), payload)).decode()


def read_annotation(text: str) -> LogEntry:
    """Return the entry, unverified; raise InputError for a text that holds none."""
    try:
        bundle = msgspec.json.decode(text, type=_Bundle)
        payload = bundle.payload
        return LogEntry(
            log_id=bytes.fromhex(payload.log_id),
            log_index=payload.log_index,
            integrated_time=payload.integrated_time,
            body=base64.b64decode(payload.body, validate=True),
            promise=base64.b64decode(bundle.promise, validate=True),
        )
    except (msgspec.DecodeError, UnicodeError, RecursionError, binascii.Error, ValueError) as error:
        raise InputError(f"this is no log entry as cosign annotates it: {error}") from error
