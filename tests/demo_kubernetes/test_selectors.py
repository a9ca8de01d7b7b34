"""Selectors choose what the API concepts say they choose."""

import pytest

from chains.demo.kubernetes.objects import serialise
from chains.demo.kubernetes.resources import CONFIG_MAPS
from chains.demo.kubernetes.selectors import parse_selector
from chains.demo.kubernetes.status import StatusError

OBJECTS = {
    "a": {"tier": "web", "app": "shop", "weight": "3"},
    "b": {"tier": "db", "app": "shop", "example.com/team": "x"},
    "c": {},
}


def chosen(**query: str) -> list[str]:
    """The names among OBJECTS that selectors choose."""
    selector = parse_selector(query)
    versions = [
        serialise(CONFIG_MAPS, {"metadata": {"name": name, "namespace": "n", "labels": labels}, "type": f"t-{name}"}, 1)
        for name, labels in OBJECTS.items()
    ]
    return [version.name for version in versions if selector.matches(version)]


@pytest.mark.parametrize(
    ("selector", "names"),
    [
        ("", "abc"),
        ("tier=web", "a"),
        ("tier==web", "a"),
        ("tier!=web", "bc"),
        ("app = shop , tier != db", "a"),
        ("tier in (web, db)", "ab"),
        ("tier notin (web)", "bc"),
        ("tier", "ab"),
        ("!tier", "c"),
        ("example.com/team=x", "b"),
        ("tier in (web,db),example.com/team", "b"),
        ("tier in (web,db),!example.com/team,app=shop", "a"),
        ("weight>2", "a"),
        ("weight<3", ""),
        ("tier=", ""),
    ],
)
def test_a_label_selector_chooses(selector, names):
    assert "".join(chosen(labelSelector=selector)) == names


@pytest.mark.parametrize("selector", ["a b", "tier in", "tier in (a", "=x", "tier=a=b", "tier in web"])
def test_what_is_no_label_selector_is_refused(selector):
    with pytest.raises(StatusError) as refused:
        parse_selector({"labelSelector": selector})
    assert refused.value.code == 400


@pytest.mark.parametrize(
    ("selector", "names"),
    [
        ("metadata.name=a", "a"),
        ("metadata.name!=a,metadata.namespace=n", "bc"),
        ("type==t-c", "c"),
        ("metadata.labels.tier=db", "b"),
        ("spec.nothing=", "abc"),
        ("spec.nothing!=", ""),
    ],
)
def test_a_field_selector_chooses(selector, names):
    assert "".join(chosen(fieldSelector=selector)) == names


@pytest.mark.parametrize("selector", ["metadata.name", "=x", ",", "a~b"])
def test_what_is_no_field_selector_is_refused(selector):
    with pytest.raises(StatusError) as refused:
        parse_selector({"fieldSelector": selector})
    assert refused.value.code == 400
