"""What the body of a log entry says: which signature, over what, by which key; in every kind that verifiers accept."""

import base64
import binascii
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from chains.artifacts.reference import shown
from chains.errors import InputError, VerificationError
from chains.payloads.dsse import signed_message
from chains.payloads.payload import SignedPayload
from chains.payloads.pem_block import der_of

DIGESTS = frozenset({"sha224", "sha256", "sha384", "sha512"})
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Body:
    """A body's content: `verifier` is the DER of a public key or certificate, `signature` None where none is told.

    One of the digests is told, as algorithm and hex: of the signed message, of an envelope, or of its payload.
    """

    signature: bytes | None
    verifier: bytes
    message_hash: tuple[str, str] | None = None
    envelope_hash: tuple[str, str] | None = None
    payload_hash: tuple[str, str] | None = None

    def check(self, signed: SignedPayload, public_key: bytes) -> None:
        """Return when it is about this signed payload and this public key (PEM); else raise VerificationError."""
        if self.signature is not None and self.signature != signed.signature.raw:
            raise VerificationError("the log entry is about another signature")
        certificate = signed.signature.certificate.encode()
        if self.verifier not in [der_of(pem) for pem in (public_key, certificate) if pem]:
            raise VerificationError("the log entry is about a signature by another key")
        told = (
            (self.message_hash, signed_message(signed)),
            (self.envelope_hash, signed.envelope),
            (self.payload_hash, signed.payload.body),
        )
        for wanted, content in told:
            if wanted is not None and (content is None or _digest(wanted[0], content) != wanted[1]):
                raise VerificationError("the log entry is about other content")


class _Entry(msgspec.Struct, rename="camel"):
    api_version: str
    kind: str
    spec: msgspec.Raw


def read_body(body: bytes) -> Body:
    """Read a body of any kind that verifiers accept; raise VerificationError for others, and for damaged ones."""
    entry = _decode(body, _Entry)
    read = _READERS.get((entry.kind, entry.api_version))
    if read is None:
        raise VerificationError(f"log entries of the kind {shown(entry.kind)} {shown(entry.api_version)} are not known")
    try:
        found = read(entry.spec)
    except (binascii.Error, ValueError, InputError) as error:
        raise VerificationError(f"the log entry's body is damaged: {error}") from error
    if not (found.message_hash or found.envelope_hash or found.payload_hash):
        raise VerificationError("the log entry's body does not say what was signed")
    return found


class _Hash(msgspec.Struct):
    algorithm: str
    value: str

    @property
    def told(self) -> tuple[str, str]:
        return self.algorithm, self.value


class _HashedData(msgspec.Struct):
    hash: _Hash


class _Content(msgspec.Struct):
    content: str


class _KeyedSignature(msgspec.Struct, rename="camel"):
    content: str
    public_key: _Content


class _HashedRekord(msgspec.Struct):
    data: _HashedData
    signature: _KeyedSignature


def _hashed_rekord(spec: msgspec.Raw) -> Body:
    found = _decode(spec, _HashedRekord)
    verifier = der_of(_bytes(found.signature.public_key.content))
    return Body(_bytes(found.signature.content), verifier, message_hash=found.data.hash.told)


class _VerifiedSignature(msgspec.Struct):
    signature: str
    verifier: str


class _Dsse(msgspec.Struct, rename="camel"):
    envelope_hash: _Hash
    payload_hash: _Hash
    signatures: list[_VerifiedSignature]


def _dsse(spec: msgspec.Raw) -> Body:
    found = _decode(spec, _Dsse)
    [signature] = found.signatures
    verifier = der_of(_bytes(signature.verifier))
    # Whoever re-writes the envelope as JSON changes its hash; signature and payload are what counts.
    return Body(_bytes(signature.signature), verifier, payload_hash=found.payload_hash.told)


class _IntotoContent(msgspec.Struct, rename="camel"):
    hash: _Hash
    payload_hash: _Hash | None = None


