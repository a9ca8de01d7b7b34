"""The tables of members against the listing reflected from the Go types (`run_types.md`)."""

import re
from pathlib import Path

import pytest

from chains.formats.typed.members import TABLE, members_of

LISTING = (Path(__file__).parent / "run_types.md").read_text("utf-8")
ROWS = dict(re.findall(r"^\| ([a-z0-9/]+\.\w+) \| (.+) \|$", LISTING, flags=re.MULTILINE))
SCALARS = {"s", "b", "i"}
SPECIAL = {"Quantity", "Duration", "Time", "IntOrString", "ParamValue", "RawExtension", "FieldsV1"}


def as_listed(word: str) -> str:
    """A member in the tables' notation, put the way the listing puts it: without what lists, maps and objects hold."""
    if word.startswith("<"):
        return f"<inline {word[1:]}"
    name, _, declared = word.partition(":")
    always = "!" if declared.endswith("!") else ""
    held = declared.removesuffix("!")
    if held in SCALARS:
        return f"{name}:{held}{always}"
    if held.startswith(("[]", "{}")):
        return f"{name}:{held[:2]}{always}"
    if held.startswith("*"):
        return f"{name}:*{'' if held[1:] in SCALARS else 'o'}{always}"
    return f"{name}:o{always}"


def test_the_listing_was_read_whole() -> None:
    assert len(ROWS) == LISTING.count("\n") - 2 == 161


def test_the_tables_hold_exactly_the_types_of_the_listing() -> None:
    assert set(TABLE) == set(ROWS)


@pytest.mark.parametrize("type_name", ROWS)
def test_a_row_has_the_members_of_the_listing_in_their_order(type_name: str) -> None:
    assert [as_listed(word) for word in TABLE[type_name].split()] == re.findall(r"`([^`]+)`", ROWS[type_name])


@pytest.mark.parametrize("type_name", TABLE)
def test_a_row_names_only_types_that_there_are(type_name: str) -> None:
    for member in members_of(type_name):
        held = re.sub(r"^(\*|\[\]|\{\})+", "", member.type)
        assert held in SCALARS | SPECIAL | set(TABLE), member.name


@pytest.mark.parametrize("type_name", TABLE)
def test_no_member_stands_twice(type_name: str) -> None:
    names = [member.name for member in members_of(type_name)]
    assert len(names) == len(set(names))


def test_inlined_members_stand_in_their_place() -> None:
    names = [member.name for member in members_of("core.Probe")]
    assert names[:5] == ["exec", "httpGet", "tcpSocket", "grpc", "initialDelaySeconds"]
