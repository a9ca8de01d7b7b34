"""cosign's simple-signing payload: the claim that a signature on an image makes."""

import msgspec

from chains.artifacts.hints import BuildImage

_PAYLOAD = (
    b'{"critical":{"identity":{"docker-reference":%s},"image":{"docker-manifest-digest":%s},'
    b'"type":"cosign container image signature"},"optional":null}'
)


def write_claim(image: BuildImage) -> bytes:
    """Return the exact bytes cosign signs for an image: this order, no white space, no tag."""
    return _PAYLOAD % (msgspec.json.encode(image.name), msgspec.json.encode(str(image.digest)))
