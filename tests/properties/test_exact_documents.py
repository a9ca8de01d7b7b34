"""Files that once went wrong, or could: each is read as Kubernetes reads it, or refused in one sentence."""

import msgspec
import pytest

from chains.errors import InputError
from chains.runs.documents import read_documents
from chains.runs.yaml_bounds import DEEPEST, MOST_BY_ALIAS

# Each line stands for nine of the line before: 9^15 characters in half a kilobyte.
LAUGHS = b"a: &a x\n" + b"".join(
    b"%c: &%c [%s]\n" % (name, name, b", ".join([b"*%c" % (name - 1)] * 9)) for name in range(ord("b"), ord("q"))
)


@pytest.mark.parametrize(
    "text",
    [
        *(b"- " * 100_000, b"? " * 50_000, b"[" * 20_000, b"{" * 20_000, b'{"a":' * 20_000, b"[\n" * 3_000),
        *(LAUGHS, b"a: &x {k: *x}", b"a: &x [*x]", b"a: *nowhere"),
        *(b"a: !!timestamp foo", b"a: !!bool foo", b"a: !!int ''", b"a: !!float ''", b"a: !!int foo", b"a: !!binary x"),
        *(b"a: !!python/object:os.system x", b"a: !!set {b}", b"a: !!omap [b: c]"),
        *(b"a: .inf", b"a: .nan", b"a: 1.0e+400", b"a: 0x" + b"f" * 5000, b"a: " + b"1" * 5000),
        *(b"? [a]\n: b", b"~: a", b"1.5: a", b"\x00", b'a: "\\ud800"', b"a: \xff", b"just words", b"[]"),
    ],
    ids=lambda text: ascii(text[:16]),
)
def test_a_hostile_file_is_refused_in_one_line(text: bytes) -> None:
    with pytest.raises(InputError) as refusal:
        list(read_documents(text))
    assert str(refusal.value).isprintable()
    assert len(str(refusal.value)) < 400


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"a: 2026-05-01T08:00:00Z", "2026-05-01T08:00:00Z"),
        (b"a: 2026-05-01", "2026-05-01"),
        (b"a: =", "="),
        (b"a: [1, 0x10, 1.5, true, ~]", [1, 16, 1.5, True, None]),
        (b"a: &x {b: c}\nd: *x", {"b": "c"}),
        (b"x: &x {b: c}\na: {<<: *x, d: e}", {"b": "c", "d": "e"}),
        (b'{"a": 9007199254740993}', 9007199254740993),
    ],
)
def test_a_value_is_read_as_kubernetes_reads_it(text: bytes, value: object) -> None:
    (found,) = read_documents(text)
    assert found["a"] == value


def test_the_name_of_a_member_is_a_string() -> None:
    (found,) = read_documents(b"{8080: a, true: b}\n")
    assert found == {"8080": "a", "true": "b"}
    assert msgspec.json.encode(found)


def test_nesting_and_aliases_are_allowed_up_to_their_bounds() -> None:
    deepest = b"[" * (DEEPEST - 1) + b"]" * (DEEPEST - 1)
    assert list(read_documents(b"a: " + deepest))
    half = b"x" * (MOST_BY_ALIAS // 2 - 1)
    assert list(read_documents(b"a: &a %s\nb: [*a, *a]" % half))
    with pytest.raises(InputError, match="aliases that stand for more"):
        list(read_documents(b"a: &a %s\nb: [*a, *a, *a]" % half))


def test_an_alias_reaches_no_further_than_its_document() -> None:
    with pytest.raises(InputError):
        list(read_documents(b"a: &a x\n---\nb: *a"))
