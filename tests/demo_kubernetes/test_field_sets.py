"""Sets of fields: what is in them, and that they keep what they are told."""

from hypothesis import given
from hypothesis import strategies as st

from chains.demo.kubernetes.field_sets import compare, discard, insert, owned, paths, tree_of

NAMES = st.sampled_from(["a", "b", "c"])
LEAVES = st.none() | st.integers(0, 2) | st.lists(st.integers(0, 1), max_size=2)
VALUES = st.recursive(LEAVES, lambda inner: st.dictionaries(NAMES, inner, max_size=3), max_leaves=8)
OBJECTS = st.dictionaries(NAMES, VALUES, max_size=3)


def test_maps_are_owned_field_by_field_and_lists_as_one():
    found = {
        "apiVersion": "v1",
        "kind": "X",
        "metadata": {
            "name": "x",
            "uid": "1",
            "labels": {"a": "b"},
            "finalizers": ["f.example.com/x"],
            "ownerReferences": [{"uid": "u", "name": "n"}],
        },
        "spec": {"list": [{"a": 1}], "map": {"b": {}}},
    }
    assert tree_of(set(owned(found))) == {
        "f:metadata": {
            "f:labels": {".": {}, "f:a": {}},
            "f:finalizers": {".": {}, 'v:"f.example.com/x"': {}},
            "f:ownerReferences": {".": {}, 'k:{"uid":"u"}': {}},
        },
        "f:spec": {".": {}, "f:list": {}, "f:map": {".": {}, "f:b": {}}},
    }


def test_a_member_stays_one_when_fields_come_beneath_it():
    tree = {}
    insert(tree, ("f:spec",))
    insert(tree, ("f:spec", "f:a"))
    assert set(paths(tree)) == {("f:spec",), ("f:spec", "f:a")}
    discard(tree, ("f:spec",))
    assert tree == {"f:spec": {"f:a": {}}}
    discard(tree, ("f:spec", "f:a"))
    assert tree == {}


def test_discarding_what_is_beneath_a_leaf_leaves_the_leaf():
    tree = {"f:spec": {}}
    discard(tree, ("f:spec", "f:a"))
    assert tree == {"f:spec": {}}


@given(OBJECTS)
def test_a_set_gives_back_what_went_in(found):
    members = set(owned(found))
    assert set(paths(tree_of(members))) == members


@given(OBJECTS, OBJECTS)
def test_what_differs_leads_from_one_object_to_the_other(old, new):
    tree = tree_of(set(owned(old)))
    for path, is_set in compare(old, new):
        if is_set:
            insert(tree, path)
        else:
            discard(tree, path, beneath=True)
    left = set(paths(tree))
    assert set(owned(new)) <= left
    assert not {path for path in left - set(owned(new)) if path not in set(owned(old))}


@given(OBJECTS)
def test_an_object_does_not_differ_from_itself(found):
    assert list(compare(found, dict(found))) == []
