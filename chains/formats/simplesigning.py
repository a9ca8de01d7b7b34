"""What cosign signs for an image: the simple-signing payload, and the statement that stands for it in bundles."""

import msgspec

from chains.artifacts.hints import BuildImage
from chains.payloads.payload import COSIGN_SIGN

_PAYLOAD = (
    b'{"critical":{"identity":{"docker-reference":%s},"image":{"docker-manifest-digest":%s},'
    b'"type":"cosign container image signature"},"optional":null}'
)


_STATEMENT = (
    b'{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":%s},"annotations":{}}],'
    b'"predicateType":%s,"predicate":{}}'
)


def write_claim(image: BuildImage) -> bytes:
    """Return the exact bytes cosign signs for an image: this order, no white space, no tag."""
    return _PAYLOAD % (msgspec.json.encode(image.name), msgspec.json.encode(str(image.digest)))


def write_signing_statement(image: BuildImage) -> bytes:
    """Return the exact bytes cosign 3 signs for an image: its digest, no name, and an empty predicate."""
    return _STATEMENT % (msgspec.json.encode(image.digest.hex), msgspec.json.encode(COSIGN_SIGN))
