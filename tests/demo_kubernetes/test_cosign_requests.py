"""What cosign sent when it made a key pair in a Secret is understood, protobuf and all."""

import base64
import json
from pathlib import Path

import pytest

from chains.demo.kubernetes.protobuf import read_protobuf
from chains.demo.kubernetes.status import StatusError
from tests.demo_kubernetes.builders import served

DATA = Path(__file__).parent / "data"
RECORDED = {path.name: path for path in sorted(DATA.glob("cosign-*-requests.jsonl"))}


def requests_of(name: str) -> list[dict]:
    return [json.loads(line) for line in RECORDED[name].read_text().splitlines()]


def sent(request: dict) -> bytes:
    """A recorded body, whose octets were written as characters."""
    return request["body"].encode("latin-1")


@pytest.mark.parametrize("name", RECORDED)
async def test_replaying_cosign_makes_the_secret(name):
    async with served() as api:
        await api.server.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "tekton-chains"}})
        codes = []
        for request in requests_of(name):
            headers = {"Accept": request["accept"], "User-Agent": request["ua"]}
            headers |= {"Content-Type": request["ct"]} if request["ct"] else {}
            status, _ = await api.send(request["method"], request["path"], sent(request) or None, headers=headers)
            codes.append((request["method"], request["path"].rpartition("/")[2], status))
        made = api.server.get("Secret", "signing-secrets", "tekton-chains")
    first = codes.index(("POST", "secrets", 201))
    assert ("GET", "signing-secrets", 404) in codes[:first]
    assert ("GET", "signing-secrets", 200) in codes[first:]
    assert made is not None
    assert made["immutable"] is True
    assert made["type"] == "Opaque"
    assert made["data"].keys() == {"cosign.key", "cosign.password", "cosign.pub"}
    assert base64.b64decode(made["data"]["cosign.pub"]).startswith(b"-----BEGIN PUBLIC KEY-----")
    assert made["metadata"]["managedFields"][0]["manager"] == "cosign"


def test_protobuf_that_is_cut_is_a_bad_request():
    whole = sent(next(request for request in requests_of("cosign-2.5-requests.jsonl") if request["method"] == "POST"))
    assert read_protobuf(whole)["metadata"] == {"name": "signing-secrets", "namespace": "tekton-chains"}
    for length in (0, 3, 10, 20, 40, 200, len(whole) // 2, len(whole) - 5):
        with pytest.raises(StatusError) as refused:
            read_protobuf(whole[:length])
        assert refused.value.code == 400


def test_protobuf_of_an_unknown_kind_is_refused_by_its_name():
    with pytest.raises(StatusError, match="'Pod' of 'v1'") as refused:
        read_protobuf(b"k8s\0\n\x09\n\x02v1\x12\x03Pod\x12\x00")
    assert refused.value.code == 415
