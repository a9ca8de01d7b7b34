"""A transparency log's public key, and the names it goes by."""

import base64
import binascii
import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Self

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from chains.errors import InputError, VerificationError
from chains.payloads.pem_block import der_of

_Key = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey
_NOTE_ED25519 = b"\x01"


@dataclass(frozen=True, slots=True, eq=False)
class LogKey:
    """One log's key; `log_id` is the sha256 of its SubjectPublicKeyInfo, which names the log in entries of Rekor v1.

    `told_id` is another name that a trusted root gives it, `valid` the seconds since 1970 from when to when the log
    signed with it; None where that is open.
    """

    log_id: bytes
    _key: _Key = field(repr=False)
    told_id: bytes = b""
    valid: tuple[float | None, float | None] = (None, None)

    @classmethod
    def from_pem(cls, pem: bytes) -> Self:
        """Read a `PUBLIC KEY`: ECDSA, Ed25519 or RSA; raise InputError."""
        return cls.from_der(der_of(pem))

    @classmethod
    def from_der(cls, der: bytes) -> Self:
        """Read a SubjectPublicKeyInfo; raise InputError."""
        try:
            key = load_der_public_key(der)
        except (ValueError, UnsupportedAlgorithm) as error:
            raise InputError("the log's public key cannot be read: it is damaged or of an unknown kind") from error
        if not isinstance(key, _Key):
            raise InputError("the log's public key is neither ECDSA nor Ed25519 nor RSA, and logs sign with these")
        return cls(hashlib.sha256(der).digest(), key)

    def names(self, origin: str) -> tuple[bytes, ...]:
        """Return what it may be called: its id, and for Ed25519 the id that signed notes give it under an origin."""
        told = (self.told_id,) if self.told_id else ()
        if not isinstance(self._key, ed25519.Ed25519PublicKey):
            return self.log_id, *told
        raw = self._key.public_bytes(Encoding.Raw, PublicFormat.Raw)
        return self.log_id, hashlib.sha256(origin.encode() + b"\n" + _NOTE_ED25519 + raw).digest(), *told

    def check_time(self, integrated: int | None) -> None:
        """Raise VerificationError for an entry of a time, in seconds since 1970, at which the key was not in use.

        Of an entry whose time the log has not signed, None, it cannot be told whether a key out of use was in use then.
        """
        first, last = self.valid
        if integrated is None:
            if last is not None and last < time.time():
                out = f"the log's key {self.log_id.hex()} is out of use"
                raise VerificationError(f"{out}, and the log has not signed when it took the entry")
            return
        if (first is not None and integrated < first) or (last is not None and integrated > last):
            moment = datetime.fromtimestamp(integrated, UTC).isoformat()
            raise VerificationError(f"the entry is of {moment}, when the log's key {self.log_id.hex()} was not in use")

    def verify(self, message: bytes, signature: bytes, what: str) -> None:
        """Return when the signature is this key's over the message, else raise VerificationError, which says `what`."""
        try:
            if isinstance(self._key, ec.EllipticCurvePublicKey):
                self._key.verify(signature, message, ec.ECDSA(hashes.SHA256()))
            elif isinstance(self._key, rsa.RSAPublicKey):
                self._key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
            else:
                self._key.verify(signature, message)
        except InvalidSignature as error:
            raise VerificationError(f"{what} is not signed by the log's key {self.log_id.hex()}") from error


def read_log_keys(content: bytes) -> tuple[LogKey, ...]:
    """Read the keys of a PEM file, or of a Sigstore trusted root in JSON; raise InputError for neither."""
    keys = _in_trusted_root(content) if content.lstrip().startswith(b"{") else _in_pem(content)
    if not keys:
        raise InputError("there is no public key of a transparency log in it")
    return keys


def key_of(log_id: bytes, keys: Sequence[LogKey], origin: str = "") -> LogKey:
    """Return the key of that id; raise VerificationError when it is none of these."""
    for key in keys:
        if log_id in key.names(origin):
            return key
    known = ", ".join(key.log_id.hex() for key in keys)
    raise VerificationError(f"the entry is of the log {log_id.hex()}, and the log's key is known for {known}")


def _in_pem(content: bytes) -> tuple[LogKey, ...]:
    end = b"-----END PUBLIC KEY-----"
    return tuple(LogKey.from_pem(block + end) for block in content.split(end)[:-1])


class _Validity(msgspec.Struct, frozen=True):
    start: datetime | None = None
    end: datetime | None = None

    @property
    def seconds(self) -> tuple[float | None, float | None]:
        """From when to when, in seconds since 1970."""
        return self.start.timestamp() if self.start else None, self.end.timestamp() if self.end else None


class _PublicKey(msgspec.Struct, rename="camel"):
    raw_bytes: str
    valid_for: _Validity | None = None


class _LogId(msgspec.Struct, frozen=True, rename="camel"):
    key_id: str = ""


class _Log(msgspec.Struct, rename="camel"):
    public_key: _PublicKey
    log_id: _LogId = _LogId()

    @property
    def key(self) -> LogKey:
        """The log's key, as far as it can be read."""
        key = LogKey.from_der(base64.b64decode(self.public_key.raw_bytes, validate=True))
        told = base64.b64decode(self.log_id.key_id, validate=True)
        return replace(key, told_id=told, valid=(self.public_key.valid_for or _Validity()).seconds)


class _TrustedRoot(msgspec.Struct, rename="camel"):
    tlogs: list[msgspec.Raw] = []
    certificate_authorities: list[msgspec.Raw] = []
    ctlogs: list[msgspec.Raw] = []
    timestamp_authorities: list[msgspec.Raw] = []


def unused_in(content: bytes) -> tuple[str, ...]:
    """Return what else a trusted root holds, which only keyless verification needs; nothing for a PEM file."""
    if not content.lstrip().startswith(b"{"):
        return ()
    root = _trusted_root(content)
    parts = {
        "certificate authorities": root.certificate_authorities,
        "certificate transparency logs": root.ctlogs,
        "timestamp authorities": root.timestamp_authorities,
    }
    return tuple(name for name, held in parts.items() if held)


def _in_trusted_root(content: bytes) -> tuple[LogKey, ...]:
    """Return the keys that can be read: one of a kind that is not known yet leaves the others of use."""
    keys: list[LogKey] = []
    why: Exception | None = None
    for log in _trusted_root(content).tlogs:
        try:
            keys.append(msgspec.json.decode(log, type=_Log).key)
        except (InputError, msgspec.DecodeError, binascii.Error, ValueError, OverflowError, RecursionError) as error:
            why = error
    if why is not None and not keys:
        raise InputError(f"no log's key in this trusted root can be read: {why}") from why
    return tuple(keys)


def _trusted_root(content: bytes) -> _TrustedRoot:
    try:
        return msgspec.json.decode(content, type=_TrustedRoot)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"this is no Sigstore trusted root: {error}") from error
