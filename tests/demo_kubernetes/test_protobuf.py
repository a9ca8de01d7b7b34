"""Protobuf as typed Go clients write it reads as what it is in JSON."""

import pytest

from chains.demo.kubernetes.protobuf import read_protobuf
from chains.demo.kubernetes.status import StatusError


def number(value: int) -> bytes:
    octets = bytearray()
    while value > 0x7F:
        octets.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*octets, value])


def field(place: int, value: bytes | str | int) -> bytes:
    if isinstance(value, int):
        return number(place << 3) + number(value)
    content = value.encode() if isinstance(value, str) else value
    return number(place << 3 | 2) + number(len(content)) + content


def message(*fields: tuple[int, bytes | str | int]) -> bytes:
    return b"".join(field(*each) for each in fields)


def enveloped(api_version: str, kind: str, *fields: tuple[int, bytes | str | int]) -> bytes:
    identity = message((1, api_version), (2, kind))
    return b"k8s\0" + message((1, identity), (2, message(*fields)), (3, ""), (4, ""))


METADATA = message((1, "x"), (2, ""), (3, "n"), (8, b""), (11, message((1, "a"), (2, ""))))
PAIR = message((1, "k"), (2, "v"))
RULE = message((1, "get"), (2, ""), (3, "pods"))
READ = {"name": "x", "namespace": "n", "labels": {"a": ""}}


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (
            enveloped("v1", "ConfigMap", (1, METADATA), (2, PAIR), (3, message((1, "b"), (2, b"\xff")))),
            {"data": {"k": "v"}, "binaryData": {"b": "/w=="}},
        ),
        (enveloped("v1", "Namespace", (1, METADATA), (2, b""), (3, b"")), {}),
        (
            enveloped("v1", "ServiceAccount", (1, METADATA), (3, message((1, "pull"))), (4, 0)),
            {"imagePullSecrets": [{"name": "pull"}], "automountServiceAccountToken": False},
        ),
        (
            enveloped("rbac.authorization.k8s.io/v1", "Role", (1, METADATA), (2, RULE)),
            {"rules": [{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}]},
        ),
        (
            enveloped(
                "coordination.k8s.io/v1",
                "Lease",
                (1, METADATA),
                (2, message((1, "me"), (2, 300), (4, message((1, 1700000000), (2, 5000))))),
            ),
            {
                "spec": {
                    "holderIdentity": "me",
                    "leaseDurationSeconds": 300,
                    "renewTime": "2023-11-14T22:13:20.000005Z",
                }
            },
        ),
    ],
    ids=["ConfigMap", "Namespace", "ServiceAccount", "Role", "Lease"],
)
def test_a_kind_is_read(body, found):
    read = read_protobuf(body)
    assert read.pop("metadata") == READ
    assert {key: value for key, value in read.items() if key not in ("apiVersion", "kind")} == found


def test_all_of_metadata_is_read():
    owner = message((1, "Run"), (3, "r"), (4, "u"), (5, "v1"), (6, 1))
    entry = message((1, "kubectl"), (2, "Update"), (3, "v1"), (6, "FieldsV1"), (7, message((1, b'{"f:data":{}}'))))
    metadata = message((7, 2), (8, message((1, 1700000000))), (13, owner), (14, "a/b"), (14, "c/d"), (17, entry))
    assert read_protobuf(enveloped("v1", "Secret", (1, metadata)))["metadata"] == {
        "generation": 2,
        "creationTimestamp": "2023-11-14T22:13:20Z",
        "ownerReferences": [{"kind": "Run", "name": "r", "uid": "u", "apiVersion": "v1", "controller": True}],
        "finalizers": ["a/b", "c/d"],
        "managedFields": [
            {
                "manager": "kubectl",
                "operation": "Update",
                "apiVersion": "v1",
                "fieldsType": "FieldsV1",
                "fieldsV1": {"f:data": {}},
            }
        ],
    }


def test_delete_options_are_read():
    body = enveloped("v1", "DeleteOptions", (1, 0), (2, message((1, "uid"))), (4, "Background"), (5, "All"))
    read = read_protobuf(body)
    assert read["preconditions"] == {"uid": "uid"}
    assert (read["propagationPolicy"], read["dryRun"]) == ("Background", ["All"])


CUT_ENTRY = message((17, message((7, message((1, b"{"))))))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"k8s\0\x0a",
        b"k8s\0" + b"\xff" * 11,
        enveloped("v1", "Secret", (1, 7)),
        enveloped("v1", "Secret", (1, message((1, b"\xff")))),
        enveloped("v1", "Secret", (1, message((8, message((1, 1 << 60)))))),
        enveloped("v1", "Secret", (1, CUT_ENTRY)),
    ],
)
def test_what_cannot_be_read_is_a_bad_request(body):
    with pytest.raises(StatusError) as refused:
        read_protobuf(body)
    assert refused.value.code == 400
