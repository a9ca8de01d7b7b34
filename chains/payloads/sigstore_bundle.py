"""Sigstore bundles from version 0.3 on around a DSSE envelope, as cosign 3 writes and reads them."""

import binascii
import hashlib
import re
from dataclasses import dataclass

import msgspec

from chains.errors import InputError
from chains.payloads.dsse import Envelope, read_envelope
from chains.payloads.log_entry_json import Entry, Message, from_text, read_entry, to_text, write_entry
from chains.payloads.payload import LogEntry, Signature, SignedPayload
from chains.payloads.pem_block import der_of

BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
FAMILY = "application/vnd.dev.sigstore.bundle"
SIGN_PREDICATE = "https://sigstore.dev/cosign/sign/v1"

_VERSION = re.compile(
    re.escape(FAMILY) + r"(?:\.v([0-9]{1,4})\.([0-9]{1,4})\+json|\+json;version=([0-9]{1,4})\.([0-9]{1,4}))"
)
_OLDEST = (0, 3)
_NULL = b"null"


class _RawBytes(Message):
    raw_bytes: str = ""


class _Hint(Message):
    hint: str = ""


class _Material(Message):
    public_key: _Hint | None = None
    certificate: _RawBytes | None = None
    x509_certificate_chain: msgspec.Raw = msgspec.field(name="x509CertificateChain", default=msgspec.Raw(_NULL))
    tlog_entries: tuple[Entry, ...] | None = ()


class _Sig(Message):
    sig: str = ""


class _Envelope(Message):
    payload: str = ""
    payload_type: str = ""
    signatures: tuple[_Sig, ...] = ()


class _Bundle(Message):
    media_type: str
    verification_material: _Material
    dsse_envelope: msgspec.Raw = msgspec.Raw(_NULL)


@dataclass(frozen=True, slots=True)
class Bundle:
    """What a bundle holds, unverified: its envelope as JSON and decoded, and what it offers to check it with.

    `certificate` is DER, empty where a public key is meant.
    """

    envelope_json: bytes
    envelope: Envelope
    certificate: bytes
    log_entries: tuple[LogEntry, ...]


def write_bundle(signed: SignedPayload) -> bytes:
    """Return the bundle of an enveloped payload, without a key id, which cosign 3 cannot bear.

    Raise InputError for a bare payload, and for a signature that comes with neither certificate nor public key.
    """
    if signed.envelope is None:
        raise InputError("only what is signed in an envelope goes into a Sigstore bundle")
    payload, signature = signed.payload, signed.signature
    envelope = _Envelope(to_text(payload.body), payload.media_type, (_Sig(to_text(signature.raw)),))
    entries = () if signed.log_entry is None else (write_entry(signed.log_entry),)
    return msgspec.json.encode(
        _Bundle(BUNDLE, _material(signature, entries), msgspec.Raw(msgspec.json.encode(envelope)))
    )


def read_bundle(content: bytes) -> Bundle:
    """Read whatever bundle holds an envelope; raise InputError for everything else."""
    return _bundle(_decoded(content))


def read_usable_bundle(content: bytes) -> Bundle:
    """Read a bundle that can prove something.

    Raise InputError for what cosign skips: older versions, other contents, unproven log entries.
    """
    raw = _decoded(content)
    found = _VERSION.fullmatch(raw.media_type)
    numbers = [int(number) for number in found.groups() if number is not None] if found else []
    if tuple(numbers) < _OLDEST:
        raise InputError(f"the bundle's media type {raw.media_type[:80]!r} is not that of version 0.3 or later")
    material = raw.verification_material
    chained = bytes(material.x509_certificate_chain) != _NULL
    if chained or (material.public_key is None) == (material.certificate is None):
        raise InputError("the bundle names neither one public key nor one certificate")
    proofs = [entry.inclusion_proof for entry in material.tlog_entries or ()]
    if any(proof is None or proof.checkpoint is None for proof in proofs):
        raise InputError("the bundle's log entry has no inclusion proof with a checkpoint")
    bundle = _bundle(raw)
    if len(bundle.envelope.signatures) != 1:
        raise InputError(f"the bundle's envelope carries {len(bundle.envelope.signatures)} signatures instead of one")
    return bundle


def _decoded(content: bytes) -> _Bundle:
    try:
        found = msgspec.json.decode(content, type=_Bundle)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"this is no Sigstore bundle: {error}") from error
    if bytes(found.dsse_envelope) == _NULL or not found.media_type.startswith(FAMILY):
        raise InputError("this Sigstore bundle holds no DSSE envelope")
    return found


def _bundle(raw: _Bundle) -> Bundle:
    material, envelope_json = raw.verification_material, bytes(raw.dsse_envelope)
    try:
        certificate = from_text(material.certificate.raw_bytes) if material.certificate else b""
        entries = tuple(read_entry(entry) for entry in material.tlog_entries or ())
    except (binascii.Error, ValueError) as error:
        raise InputError(f"this is no Sigstore bundle: {error}") from error
    return Bundle(envelope_json, read_envelope(envelope_json), certificate, entries)


def _material(signature: Signature, entries: tuple[Entry, ...]) -> _Material:
    if signature.certificate:
        der = der_of(signature.certificate.encode())
        return _Material(certificate=_RawBytes(to_text(der)), tlog_entries=entries)
    if signature.public_key:
        hint = hashlib.sha256(der_of(signature.public_key)).digest()
        return _Material(public_key=_Hint(to_text(hint)), tlog_entries=entries)
    raise InputError("a Sigstore bundle needs the certificate or the public key of its signature, and there is neither")
