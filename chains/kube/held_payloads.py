"""What the store named "tekton" left on a run: signed payloads out of its annotations, unverified."""

import base64
import hashlib
from collections.abc import Mapping

from chains.errors import InputError
from chains.payloads.candidate import Candidate, Layout
from chains.payloads.dsse import read_envelope
from chains.payloads.payload import SIMPLE_SIGNING, Payload, Signature, SignedPayload
from chains.runs.marks import PREFIX

_SIGNATURE = f"{PREFIX}signature-"
# Statements are kept under the kind and uid of their run, signatures of images under a piece of the image's digest.
_STATEMENTS = ("taskrun-", "pipelinerun-")


def held_payloads(annotations: Mapping[str, str]) -> dict[str, Candidate]:
    """Return the candidates in a run's annotations by their short key; what cannot be read is one with a fault."""
    keys = [name.removeprefix(_SIGNATURE) for name in annotations if name.startswith(_SIGNATURE)]
    return {key: _candidate(key, annotations) for key in keys}


def _candidate(key: str, annotations: Mapping[str, str]) -> Candidate:
    text = annotations[_SIGNATURE + key]
    name = f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
    try:
        content = base64.b64decode(text, validate=True)
        name = f"sha256:{hashlib.sha256(content).hexdigest()}"
        certificate, chain = (_text(annotations.get(f"{PREFIX}{what}-{key}", "")) for what in ("cert", "chain"))
        if key.startswith(_STATEMENTS):
            envelope = read_envelope(content)
            payload = Payload(envelope.body, envelope.payload_type, "", key, ())
            signed = tuple(
                SignedPayload(payload, Signature(one.raw, one.key_id, certificate, chain), content)
                for one in envelope.signatures
            )
            return Candidate(Layout.RUN, name, signed, "" if signed else "the envelope carries no signature")
        body = base64.b64decode(annotations.get(f"{PREFIX}payload-{key}", ""), validate=True)
        payload = Payload(body, SIMPLE_SIGNING, "", key, ())
        return Candidate(Layout.RUN, name, (SignedPayload(payload, Signature(content, "", certificate, chain), None),))
    except (InputError, ValueError) as error:
        return Candidate(Layout.RUN, name, fault=f"the annotation {PREFIX}signature-{key} cannot be read: {error}")


def _text(encoded: str) -> str:
    return base64.b64decode(encoded, validate=True).decode()
