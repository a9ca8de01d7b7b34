"""What is proposed to the log's first API: checked as Rekor does, signature and all, and canonicalised."""

import base64
import binascii
import hashlib
from collections.abc import Callable
from typing import TypeVar

import msgspec

from chains.errors import ChainsError, InputError
from chains.keys.verifier import KeyVerifier
from chains.payloads.dsse import pre_authentication_encoding, read_envelope

_T = TypeVar("_T")


class _Proposal(msgspec.Struct, rename="camel"):
    api_version: str
    kind: str
    spec: msgspec.Raw


class _Hash(msgspec.Struct):
    algorithm: str
    value: str


class _Data(msgspec.Struct):
    hash: _Hash | None = None
    content: str = ""


class _Content(msgspec.Struct):
    content: str


class _Signature(msgspec.Struct, rename="camel"):
    content: str
    public_key: _Content
    format: str = ""


class _Rekord(msgspec.Struct):
    data: _Data
    signature: _Signature


class _ProposedContent(msgspec.Struct):
    envelope: str
    verifiers: list[str]


class _Dsse(msgspec.Struct, rename="camel"):
    proposed_content: _ProposedContent


class _IntotoContent(msgspec.Struct):
    envelope: str


class _Intoto(msgspec.Struct, rename="camel"):
    content: _IntotoContent
    public_key: str


def canonicalise(proposal: bytes) -> bytes:
    """Return the body that goes into the log; raise InputError when the proposal or its signature does not hold."""
    try:
        read = _decode(proposal, _Proposal)
        canonical = _KINDS.get((read.kind, read.api_version))
        if canonical is None:
            raise InputError(f"entries of the kind {read.kind} {read.api_version} are not taken here")
        spec = canonical(read.spec)
    except (ChainsError, binascii.Error, UnicodeDecodeError) as error:
        raise InputError(f"error processing entry: {error}") from error
    return sorted_json({"apiVersion": read.api_version, "kind": read.kind, "spec": spec})


def sorted_json(value: object) -> bytes:
    """Write JSON as RFC 8785 does, for values of plain text and whole numbers."""
    return msgspec.json.encode(value, order="sorted")


def _hashed_rekord(raw: msgspec.Raw) -> object:
    found = _decode(raw, _Rekord)
    if found.data.hash is None:
        raise InputError("data.hash is missing")
    verifier, digest = _verifier(found.signature), bytes.fromhex(found.data.hash.value)
    verifier.verify_digest(found.data.hash.algorithm, digest, _bytes(found.signature.content))
    return {"data": {"hash": _hash(found.data.hash)}, "signature": _canonical(found.signature, verifier)}


def _rekord(raw: msgspec.Raw) -> object:
    found = _decode(raw, _Rekord)
    if found.signature.format != "x509":
        raise InputError("only signatures of the format x509 are taken here")
    verifier, content = _verifier(found.signature), _bytes(found.data.content)
    verifier.verify(content, _bytes(found.signature.content))
    signature = {**_canonical(found.signature, verifier), "format": "x509"}
    return {"data": {"hash": _hash_of(content)}, "signature": signature}


def _dsse(raw: msgspec.Raw) -> object:
    content = _decode(raw, _Dsse).proposed_content
    envelope = read_envelope(content.envelope.encode())
    if not content.verifiers or len(content.verifiers) != len(envelope.signatures):
        raise InputError("there must be one verifier for each signature")
    signatures = []
    for encoded, signature in zip(content.verifiers, envelope.signatures, strict=True):
        verifier = KeyVerifier.from_pem(_bytes(encoded))
        verifier.verify(pre_authentication_encoding(envelope.payload_type, envelope.body), signature.raw)
        signatures.append({"signature": _text(signature.raw), "verifier": _text(verifier.public_pem)})
    return {
        "envelopeHash": _hash_of(content.envelope.encode()),
        "payloadHash": _hash_of(envelope.body),
        "signatures": signatures,
    }


def _intoto(raw: msgspec.Raw) -> object:
    """The older kind for attestations, which cosign still proposes when it searches."""
    found = _decode(raw, _Intoto)
    content = found.content.envelope.encode()
    envelope, verifier = read_envelope(content), KeyVerifier.from_pem(_bytes(found.public_key))
    message = pre_authentication_encoding(envelope.payload_type, envelope.body)
    for signature in envelope.signatures:
        verifier.verify(message, signature.raw)
    if not envelope.signatures:
        raise InputError("the envelope has no signature")
    hashes = {"hash": _hash_of(content), "payloadHash": _hash_of(envelope.body)}
    return {"content": hashes, "publicKey": _text(verifier.public_pem)}


_KINDS: dict[tuple[str, str], Callable[[msgspec.Raw], object]] = {
    ("hashedrekord", "0.0.1"): _hashed_rekord,
    ("rekord", "0.0.1"): _rekord,
    ("dsse", "0.0.1"): _dsse,
    ("intoto", "0.0.1"): _intoto,
}


def _verifier(signature: _Signature) -> KeyVerifier:
    return KeyVerifier.from_pem(_bytes(signature.public_key.content))


def _canonical(signature: _Signature, verifier: KeyVerifier) -> dict[str, object]:
    return {"content": signature.content, "publicKey": {"content": _text(verifier.public_pem)}}


def _hash(found: _Hash) -> dict[str, str]:
    return {"algorithm": found.algorithm, "value": found.value}


def _hash_of(content: bytes) -> dict[str, str]:
    return {"algorithm": "sha256", "value": hashlib.sha256(content).hexdigest()}


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _decode(raw: bytes | msgspec.Raw, shape: type[_T]) -> _T:
    try:
        return msgspec.json.decode(raw, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"this is no entry: {error}") from error
