"""JSON Patch as RFC 6902 has it, its appendix among the cases."""

import pytest

from chains.demo.kubernetes.json_patch import LIMIT, apply_json_patch
from chains.demo.kubernetes.status import StatusError


def op(verb: str, path: str, *value, **more) -> dict:
    return {"op": verb, "path": path, **({"value": value[0]} if value else {}), **more}


@pytest.mark.parametrize(
    ("document", "operations", "expected"),
    [
        ({"foo": "bar"}, [op("add", "/baz", "qux")], {"baz": "qux", "foo": "bar"}),
        ({"foo": ["bar", "baz"]}, [op("add", "/foo/1", "qux")], {"foo": ["bar", "qux", "baz"]}),
        ({"baz": "qux", "foo": "bar"}, [op("remove", "/baz")], {"foo": "bar"}),
        ({"foo": ["bar", "qux", "baz"]}, [op("remove", "/foo/1")], {"foo": ["bar", "baz"]}),
        ({"baz": "qux"}, [op("replace", "/baz", "boo")], {"baz": "boo"}),
        ({"a": {"b": 1}, "c": {}}, [op("move", "/c/b", **{"from": "/a/b"})], {"a": {}, "c": {"b": 1}}),
        (
            {"foo": ["all", "grass", "cows"]},
            [op("move", "/foo/2", **{"from": "/foo/0"})],
            {"foo": ["grass", "cows", "all"]},
        ),
        ({"a": 1}, [op("move", "/a", **{"from": "/a"})], {"a": 1}),
        (
            {"a": {"b": [1]}},
            [op("copy", "/c", **{"from": "/a"}), op("add", "/c/b/-", 2)],
            {"a": {"b": [1]}, "c": {"b": [1, 2]}},
        ),
        (
            {"baz": "qux", "foo": ["a", 2, "c"]},
            [op("test", "/baz", "qux"), op("test", "/foo/1", 2)],
            {"baz": "qux", "foo": ["a", 2, "c"]},
        ),
        ({"foo": "bar"}, [op("add", "/child", {"grandchild": {}})], {"foo": "bar", "child": {"grandchild": {}}}),
        ({"/": 9, "~1": 10}, [op("test", "/~01", 10), op("test", "/~1", 9)], {"/": 9, "~1": 10}),
        ({"foo": ["bar"]}, [op("add", "/foo/-", ["abc"])], {"foo": ["bar", ["abc"]]}),
        ({"foo": None}, [op("replace", "/foo", 1)], {"foo": 1}),
        ({"a": 1}, [op("replace", "", {"b": 2})], {"b": 2}),
        ({"": 1}, [op("remove", "/")], {}),
    ],
)
def test_a_patch_that_fits_is_carried_out(document, operations, expected):
    assert apply_json_patch(document, operations) == expected


@pytest.mark.parametrize(
    "operation",
    [
        op("test", "/a", 2),
        op("test", "/flag", 1),
        op("test", "/none", 1),
        op("test", "/none/b", None),
        op("remove", "/none"),
        op("replace", "/none", 1),
        op("add", "/none/b", 1),
        op("add", "/list/3", 1),
        op("add", "/list/01", 1),
        op("replace", "/list/-", 1),
        op("replace", "/list/x", 1),
        op("add", "/a/b", 1),
        op("move", "/list/0", **{"from": "/none"}),
        op("move", "/map/inside", **{"from": "/map"}),
    ],
)
def test_a_patch_that_does_not_fit_is_unprocessable(operation):
    document = {"a": 1, "list": [1, 2], "map": {"inside": {}}, "flag": True}
    with pytest.raises(StatusError) as refused:
        apply_json_patch(document, [operation])
    assert refused.value.code == 422


@pytest.mark.parametrize(
    "operations",
    [
        {},
        ["add"],
        [{"op": "add", "value": 1}],
        [op("add", "/a")],
        [op("spin", "/a", 1)],
        [op("add", "a", 1)],
        [op("copy", "/a")],
    ],
)
def test_what_is_no_patch_is_a_bad_request(operations):
    with pytest.raises(StatusError) as refused:
        apply_json_patch({}, operations)
    assert refused.value.code == 400


def test_a_patch_has_a_longest_length():
    with pytest.raises(StatusError) as refused:
        apply_json_patch({"a": 1}, [op("test", "/a", 1)] * (LIMIT + 1))
    assert refused.value.code == 413
