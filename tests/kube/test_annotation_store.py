"""The store named tekton."""

import base64

import pytest

from chains.errors import EdgeError
from chains.kube.annotation_store import MOST_BYTES, AnnotationStore, annotation_bytes
from chains.payloads.payload import IN_TOTO, SIMPLE_SIGNING, Origin, Payload, Signature, SignedPayload
from chains.pipeline.ports import Store

ORIGIN = Origin("TaskRun", "builds", "one", "u1", "")


def signed(body=b"{}", envelope=b"{envelope}", **certified):
    payload = Payload(body, IN_TOTO if envelope else SIMPLE_SIGNING, "", "taskrun-u1", ())
    return SignedPayload(payload, Signature(b"\x30raw", "SHA256:x", **certified), envelope)


async def test_an_attestation_becomes_four_annotations():
    store: Store = AnnotationStore()
    stored = await store.put(signed(), ORIGIN)
    assert stored.locations == ("TaskRun/one annotations",)
    assert stored.annotations == {
        "chains.tekton.dev/payload-taskrun-u1": base64.b64encode(b"{}").decode(),
        "chains.tekton.dev/signature-taskrun-u1": base64.b64encode(b"{envelope}").decode(),
        "chains.tekton.dev/cert-taskrun-u1": "",
        "chains.tekton.dev/chain-taskrun-u1": "",
    }


async def test_an_image_signature_is_the_raw_one_and_certificates_are_kept():
    stored = await AnnotationStore().put(signed(envelope=None, certificate="leaf", chain="chain"), ORIGIN)
    kept = {key.removeprefix("chains.tekton.dev/"): base64.b64decode(text) for key, text in stored.annotations.items()}
    assert kept["signature-taskrun-u1"] == b"\x30raw"
    assert (kept["cert-taskrun-u1"], kept["chain-taskrun-u1"]) == (b"leaf", b"chain")


async def test_what_kubernetes_would_not_hold_is_refused_with_the_remedy():
    fits = 120_000
    kept = await AnnotationStore().put(signed(b"x" * fits, b""), ORIGIN)
    left = MOST_BYTES - annotation_bytes(kept.annotations)
    await AnnotationStore().put(signed(b"x" * (fits + left // 4 * 3 - 3), b""), ORIGIN)
    with pytest.raises(EdgeError, match=r"would take 2621\d\d bytes.* allows an object 262144; set the storage to oci"):
        await AnnotationStore().put(signed(b"x" * (fits + left // 4 * 3 + 3), b""), ORIGIN)


def test_annotations_are_counted_in_bytes_keys_included():
    assert annotation_bytes({"é": "ab", "c": ""}) == 5
