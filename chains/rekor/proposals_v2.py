"""What a log is asked to take: the requests of Rekor's second API, and the bodies that they become."""

import base64
import hashlib

import msgspec

from chains.payloads.dsse import signed_message
from chains.payloads.payload import SignedPayload
from chains.payloads.pem_block import der_of
from chains.rekor.key_details import details_of
from chains.rekor.proposals import verifier_of


def propose_v2(signed: SignedPayload) -> tuple[bytes, bytes]:
    """Return the request and the body that the log makes of it: always a `hashedrekord` of the message that was signed.

    The server takes nothing else any more. Raise EdgeError for a key that it has no name for.
    """
    pem, signature = verifier_of(signed), signed.signature
    material = {"rawBytes": _text(der_of(pem))}
    verifier = {
        "x509Certificate" if signature.certificate else "publicKey": material,
        "keyDetails": details_of(pem, signature.digest),
    }
    digest = _text(hashlib.new(signature.digest, signed_message(signed)).digest())
    told = {"content": _text(signature.raw), "verifier": verifier}
    algorithm = signature.digest.upper().replace("SHA", "SHA2_")
    entry = {
        "apiVersion": "0.0.2",
        "kind": "hashedrekord",
        "spec": {"hashedRekordV002": {"data": {"algorithm": algorithm, "digest": digest}, "signature": told}},
    }
    request = {"hashedRekordRequestV002": {"digest": digest, "signature": told}}
    return msgspec.json.encode(request), msgspec.json.encode(entry, order="sorted")


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
