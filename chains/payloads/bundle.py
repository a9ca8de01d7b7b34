"""Sigstore bundles of version 0.3 and later that hold a DSSE envelope (protobuf-specs, sigstore_bundle.proto)."""

import base64
import re
from dataclasses import dataclass

import msgspec

from chains.errors import InputError
from chains.payloads.dsse import Envelope, read_envelope
from chains.payloads.payload import LogEntry
from chains.payloads.sigstore_bundle import read_log_entry

MEDIA_TYPE_PREFIX = "application/vnd.dev.sigstore.bundle"
SIGN_PREDICATE = "https://sigstore.dev/cosign/sign/v1"

_VERSION = re.compile(
    re.escape(MEDIA_TYPE_PREFIX) + r"(?:\.v([0-9]{1,4})\.([0-9]{1,4})\+json|\+json;version=([0-9]{1,4})\.([0-9]{1,4}))"
)
_OLDEST = (0, 3)


class _PublicKey(msgspec.Struct, frozen=True):
    hint: str = ""


class _Certificate(msgspec.Struct, frozen=True, rename="camel"):
    raw_bytes: str = ""


class _Checkpoint(msgspec.Struct, frozen=True):
    envelope: str = ""


class _InclusionProof(msgspec.Struct, frozen=True):
    checkpoint: _Checkpoint | None = None


class _LogEntry(msgspec.Struct, frozen=True, rename="camel"):
    inclusion_proof: _InclusionProof | None = None


class _Material(msgspec.Struct, frozen=True, rename="camel"):
    public_key: _PublicKey | None = None
    certificate: _Certificate | None = None
    x509_certificate_chain: msgspec.Raw | None = msgspec.field(name="x509CertificateChain", default=None)
    tlog_entries: msgspec.Raw = msgspec.Raw(b"[]")


class _Bundle(msgspec.Struct, frozen=True, rename="camel"):
    media_type: str
    verification_material: _Material
    dsse_envelope: msgspec.Raw = msgspec.Raw(b"null")


@dataclass(frozen=True, slots=True)
class Bundle:
    """A decoded bundle, unverified: its envelope as JSON and decoded, and what it offers to check it with.

    `certificate` is DER, empty where a public key is meant; `log_entry` is the first of `tlogEntries`.
    """

    envelope_json: bytes
    envelope: Envelope
    certificate: bytes
    log_entry: LogEntry | None


def read_bundle(data: bytes) -> Bundle:
    """Decode a bundle; raise InputError for what cosign skips: older versions, other contents, unproven log entries."""
    try:
        raw = msgspec.json.decode(data, type=_Bundle)
        material = raw.verification_material
        entries = msgspec.json.decode(material.tlog_entries, type=list[_LogEntry] | None) or []
        written = msgspec.json.decode(material.tlog_entries, type=list[msgspec.Raw] | None) or []
        certificate = base64.b64decode(material.certificate.raw_bytes, validate=True) if material.certificate else b""
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise InputError(f"this is no Sigstore bundle: {error}") from error
    _check(raw, entries)
    envelope_json = bytes(raw.dsse_envelope)
    if envelope_json == b"null":
        raise InputError("the bundle holds no DSSE envelope")
    envelope = read_envelope(envelope_json)
    if len(envelope.signatures) != 1:
        raise InputError(f"the bundle's envelope carries {len(envelope.signatures)} signatures instead of one")
    return Bundle(envelope_json, envelope, certificate, read_log_entry(bytes(written[0])) if written else None)


def _check(raw: _Bundle, entries: list[_LogEntry]) -> None:
    found = _VERSION.fullmatch(raw.media_type)
    numbers = [int(number) for number in found.groups() if number is not None] if found else []
    if tuple(numbers) < _OLDEST:
        raise InputError(f"the bundle's media type {raw.media_type[:80]!r} is not that of version 0.3 or later")
    material = raw.verification_material
    if material.x509_certificate_chain is not None or (material.public_key is None) == (material.certificate is None):
        raise InputError("the bundle names neither one public key nor one certificate")
    if any(entry.inclusion_proof is None or entry.inclusion_proof.checkpoint is None for entry in entries):
        raise InputError("the bundle's log entry has no inclusion proof with a checkpoint")
