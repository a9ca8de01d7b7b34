"""What a log is asked to take: the proposed entries of Rekor's first API."""

import base64
import hashlib

import msgspec

from chains.errors import EdgeError
from chains.payloads.dsse import signed_message
from chains.payloads.payload import SignedPayload
from chains.payloads.pem_block import der_of

# The lead of an Ed25519 key's SubjectPublicKeyInfo.
_ED25519 = bytes.fromhex("302a300506032b6570032100")


class _Proposal(msgspec.Struct, rename="camel"):
    api_version: str
    spec: object
    kind: str


def verifier_of(signed: SignedPayload) -> bytes:
    """Return the certificate or public key (PEM) that a log checks the signature with; raise EdgeError for neither."""
    verifier = signed.signature.certificate.encode() or signed.signature.public_key
    if not verifier:
        raise EdgeError(
            "the signature comes without its public key, and a transparency log takes none without", transient=False
        )
    return verifier


def is_ed25519(verifier: bytes) -> bool:
    """Whether a PEM holds an Ed25519 key; its signatures cannot be checked from a hash of what they are over."""
    return der_of(verifier).startswith(_ED25519)


def propose(signed: SignedPayload) -> bytes:
    """Return the entry to upload: `dsse` for an envelope, `hashedrekord` for bare content, `rekord` with Ed25519."""
    verifier = verifier_of(signed)
    if signed.envelope is not None:
        content = {"envelope": signed.envelope.decode(), "verifiers": [_text(verifier)]}
        return _written("dsse", {"proposedContent": content})
    signature = {"content": _text(signed.signature.raw), "publicKey": {"content": _text(verifier)}}
    if is_ed25519(verifier):
        spec = {"data": {"content": _text(signed.payload.body)}, "signature": {"format": "x509", **signature}}
        return _written("rekord", spec)
    algorithm = signed.signature.digest
    value = hashlib.new(algorithm, signed_message(signed)).hexdigest()
    return _written(
        "hashedrekord", {"data": {"hash": {"algorithm": algorithm, "value": value}}, "signature": signature}
    )


def _written(kind: str, spec: dict[str, object]) -> bytes:
    return msgspec.json.encode(_Proposal("0.0.1", spec, kind))


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