class _Intoto1(msgspec.Struct, rename="camel"):
    content: _IntotoContent
    public_key: str


def _intoto_1(spec: msgspec.Raw) -> Body:
    found = _decode(spec, _Intoto1)
    payload = found.content.payload_hash
    verifier = der_of(_bytes(found.public_key))
    return Body(None, verifier, envelope_hash=found.content.hash.told, payload_hash=payload.told if payload else None)


class _IntotoSignature(msgspec.Struct, rename="camel"):
    sig: str
    public_key: str


class _IntotoEnvelope(msgspec.Struct):
    signatures: list[_IntotoSignature]


class _IntotoContent2(_IntotoContent, kw_only=True):
    envelope: _IntotoEnvelope


class _Intoto2(msgspec.Struct):
    content: _IntotoContent2


def _intoto_2(spec: msgspec.Raw) -> Body:
    content = _decode(spec, _Intoto2).content
    [signature] = content.envelope.signatures
    payload = content.payload_hash
    # The signature was base64 before it was put into this base64.
    raw, verifier = _bytes(_bytes(signature.sig).decode()), der_of(_bytes(signature.public_key))
    return Body(raw, verifier, envelope_hash=content.hash.told, payload_hash=payload.told if payload else None)


class _RawBytes(msgspec.Struct, rename="camel"):
    raw_bytes: str


class _Verifier2(msgspec.Struct, rename="camel"):
    public_key: _RawBytes | None = None
    x509_certificate: _RawBytes | None = None

    @property
    def der(self) -> bytes:
        found = self.public_key or self.x509_certificate
        if found is None:
            raise InputError("it names neither key nor certificate")
        return _bytes(found.raw_bytes)


class _Signature2(msgspec.Struct):
    content: str
    verifier: _Verifier2


class _Digest2(msgspec.Struct):
    algorithm: str
    digest: str

    @property
    def told(self) -> tuple[str, str]:
        return self.algorithm.replace("SHA2_", "sha"), _bytes(self.digest).hex()


class _HashedRekord2(msgspec.Struct):
    data: _Digest2
    signature: _Signature2


class _HashedRekordSpec2(msgspec.Struct, rename={"spec": "hashedRekordV002"}):
    spec: _HashedRekord2


def _hashed_rekord_2(spec: msgspec.Raw) -> Body:
    found = _decode(spec, _HashedRekordSpec2).spec
    return Body(_bytes(found.signature.content), found.signature.verifier.der, message_hash=found.data.told)


class _Dsse2(msgspec.Struct, rename="camel"):
    payload_hash: _Digest2
    signatures: list[_Signature2]


class _DsseSpec2(msgspec.Struct, rename={"spec": "dsseV002"}):
    spec: _Dsse2


def _dsse_2(spec: msgspec.Raw) -> Body:
    found = _decode(spec, _DsseSpec2).spec
    [signature] = found.signatures
    return Body(_bytes(signature.content), signature.verifier.der, payload_hash=found.payload_hash.told)


_READERS: dict[tuple[str, str], Callable[[msgspec.Raw], Body]] = {
    ("hashedrekord", "0.0.1"): _hashed_rekord,
    ("rekord", "0.0.1"): _hashed_rekord,
    ("dsse", "0.0.1"): _dsse,
    ("intoto", "0.0.1"): _intoto_1,
    ("intoto", "0.0.2"): _intoto_2,
    ("hashedrekord", "0.0.2"): _hashed_rekord_2,
    ("dsse", "0.0.2"): _dsse_2,
}


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def _digest(algorithm: str, content: bytes) -> str:
    if algorithm not in DIGESTS:
        raise VerificationError(f"the log entry goes by the digest {shown(algorithm)}, which is not known here")
    return hashlib.new(algorithm, content).hexdigest()


def _decode(raw: bytes | msgspec.Raw, shape: type[_T]) -> _T:
    try:
        return msgspec.json.decode(raw, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise VerificationError(f"the log entry's body is not of its form: {error}") from error
