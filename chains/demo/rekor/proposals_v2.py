"""What is proposed to the log's second API: checked, signature and all, and canonicalised."""

import base64
import binascii
from dataclasses import dataclass
from typing import Any

import msgspec

from chains.demo.rekor.proposals import sorted_json
from chains.errors import ChainsError, InputError
from chains.keys.verifier import KeyVerifier
from chains.payloads.pem_block import pem_of
from chains.rekor.key_details import details_of

_DIGESTS = {"SHA256": "sha256", "SHA_256": "sha256", "SHA_384": "sha384", "SHA_512": "sha512"}


class _RawBytes(msgspec.Struct, rename="camel"):
    raw_bytes: str


class _Verifier(msgspec.Struct, rename="camel"):
    key_details: str
    public_key: _RawBytes | None = None


class _Signature(msgspec.Struct):
    content: str
    verifier: _Verifier


class _HashedRekord(msgspec.Struct):
    digest: str
    signature: _Signature


class _Request(msgspec.Struct):
    hashed_rekord: _HashedRekord | None = msgspec.field(name="hashedRekordRequestV002", default=None)


def canonicalise_v2(request: bytes) -> bytes:
    """Return the body that goes into the log; raise InputError when the request or its signature does not hold."""
    try:
        found = msgspec.json.decode(request, type=_Request)
        if found.hashed_rekord is not None:
            return _entry("hashedrekord", {"hashedRekordV002": _hashed_rekord(found.hashed_rekord)})
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, binascii.Error, ChainsError) as error:
        raise InputError(f"invalid request: {error}") from error
    raise InputError("invalid type, must be hashedrekord")


def _hashed_rekord(request: _HashedRekord) -> dict[str, Any]:
    key = _read_key(request.signature.verifier)
    key.verifier.verify_digest(key.algorithm, _bytes(request.digest), _bytes(request.signature.content))
    data = {"algorithm": key.algorithm.upper().replace("SHA", "SHA2_"), "digest": request.digest}
    return {"data": data, "signature": {"content": request.signature.content, "verifier": key.told}}


@dataclass(frozen=True, slots=True)
class _Key:
    """A key that is what its details say, the digest that its signatures are over, and how it was told."""

    verifier: KeyVerifier
    algorithm: str
    told: dict[str, Any]


def _read_key(found: _Verifier) -> _Key:
    if found.public_key is None:
        raise InputError("only public keys are taken here")
    pem = pem_of("PUBLIC KEY", _bytes(found.public_key.raw_bytes)).encode()
    algorithm = next((name for end, name in _DIGESTS.items() if found.key_details.endswith(end)), "")
    if not algorithm or details_of(pem, algorithm) != found.key_details:
        raise InputError(f"the key is not what {found.key_details!r} says")
    told = {"keyDetails": found.key_details, "publicKey": {"rawBytes": found.public_key.raw_bytes}}
    return _Key(KeyVerifier.from_pem(pem), algorithm, told)


def _entry(kind: str, spec: dict[str, Any]) -> bytes:
    return sorted_json({"apiVersion": "0.0.2", "kind": kind, "spec": spec})


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
