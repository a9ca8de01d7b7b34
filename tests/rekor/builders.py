"""Builders for the transparency log's tests: signed payloads, clients, and what real programs recorded."""

import json
from pathlib import Path
from typing import Any

from chains.artifacts.reference import Digest, ImageReference, Repository
from chains.demo.rekor.server import RekorServer
from chains.keys.generate import new_signer
from chains.keys.signer import KeySigner
from chains.payloads.dsse import envelope, pre_authentication_encoding
from chains.payloads.payload import IN_TOTO, SIMPLE_SIGNING, Payload, SignedPayload
from chains.rekor.limits import Limits
from chains.rekor.log_key import LogKey
from chains.rekor.log_v1 import LogV1
from chains.rekor.log_v2 import LogV2

CAPTURES = Path(__file__).parent / "captures"
IMAGE = ImageReference(Repository("registry.example.com", "team/app"), Digest("sha256", "a1" * 32))


def recorded(name: str) -> bytes:
    """What cosign or its verifiers were given once."""
    return (CAPTURES / name).read_bytes()


def recorded_annotation(name: str) -> str:
    """The log entry that a recorded manifest's only layer is annotated with."""
    [layer] = json.loads(recorded(name))["layers"]
    found: Any = layer["annotations"]["dev.sigstore.cosign/bundle"]
    return str(found)


async def signed_image(signer: KeySigner | None = None, body: bytes = b'{"critical":{}}') -> SignedPayload:
    """An image signature."""
    signer = signer or new_signer()
    return SignedPayload(Payload(body, SIMPLE_SIGNING, "", "short", (IMAGE,)), await signer.sign(body), None)


async def attestation(signer: KeySigner | None = None, body: bytes = b'{"predicateType":"t"}') -> SignedPayload:
    """An attestation in its envelope."""
    signer = signer or new_signer()
    signature = await signer.sign(pre_authentication_encoding(IN_TOTO, body))
    return SignedPayload(Payload(body, IN_TOTO, "t", "run", (IMAGE,)), signature, envelope(IN_TOTO, body, signature))


def client(server: RekorServer, **limits: Any) -> LogV1:
    """A client that knows the server's key."""
    return LogV1(server.url, (key_of(server),), limits=Limits(**limits))


def client_v2(server: RekorServer, **limits: Any) -> LogV2:
    """A client of the second API that knows the server's key."""
    return LogV2(server.url, (key_of(server),), limits=Limits(**limits))


def key_of(server: RekorServer) -> LogKey:
    """The server's key."""
    return LogKey.from_pem(server.public_key)
