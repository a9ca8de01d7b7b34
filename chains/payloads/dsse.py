"""The DSSE envelope and its pre-authentication encoding (Dead Simple Signing Envelope, protocol 1.0.2)."""

import base64
from dataclasses import dataclass

import msgspec

from chains.errors import InputError
from chains.payloads.payload import Signature, SignedPayload


def pre_authentication_encoding(payload_type: str, body: bytes) -> bytes:
    """Return the bytes that are signed: `DSSEv1 SP len SP type SP len SP body`, lengths in bytes."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(body), body)


def envelope(payload_type: str, body: bytes, signature: Signature) -> bytes:
    """Return the envelope as Tekton Chains writes it: compact JSON, members in this order, one signature."""
    return b'{"payloadType":%s,"payload":"%s","signatures":[{"keyid":%s,"sig":"%s"}]}' % (
        msgspec.json.encode(payload_type),
        base64.b64encode(body),
        msgspec.json.encode(signature.key_id),
        base64.b64encode(signature.raw),
    )


def signed_message(signed: SignedPayload) -> bytes:
    """Return the bytes that a signature was made over: the payload, or its pre-authentication encoding."""
    payload = signed.payload
    if signed.envelope is None:
        return payload.body
    return pre_authentication_encoding(payload.media_type, payload.body)


class _Signature(msgspec.Struct, frozen=True):
    sig: str
    keyid: str = ""


class _Envelope(msgspec.Struct, frozen=True, rename="camel"):
    payload_type: str
    payload: str
    signatures: list[_Signature]


@dataclass(frozen=True, slots=True)
class Envelope:
    """A decoded envelope: the payload's bytes and every signature on it, unverified."""

    payload_type: str
    body: bytes
    signatures: tuple[Signature, ...]


def read_envelope(data: bytes) -> Envelope:
    """Decode an envelope; raise InputError when it is none."""
    try:
        raw = msgspec.json.decode(data, type=_Envelope)
        return Envelope(
            raw.payload_type,
            base64.b64decode(raw.payload, validate=True),
            tuple(Signature(base64.b64decode(s.sig, validate=True), s.keyid) for s in raw.signatures),
        )
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise InputError(f"this is no DSSE envelope: {error}") from error
