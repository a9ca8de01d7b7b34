"""cosign's layouts: what we begin and what we append are its own bytes, and what others wrote stays theirs."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chains.artifacts.reference import Digest
from chains.errors import InputError
from chains.payloads.payload import SIMPLE_SIGNING
from chains.registry.cosign_layout import (
    EMPTY,
    ENVELOPE_LAYER,
    OCI_MANIFEST,
    SIGNATURE_KEY,
    Image,
    Layer,
    append_layer,
    config_digest,
    go_text,
    is_present,
    layer_for,
    layers_of,
    tag_for,
)
from tests.registry.builders import CAPTURES, DIGEST, LOGGED, attestation, signed_image

CAPTURED = (CAPTURES / "attestations.manifest.json").read_bytes()


def recorded_layer(name: str, manifest: str, position: int) -> Layer:
    """A layer with the annotations that cosign itself wrote."""
    described = json.loads((CAPTURES / manifest).read_bytes())["layers"][position]
    annotations = tuple(sorted(described["annotations"].items()))
    return Layer((CAPTURES / name).read_bytes(), described["mediaType"], annotations)


def recorded_image() -> Image:
    return Image(CAPTURED, OCI_MANIFEST, (CAPTURES / "attestations.config.json").read_bytes())


def test_one_layer_gives_the_bytes_that_cosign_wrote() -> None:
    image = append_layer(EMPTY, recorded_layer("signature-1.json", "signatures.manifest.json", 0))
    assert image.config == (CAPTURES / "signatures.config.json").read_bytes()
    assert image.manifest == (CAPTURES / "signatures.manifest.json").read_bytes()


def test_two_layers_give_the_bytes_that_cosign_wrote() -> None:
    image = EMPTY
    for position in (0, 1):
        layer = recorded_layer(f"attestation-{position + 1}.json", "attestations.manifest.json", position)
        image = append_layer(image, layer)
    assert image.config == (CAPTURES / "attestations.config.json").read_bytes()
    assert image.manifest == CAPTURED


def test_a_signature_layer_has_the_members_of_tekton_chains_and_no_more() -> None:
    layer = layer_for(signed_image(signature=b"\x00\xff"))
    assert layer.body == b'{"critical":{}}'
    assert layer.media_type == SIMPLE_SIGNING
    assert layer.annotations == (
        ("dev.cosignproject.cosign/signature", "AP8="),
        ("dev.sigstore.cosign/certificate", ""),
        ("dev.sigstore.cosign/chain", ""),
    )


def test_an_attestation_layer_has_an_empty_signature_and_the_envelope_as_it_is() -> None:
    signed = attestation()
    layer = layer_for(signed)
    assert layer.body == signed.envelope
    assert layer.media_type == ENVELOPE_LAYER
    assert dict(layer.annotations)[SIGNATURE_KEY] == ""
    assert len(layer.annotations) == 3


def test_a_log_entry_becomes_the_bundle_annotation_in_the_order_of_keys() -> None:
    layer = layer_for(signed_image(logged=LOGGED))
    assert [key for key, _ in layer.annotations] == sorted(key for key, _ in layer.annotations)
    assert dict(layer.annotations)["dev.sigstore.cosign/bundle"] == (
        '{"SignedEntryTimestamp":"cHJvbWlzZQ==","Payload":{"body":"eyJraW5kIjoiayIsImFwaVZlcnNpb24iOiIxIn0=",'
        '"integratedTime":1700000000,"logIndex":7,"logID":"' + "01" * 32 + '"}}'
    )


def test_a_layer_that_is_there_without_its_log_entry_gets_it_and_nothing_else_changes() -> None:
    before = append_layer(append_layer(EMPTY, layer_for(signed_image())), layer_for(attestation()))
    logged = layer_for(signed_image(logged=LOGGED))
    assert not is_present(before.manifest, logged)
    after = append_layer(before, logged)
    assert is_present(after.manifest, logged)
    assert is_present(after.manifest, layer_for(signed_image()))
    assert after.config is None
    assert append_layer(EMPTY, logged).manifest.split(b'"layers":')[1][:-2] in after.manifest
    assert [layer.digest for layer in layers_of(after.manifest)] == [
        layer.digest for layer in layers_of(before.manifest)
    ]


def test_a_log_entry_with_another_timestamp_is_the_same_entry() -> None:
    image = append_layer(EMPTY, layer_for(signed_image(logged=LOGGED)))
    assert is_present(image.manifest, layer_for(signed_image(logged=replace(LOGGED, promise=b"signed again"))))
    assert not is_present(image.manifest, layer_for(signed_image(logged=replace(LOGGED, log_index=8))))
    assert not is_present(image.manifest, layer_for(signed_image(signature=b"another", logged=LOGGED)))


def test_a_layer_of_another_signer_keeps_its_annotations() -> None:
    others = append_layer(EMPTY, layer_for(signed_image(signature=b"theirs")))
    grown = append_layer(others, layer_for(signed_image(logged=LOGGED)))
    assert len(layers_of(grown.manifest)) == 2
    assert layers_of(grown.manifest)[0] == layers_of(others.manifest)[0]


def test_tags_are_named_after_the_image() -> None:
    assert tag_for(DIGEST, SIMPLE_SIGNING) == "sha256-" + "a1" * 32 + ".sig"
    assert tag_for(DIGEST, "application/vnd.in-toto+json") == "sha256-" + "a1" * 32 + ".att"


def test_what_others_wrote_is_kept_byte_for_byte() -> None:
    foreign = (
        b'{"schemaVersion":2, "mediaType":"application/vnd.oci.image.manifest.v1+json","x":{"b": 1,"a":2.0},'
        b'"config":{"mediaType":"application/vnd.oci.image.config.v1+json","size":2,"digest":"sha256:c","data":"e30="},'
        b'"layers":[{"size":1 ,"digest":"sha256:d","mediaType":"text/plain","urls":["u"]}],'
        b'"subject":{"digest":"sha256:e"},"annotations":{"z":"1","a":"2"}}'
    )
    config = b'{"os":"","extra":[1.50],"rootfs":{"type":"layers","diff_ids":["sha256:d"],"y":1},"history":[{"k":"v"}]}'
    grown = append_layer(Image(foreign, OCI_MANIFEST, config), layer_for(signed_image()))
    for kept in (
        b'"x":{"b": 1,"a":2.0}',
        b'{"size":1 ,"digest":"sha256:d","mediaType":"text/plain","urls":["u"]},{',
        b'"subject":{"digest":"sha256:e"}',
        b'"annotations":{"z":"1","a":"2"}',
    ):
        assert kept in grown.manifest
    assert grown.config is not None
    assert b'"extra":[1.50]' in grown.config
    assert b'"history":[{"k":"v"},{"created":"0001-01-01T00:00:00Z"}]' in grown.config


def test_a_config_of_no_image_is_left_alone() -> None:
    manifest = CAPTURED.replace(b"application/vnd.oci.image.config.v1+json", b"application/vnd.oci.empty.v1+json")
    assert config_digest(manifest) is None
    grown = append_layer(Image(manifest, OCI_MANIFEST, None), layer_for(attestation()))
    assert grown.config is None
    assert json.loads(grown.manifest)["config"] == json.loads(manifest)["config"]


def test_a_config_that_forgot_its_layers_counts_them_all_afterwards() -> None:
    layer = layer_for(attestation())
    grown = append_layer(Image(CAPTURED, OCI_MANIFEST, b"{}"), layer)
    known = [found.digest for found in layers_of(CAPTURED) if found]
    assert json.loads(grown.config or b"")["rootfs"]["diff_ids"] == [*known, layer.digest]


def test_a_layer_is_present_once_it_was_appended() -> None:
    layer = layer_for(attestation())
    assert not is_present(CAPTURED, layer)
    assert is_present(append_layer(recorded_image(), layer).manifest, layer)


def test_our_payload_under_another_signature_is_not_ours() -> None:
    grown = append_layer(EMPTY, layer_for(signed_image(signature=b"theirs"))).manifest
    assert is_present(grown, layer_for(signed_image(signature=b"theirs")))
    assert not is_present(grown, layer_for(signed_image(signature=b"ours")))


def test_a_thousand_layers_are_the_most() -> None:
    image = EMPTY
    for number in range(1000):
        image = append_layer(image, layer_for(attestation(key=str(number))))
    with pytest.raises(InputError, match="1000"):
        append_layer(image, layer_for(attestation(key="one more")))


@pytest.mark.parametrize(
    "manifest",
    [
        b"",
        b"<html>",
        b"[]",
        b'{"schemaVersion":2,"manifests":[]}',
        b'{"config":null,"layers":[]}',
        b'{"config":{},"layers":{}}',
        b'\xff{"config":{"digest":"d","size":1},"layers":[]}',
    ],
)
def test_what_is_no_image_manifest_is_refused(manifest: bytes) -> None:
    with pytest.raises(InputError):
        append_layer(Image(manifest, OCI_MANIFEST, b"{}"), layer_for(attestation()))


def test_a_config_digest_must_be_a_digest() -> None:
    with pytest.raises(InputError, match="digest"):
        config_digest(EMPTY.manifest)
    assert config_digest(CAPTURED) == Digest.parse(json.loads(CAPTURED)["config"]["digest"])


def test_foreign_garbage_among_the_layers_is_passed_over() -> None:
    manifest = b'{"config":{"digest":"sha256:c","size":1},"layers":[7,{"digest":"d","size":1,"annotations":null}]}'
    assert [found and found.digest for found in layers_of(manifest)] == [None, "d"]
    assert not is_present(manifest, layer_for(attestation()))


def test_text_is_escaped_as_go_does() -> None:
    assert go_text('<a&b>"\n\u2028é') == b'"\\u003ca\\u0026b\\u003e\\"\\n\\u2028\xc3\xa9"'


@settings(max_examples=30, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_escaped_text_reads_back_the_same(text: str) -> None:
    encoded = go_text(text)
    assert json.loads(encoded) == text
    assert not set(b"<>&") & set(encoded)
