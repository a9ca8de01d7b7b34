"""Quantities, durations, times and JSON text in the forms that Go gives them."""

import pytest

from chains.errors import InputError
from chains.formats.typed.duration import canonical_duration
from chains.formats.typed.go_json import encode_go_json, go_number
from chains.formats.typed.quantity import canonical_quantity
from chains.formats.typed.round_trip import round_trip
from chains.formats.typed.timestamp import canonical_time


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("0", "0"),
        ("0m", "0"),
        ("-0", "0"),
        ("1", "1"),
        ("1000m", "1"),
        ("1500m", "1500m"),
        ("0.5", "500m"),
        ("-0.5", "-500m"),
        ("0.0001", "100u"),
        ("0.0000000001", "1n"),
        ("1000", "1k"),
        ("12000000", "12M"),
        ("1000000000000000000000n", "1T"),
        ("1.5G", "1500M"),
        ("1024Mi", "1Gi"),
        ("1.5Gi", "1536Mi"),
        ("1536Mi", "1536Mi"),
        ("512Ki", "512Ki"),
        ("0.5Ki", "512"),
        ("1.1Gi", "1181116006400m"),
        ("0.1Ki", "102400m"),
        ("1048576Ki", "1Gi"),
        ("16Ei", "9223372036854775807"),
        ("1e3", "1e3"),
        ("1E3", "1E3"),
        ("1000e-3", "1"),
        ("12e2", "1200"),
        ("100e-9", "100e-9"),
        ("5E", "5E"),
        ("1.500", "1.500"),
        ("+5", "+5"),
        (" 2 ", "2"),
        (".5", "500m"),
        ("1.", "1."),
    ],
)
def test_a_quantity_is_put_into_canonical_form(text: str, canonical: str) -> None:
    assert canonical_quantity(text) == canonical


@pytest.mark.parametrize("text", ["", "abc", "1 Gi", "1gi", "1Kii", "1e", "1e1.5", "--1", "1.2.3", "1" * 201, "1٣"])
def test_what_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="not a quantity"):
        canonical_quantity(text)


@pytest.mark.parametrize(
    ("number", "canonical"), [(1, "1"), (1000, "1k"), (0.5, "500m"), (0.0001, "100u"), (1e-7, "100e-9"), (2.0, "2")]
)
def test_a_quantity_may_be_a_number(number: float, canonical: str) -> None:
    assert round_trip({"sizeLimit": number}, "core.EmptyDirVolumeSource") == {"sizeLimit": canonical}


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("0", "0s"),
        ("0s", "0s"),
        ("-0s", "0s"),
        ("1h", "1h0m0s"),
        ("90m", "1h30m0s"),
        ("1.5h", "1h30m0s"),
        ("1h15m30.918s", "1h15m30.918s"),
        ("90s", "1m30s"),
        ("100ms", "100ms"),
        ("1500ms", "1.5s"),
        ("1us", "1\u00b5s"),
        ("1\u03bcs", "1\u00b5s"),
        ("1500ns", "1.5\u00b5s"),
        ("3ns", "3ns"),
        (".5s", "500ms"),
        ("1.s", "1s"),
        ("-2m", "-2m0s"),
        ("+2m", "2m0s"),
        ("1m1h", "1h1m0s"),
        ("-2562047h47m16.854775808s", "-2562047h47m16.854775808s"),
    ],
)
def test_a_duration_is_put_into_go_form(text: str, canonical: str) -> None:
    assert canonical_duration(text) == canonical


@pytest.mark.parametrize(
    "text",
    ["", "5", "h", ".s", "1x", "1d", "1h ", "--1s", "1h30", "2562047h47m16.854775808s", "9" * 250 + "s", "a" * 99],
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="not a duration"):
        canonical_duration(text)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("2026-05-01T08:00:00Z", "2026-05-01T08:00:00Z"),
        ("2026-05-01T08:00:00.999999Z", "2026-05-01T08:00:00Z"),
        ("2026-05-01T08:00:00+02:00", "2026-05-01T06:00:00Z"),
        ("2026-12-31T23:30:00-02:30", "2027-01-01T02:00:00Z"),
        ("0001-01-01T00:00:00Z", None),
        ("0099-01-01T00:00:00Z", "0099-01-01T00:00:00Z"),
    ],
)
def test_a_time_is_put_into_whole_seconds_of_utc(text: str, canonical: str | None) -> None:
    assert canonical_time(text) == canonical


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-05-01",
        "2026-02-30T00:00:00Z",
        "2026-05-01T24:00:00Z",
        "2026-05-01T08:00:00",
        "0001-01-01T00:00:00+01:00",
    ],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="not a time"):
        canonical_time(text)


def test_a_creation_time_of_zero_is_left_out_and_one_that_is_known_stays() -> None:
    assert round_trip({"creationTimestamp": None}, "meta.ObjectMeta") == {}
    assert round_trip({"creationTimestamp": "0001-01-01T00:00:00Z"}, "meta.ObjectMeta") == {}
    known = {"creationTimestamp": "2026-05-01T08:00:00Z"}
    assert round_trip(known, "meta.ObjectMeta") == known


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("<b>&", r'"\u003cb\u003e\u0026"'),
        ("\u2028\u2029\u2027", '"\\u2028\\u2029\u2027"'),
        ("\b\f\n\r\t", r'"\b\f\n\r\t"'),
        ("\x00\x0b\x1f\x7f", '"\\u0000\\u000b\\u001f\x7f"'),
        ('"\\/', r'"\"\\/"'),
        ("é🙂", '"é🙂"'),
        ({"b": 1, "a": [True, None, {}]}, '{"b":1,"a":[true,null,{}]}'),
        ({"<": ["<"]}, r'{"\u003c":["\u003c"]}'),
        ([1.0, 0.5, 2**63 - 1], "[1,0.5,9223372036854775807]"),
    ],
)
def test_json_is_written_as_go_writes_it(value: object, text: str) -> None:
    assert encode_go_json(value).decode() == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "-0"),
        (1.0, "1"),
        (0.1, "0.1"),
        (1e-6, "0.000001"),
        (1e-7, "1e-7"),
        (-1.5e-10, "-1.5e-10"),
        (1e20, "100000000000000000000"),
        (1e21, "1e+21"),
        (1.7976931348623157e308, "1.7976931348623157e+308"),
        (123456789.125, "123456789.125"),
    ],
)
def test_a_float_is_written_as_go_writes_it(value: float, text: str) -> None:
    assert go_number(value) == text


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), "\ud800"])
def test_what_has_no_json_form_is_refused(value: object) -> None:
    with pytest.raises(InputError, match="no JSON form"):
        encode_go_json([value])
