"""What holds for every value of every type: a second round trip changes nothing."""

from datetime import datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chains.errors import InputError
from chains.formats.typed.duration import canonical_duration
from chains.formats.typed.go_json import encode_go_json
from chains.formats.typed.members import TABLE, Member, members_of
from chains.formats.typed.quantity import canonical_quantity
from chains.formats.typed.round_trip import round_trip

TEXTS = st.sampled_from(["", "a", "<&>", "\u2028", "é"])
NUMBERS = st.decimals(min_value=-(10**12), max_value=10**12, allow_nan=False, places=3).map(str)
# Binary ones are whole: what is no whole Ki is written without a suffix, and so is decimal when it is read again.
QUANTITIES = st.builds(str.__add__, NUMBERS, st.sampled_from(["", "n", "m", "k", "E", "e3", "e-2"])) | st.builds(
    "{}{}".format, st.integers(-(10**12), 10**12), st.sampled_from(["Ki", "Gi"])
)
DURATIONS = st.lists(
    st.builds("{}.{}{}".format, st.integers(0, 999), st.integers(0, 999), st.sampled_from(["h", "m", "s", "ms", "us"])),
    min_size=1,
    max_size=3,
).map("".join)
FREE = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=4,
)
SCALARS = {
    "s": TEXTS,
    "b": st.booleans(),
    "i": st.integers(-(2**31), 2**31 - 1),
    "Quantity": QUANTITIES,
    "Duration": DURATIONS,
    "Time": st.datetimes(min_value=datetime(1000, 1, 1)).map("{:%Y-%m-%dT%H:%M:%S}+02:00".format),
    "IntOrString": TEXTS | st.integers(0, 65535),
    "ParamValue": TEXTS | FREE,
    "RawExtension": FREE,
    "FieldsV1": FREE.filter(lambda value: value is not None),
}


def values(declared: str, depth: int) -> st.SearchStrategy[Any]:
    """Values of a type, so deep at most; objects at the bottom are empty."""
    declared = declared.removeprefix("*")
    if declared.startswith("[]"):
        return st.lists(values(declared[2:], depth), max_size=2)
    if declared.startswith("{}"):
        return st.dictionaries(TEXTS, values(declared[2:], depth), max_size=2)
    if declared in SCALARS:
        return SCALARS[declared]
    if not depth:
        return st.just({})
    return st.lists(st.sampled_from(members_of(declared)), max_size=5, unique=True).flatmap(
        lambda members: st.fixed_dictionaries({member.name: present(member, depth - 1) for member in members})
    )


def present(member: Member, depth: int) -> st.SearchStrategy[Any]:
    return st.none() | values(member.type, depth)


@given(st.sampled_from(sorted(TABLE)).flatmap(lambda name: st.tuples(st.just(name), values(name, 3))))
def test_a_second_round_trip_changes_no_byte(drawn: tuple[str, Any]) -> None:
    type_name, value = drawn
    once = round_trip(value, type_name)
    assert encode_go_json(round_trip(once, type_name)) == encode_go_json(once)


@given(st.sampled_from(sorted(TABLE)).flatmap(lambda name: st.tuples(st.just(name), values(name, 2))))
def test_the_value_itself_is_left_as_it_was(drawn: tuple[str, Any]) -> None:
    type_name, value = drawn
    before = msgspec.json.encode(value)
    round_trip(value, type_name)
    assert msgspec.json.encode(value) == before


@given(st.sampled_from(sorted(TABLE)).flatmap(lambda name: st.tuples(st.just(name), values(name, 1))))
def test_members_come_in_the_order_of_the_table(drawn: tuple[str, Any]) -> None:
    type_name, value = drawn
    order = [member.name for member in members_of(type_name)]
    places = [order.index(name) for name in round_trip({**value, "unknown to Tekton": 1}, type_name)]
    assert places == sorted(places)


@given(QUANTITIES)
def test_a_canonical_quantity_is_canonical(text: str) -> None:
    once = canonical_quantity(text)
    assert canonical_quantity(once) == once


def test_a_binary_quantity_of_no_whole_ki_is_written_in_bytes() -> None:
    assert canonical_quantity("59502296.875Ki") == "60930352000"


@given(DURATIONS)
def test_a_canonical_duration_is_canonical(text: str) -> None:
    once = canonical_duration(text)
    assert canonical_duration(once) == once


@given(st.text(max_size=12))
def test_any_text_is_a_quantity_or_refused(text: str) -> None:
    try:
        canonical_quantity(text)
    except InputError as error:
        assert "not a quantity" in str(error)


@pytest.mark.parametrize("read", [canonical_quantity, canonical_duration])
def test_long_hostile_text_is_refused_at_once(read: Any) -> None:
    with pytest.raises(InputError):
        read("1e" * 100_000)
