"""Sigstore bundles v0.3 around a DSSE envelope, as cosign 3 writes and reads them."""

import base64
import binascii
import hashlib
from dataclasses import dataclass

import msgspec

from chains.errors import InputError
from chains.payloads.dsse import Envelope
from chains.payloads.payload import InclusionProof, LogEntry, Signature, SignedPayload
from chains.payloads.pem_block import der_of

BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
FAMILY = "application/vnd.dev.sigstore.bundle"


class _Camel(msgspec.Struct, rename="camel", omit_defaults=True):
    """A message in protobuf's JSON: whole numbers are texts, and what is zero or empty is left out."""


class _RawBytes(_Camel):
    raw_bytes: str = ""


class _Hint(_Camel):
    hint: str = ""


class _LogId(_Camel):
    key_id: str = ""


class _Kind(_Camel):
    kind: str = ""
    version: str = ""


class _Promise(_Camel):
    signed_entry_timestamp: str = ""


class _Checkpoint(_Camel):
    envelope: str = ""


class _Proof(_Camel):
    log_index: str = "0"
    root_hash: str = ""
    tree_size: str = "0"
    hashes: list[str] = []
    checkpoint: _Checkpoint | None = None


class _Entry(_Camel):
    log_index: str = "0"
    log_id: _LogId | None = None
    kind_version: _Kind | None = None
    integrated_time: str = "0"
    inclusion_promise: _Promise | None = None
    inclusion_proof: _Proof | None = None
    canonicalized_body: str = ""


class _Material(_Camel):
    public_key: _Hint | None = None
    certificate: _RawBytes | None = None
    tlog_entries: list[_Entry] = []


class _Sig(_Camel):
    sig: str = ""
    keyid: str = ""


class _Envelope(_Camel):
    payload: str = ""
    payload_type: str = ""
    signatures: list[_Sig] = []


class _Bundle(_Camel):
    media_type: str
    verification_material: _Material
    dsse_envelope: _Envelope | None = None


class _Body(_Camel):
    kind: str
    api_version: str


@dataclass(frozen=True, slots=True)
class SigstoreBundle:
    """What a bundle holds, unverified: an envelope, the certificate (DER) or a hint of the key, and log entries."""

    envelope: Envelope
    certificate: bytes
    key_hint: str
    log_entries: tuple[LogEntry, ...]


def write_bundle(signed: SignedPayload) -> bytes:
    """Return the bundle of an enveloped payload, without a key id, which cosign 3 cannot bear.

    Raise InputError for a bare payload, and for a signature that comes with neither certificate nor public key.
    """
    if signed.envelope is None:
        raise InputError("only what is signed in an envelope goes into a Sigstore bundle")
    payload, signature = signed.payload, signed.signature
    envelope = _Envelope(_text(payload.body), payload.media_type, [_Sig(_text(signature.raw))])
    entries = [] if signed.log_entry is None else [write_entry(signed.log_entry)]
    return msgspec.json.encode(_Bundle(BUNDLE, _material(signature, entries), envelope))


def read_bundle(content: bytes) -> SigstoreBundle:
    """Read a bundle of any version from 0.3 on that holds an envelope; raise InputError for everything else."""
    try:
        found = msgspec.json.decode(content, type=_Bundle)
        if found.dsse_envelope is None or not found.media_type.startswith(FAMILY):
            raise InputError("this Sigstore bundle holds no envelope")
        signatures = tuple(Signature(_bytes(one.sig), one.keyid) for one in found.dsse_envelope.signatures)
        material = found.verification_material
        return SigstoreBundle(
            Envelope(found.dsse_envelope.payload_type, _bytes(found.dsse_envelope.payload), signatures),
            _bytes(material.certificate.raw_bytes) if material.certificate else b"",
            material.public_key.hint if material.public_key else "",
            tuple(read_entry(entry) for entry in material.tlog_entries),
        )
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, binascii.Error, ValueError) as error:
        raise InputError(f"this is no Sigstore bundle: {error}") from error


def read_log_entry(content: bytes) -> LogEntry:
    """Read a log entry in protobuf's JSON, as Rekor's second API answers it; raise InputError."""
    try:
        return read_entry(msgspec.json.decode(content, type=_Entry))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, binascii.Error, ValueError) as error:
        raise InputError(f"this is no log entry: {error}") from error


def write_log_entry(entry: LogEntry) -> bytes:
    """Write a log entry in protobuf's JSON; raise InputError when its body is of no known form."""
    return msgspec.json.encode(write_entry(entry))


def write_entry(entry: LogEntry) -> "_Entry":
    """Put a log entry into the form that bundles hold it in; raise InputError when its body is of no known form."""
    try:
        body = msgspec.json.decode(entry.body, type=_Body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"the log entry's body is of no known form: {error}") from error
    return _Entry(
        log_index=str(entry.log_index),
        log_id=_LogId(_text(entry.log_id)),
        kind_version=_Kind(body.kind, body.api_version),
        integrated_time=str(entry.integrated_time),
        inclusion_promise=_Promise(_text(entry.promise)) if entry.promise else None,
        inclusion_proof=None if entry.proof is None else _written_proof(entry.proof),
        canonicalized_body=_text(entry.body),
    )


def read_entry(entry: "_Entry") -> LogEntry:
    """Take a log entry out of the form that bundles hold it in; raise ValueError where it is damaged.

    The time of an entry without a promise is nobody's word, and so is 0.
    """
    proof = entry.inclusion_proof
    return LogEntry(
        log_id=_bytes(entry.log_id.key_id) if entry.log_id else b"",
        log_index=int(entry.log_index),
        integrated_time=int(entry.integrated_time) if entry.inclusion_promise else 0,
        body=_bytes(entry.canonicalized_body),
        promise=_bytes(entry.inclusion_promise.signed_entry_timestamp) if entry.inclusion_promise else b"",
        proof=None if proof is None else _read_proof(proof),
    )


def _material(signature: Signature, entries: list["_Entry"]) -> _Material:
    if signature.certificate:
        der = der_of(signature.certificate.encode())
        return _Material(certificate=_RawBytes(_text(der)), tlog_entries=entries)
    if signature.public_key:
        hint = hashlib.sha256(der_of(signature.public_key)).digest()
        return _Material(public_key=_Hint(_text(hint)), tlog_entries=entries)
    raise InputError("a Sigstore bundle needs the certificate or the public key of its signature, and there is neither")


def _written_proof(proof: InclusionProof) -> _Proof:
    hashes, checkpoint = [_text(one) for one in proof.hashes], _Checkpoint(proof.checkpoint)
    return _Proof(str(proof.log_index), _text(proof.root_hash), str(proof.tree_size), hashes, checkpoint)


def _read_proof(proof: _Proof) -> InclusionProof:
    hashes = tuple(_bytes(one) for one in proof.hashes)
    checkpoint = proof.checkpoint.envelope if proof.checkpoint else ""
    return InclusionProof(int(proof.log_index), int(proof.tree_size), _bytes(proof.root_hash), hashes, checkpoint)


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
