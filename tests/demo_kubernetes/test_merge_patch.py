"""Merge patches as RFC 7396 has them, and strategic ones as kubectl writes them."""

import pytest

from chains.demo.kubernetes.merge_patch import merge, strategic_merge
from chains.demo.kubernetes.status import StatusError


@pytest.mark.parametrize(
    ("target", "patch", "expected"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "foo"}, None, None),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_a_merge_patch_is_carried_out(target, patch, expected):
    before = repr(target)
    assert merge(target, patch) == expected
    assert repr(target) == before


POD = {
    "containers": [{"name": "a", "image": "1", "ports": [{"containerPort": 80, "name": "http"}]}, {"name": "b"}],
    "finalizers": ["x", "y"],
    "tolerations": [{"key": "k"}],
    "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}},
}


@pytest.mark.parametrize(
    ("patch", "field", "expected"),
    [
        (
            {"containers": [{"name": "a", "image": "2", "ports": [{"containerPort": 80, "protocol": "TCP"}]}]},
            "containers",
            [
                {
                    "name": "a",
                    "image": "2",
                    "ports": [{"containerPort": 80, "name": "http", "protocol": "TCP"}],
                },
                {"name": "b"},
            ],
        ),
        ({"containers": [{"name": "a", "$patch": "delete"}]}, "containers", [{"name": "b"}]),
        (
            {"containers": [{"name": "c"}], "$setElementOrder/containers": [{"name": "c"}, {"name": "b"}]},
            "containers",
            [{"name": "c"}, {"name": "b"}, POD["containers"][0]],
        ),
        ({"containers": [{"$patch": "replace"}, {"name": "z"}]}, "containers", [{"name": "z"}]),
        ({"finalizers": ["z", "x"]}, "finalizers", ["x", "y", "z"]),
        ({"$deleteFromPrimitiveList/finalizers": ["x"]}, "finalizers", ["y"]),
        ({"tolerations": [{"key": "l"}]}, "tolerations", [{"key": "l"}]),
        ({"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}, "strategy", {"type": "Recreate"}),
        ({"strategy": {"$patch": "replace", "type": "Recreate"}}, "strategy", {"type": "Recreate"}),
        ({"strategy": {"$patch": "delete"}}, "strategy", None),
        ({"strategy": None}, "strategy", None),
        ({"new": {"a": None, "b": 1}}, "new", {"b": 1}),
    ],
)
def test_a_strategic_merge_patch_is_carried_out(patch, field, expected):
    before = repr(POD)
    assert strategic_merge(POD, patch, "Pod").get(field) == expected
    assert repr(POD) == before


def test_the_ports_of_a_service_are_told_apart_by_port():
    service = {"ports": [{"port": 80, "name": "http"}, {"port": 443}]}
    patch = {"ports": [{"port": 80, "name": "web"}]}
    assert strategic_merge(service, patch, "Service") == {"ports": [{"port": 80, "name": "web"}, {"port": 443}]}


def test_an_item_without_its_merge_key_is_a_bad_request():
    with pytest.raises(StatusError) as refused:
        strategic_merge(POD, {"containers": [{"image": "x"}]}, "Pod")
    assert refused.value.code == 400
