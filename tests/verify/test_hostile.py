"""Hostile neighbours: whatever stands beside a good signature, it still verifies."""

import json

import pytest

from chains.cli.terminal import printable
from chains.errors import EdgeError, VerificationError
from chains.pipeline.strict import check_strict
from chains.pipeline.verify import NoneHoldsError, verify_attestations, verify_signatures
from tests.verify.builders import Shelf, digest_of, key, recorded, stored

DEEP = b"[" * 100_000 + b"]" * 100_000
SLSA = "https://slsa.dev/provenance/v0.2"
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
HOSTILE = {
    "deep": b'{"x":' + DEEP + b"}",
    "empty": b"",
    "null": b"null",
    "array": b"[]",
    "not text": b"\xff\xfe",
    "no base64": '{"payloadType":"t","payload":"é","signatures":[{"sig":"é"}]}'.encode(),
    "huge number": b'{"payloadType":1e999,"payload":"","signatures":[]}',
    "no signatures": b'{"payloadType":"application/vnd.in-toto+json","payload":"e30=","signatures":[]}',
    "null subject": b'{"payloadType":"t","payload":"eyJzdWJqZWN0IjpbbnVsbF19","signatures":[{"sig":"YQ=="}]}',
}


def with_layer(manifest: bytes, layer: object) -> bytes:
    """The manifest with a layer before its own."""
    document = json.loads(manifest)
    document["layers"].insert(0, layer)
    return json.dumps(document).encode()


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
async def test_a_hostile_layer_hides_nothing(body: bytes) -> None:
    image, shelf = recorded("c25/app")
    annotations = {"dev.cosignproject.cosign/signature": "YQ=="}
    layer = {"digest": str(digest_of(body)), "size": len(body), "annotations": annotations}
    shelf.blobs[digest_of(body)] = body
    shelf.tags = {suffix: with_layer(manifest, layer) for suffix, manifest in shelf.tags.items()}
    verifier = key("k25/cosign.pub")
    for verified in (
        await verify_signatures(image, stored(shelf), verifier),
        await verify_attestations(image, stored(shelf), verifier, SLSA),
    ):
        assert len(verified.accepted) == 1
        assert verified.refusals


@pytest.mark.parametrize("annotation", ["é", "%%", "", "YQ"])
async def test_a_signature_that_is_no_base64_hides_nothing(annotation: str) -> None:
    image, shelf = recorded("c25/app")
    layer = json.loads(shelf.tags[".sig"])["layers"][0]
    layer["annotations"] = {"dev.cosignproject.cosign/signature": annotation}
    shelf.tags[".sig"] = with_layer(shelf.tags[".sig"], layer)
    assert len((await verify_signatures(image, stored(shelf), key("k25/cosign.pub"))).accepted) == 1


@pytest.mark.parametrize("layer", [None, 1, {}, {"digest": "sha256:../../x", "size": 1}, {"digest": "x", "size": -1}])
async def test_a_layer_that_is_none_hides_nothing(layer: object) -> None:
    image, shelf = recorded("c25/app")
    shelf.tags[".sig"] = with_layer(shelf.tags[".sig"], layer)
    assert (await verify_signatures(image, stored(shelf), key("k25/cosign.pub"))).accepted


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
async def test_a_hostile_referrer_or_bundle_hides_nothing(body: bytes) -> None:
    image, shelf = recorded("c31bundle/app")
    layer = {"digest": str(digest_of(body)), "size": len(body), "mediaType": BUNDLE}
    manifest = json.dumps({"config": layer, "layers": [layer]}).encode()
    shelf.blobs[digest_of(body)] = body
    for hostile in (manifest, body):
        shelf.manifests[digest_of(hostile)] = hostile
        shelf.referrers = (digest_of(hostile), *shelf.referrers)
    assert (await verify_signatures(image, stored(shelf), key("k31/cosign.pub"))).accepted


async def test_a_tag_that_is_no_image_is_a_failure_and_not_nothing() -> None:
    image, shelf = recorded("c25/app")
    for body in (HOSTILE["deep"], b"{}", b"\xff"):
        shelf.tags[".sig"] = body
        with pytest.raises(EdgeError, match="nothing can be read"):
            await verify_signatures(image, stored(shelf), key("k25/cosign.pub"))


async def test_a_missing_blob_is_told() -> None:
    image, shelf = recorded("c25/app")
    gone = Shelf(tags=shelf.tags)
    with pytest.raises(NoneHoldsError, match="no blob"):
        await verify_signatures(image, stored(gone), key("k25/cosign.pub"))


def test_what_a_terminal_would_obey_is_escaped() -> None:
    assert printable("a\x1b[2Jb\u202ec\nd\x07") == "a\\x1b[2Jb\\u202ec\nd\\x07"
    assert printable("📦 ä") == "📦 ä"


CRITICAL = '"critical":{"identity":{"docker-reference":"r/a"},"image":{"docker-manifest-digest":"d"},"type":"t"}'


@pytest.mark.parametrize("optional", ["null", "{}", '{"creator":"x","timestamp":1,"team":"rel"}'])
def test_strict_reading_takes_what_cosign_writes(optional: str) -> None:
    check_strict(f'{{{CRITICAL},"optional":{optional}}}'.encode())


@pytest.mark.parametrize(
    "body",
    [
        f"{{{CRITICAL}}}",
        f'{{{CRITICAL},"optional":null,"more":1}}',
        f'{{{CRITICAL},"optional":null,"optional":null}}',
        f'{{{CRITICAL},"optional":[1]}}',
        f'{{{CRITICAL},"optional":{{"timestamp":1.5}}}}',
        f'{{{CRITICAL},"optional":{{"timestamp":true}}}}',
        f'{{{CRITICAL},"optional":{{"creator":1}}}}',
        '{"critical":1,"optional":null}',
        '{"critical":{"identity":{},"image":{},"type":"t"},"optional":null}',
        "[]",
        "{",
        DEEP.decode(),
    ],
)
def test_strict_reading_refuses_what_skopeo_refuses(body: str) -> None:
    with pytest.raises(VerificationError):
        check_strict(body.encode())
