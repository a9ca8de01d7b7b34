"""Whatever a file holds, what is read of it are objects that JSON can hold."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from chains.errors import InputError
from chains.runs.documents import read_documents
from tests.properties.profile import examples
from tests.properties.runs import run_texts

PIECES = ["a", "kind", "List", "items", ": ", ":", "\n", "\n  ", "\n- ", "- ", "? ", "[", "]", "{", "}", ", "]
PIECES += ["&x ", "*x", "&y ", "*y", "<<: ", "---\n", "...\n", "%YAML 1.1\n", "| \n", "> \n", "'", '"', "#", "!"]
PIECES += ["!!int ", "!!bool ", "!!float ", "!!null ", "!!str ", "!!binary ", "!!timestamp ", "!!set ", "!!omap "]
PIECES += ["!!python/name:os.system ", "0x", "0b", "0o7", "1_", "1e5", "1.0e+400", ".inf", ".nan", "=", "~", "true"]
PIECES += [
    "yes",
    "2026-05-01",
    "1:20",
    "\\ud800",
    "\t",
    "\x00",
    "\u2028",
    "\ufeff",
    "é",
    "[" * 300,
    "- " * 300,
    "9" * 2000,
]
yaml_texts = st.lists(st.sampled_from(PIECES), max_size=20).map("".join).map(str.encode)


def read(text: bytes) -> list[dict[str, object]]:
    """The objects of a text; none when it is refused as it should be."""
    try:
        return list(read_documents(text))
    except InputError as error:
        assert str(error).isprintable()
        return []


@examples
@given(yaml_texts | st.binary(max_size=100) | st.text(max_size=100).map(str.encode))
def test_a_text_holds_objects_that_json_can_hold_or_is_refused(text: bytes) -> None:
    for found in read(text):
        assert msgspec.json.decode(msgspec.json.encode(found)) == found


@examples
@given(run_texts(plausible=False))
def test_a_hostile_run_in_a_file_is_read_or_refused(text: bytes) -> None:
    for found in read(text):
        assert msgspec.json.encode(found)


@examples
@given(st.lists(run_texts(plausible=True).filter(lambda text: b"1e400" not in text), min_size=1, max_size=3))
def test_runs_in_a_list_are_the_runs_they_would_be_alone(texts: list[bytes]) -> None:
    listed = b'{"kind": "List", "items": [%s]}' % b",".join(texts)
    assert list(read_documents(listed)) == [found for text in texts for found in read_documents(text)]
