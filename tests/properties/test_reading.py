"""Whatever the text of a run is, it is read or refused in one sentence."""

from hypothesis import given
from hypothesis import strategies as st

from chains.errors import InputError
from chains.runs.glance import Glance, glance
from chains.runs.run import KINDS, Run, parse_run
from tests.properties.profile import examples
from tests.properties.runs import run_texts

LONGEST = 3000


def read(text: bytes) -> Run | None:
    """The run, or None when it is refused as it should be."""
    try:
        return parse_run(text)
    except InputError as error:
        assert is_sentence(str(error))
        return None


def seen(text: bytes) -> Glance | None:
    """A glance at it, or None when it is refused as it should be."""
    try:
        return glance("TaskRun", text)
    except InputError as error:
        assert is_sentence(str(error))
        return None


def is_sentence(text: str) -> bool:
    """Whether a terminal shows it as one line of reasonable length."""
    return 0 < len(text) < LONGEST and text.isprintable()


@examples
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_refused(text: bytes) -> None:
    assert read(text) is None
    seen(text)


@examples
@given(run_texts(plausible=False))
def test_a_hostile_run_is_read_or_refused(text: bytes) -> None:
    run, glimpse = read(text), seen(text)
    if run is not None and glimpse is not None:
        assert (run.namespace, run.name, run.uid) == (glimpse.key.namespace, glimpse.key.name, glimpse.key.uid)
        assert (run.done, run.annotations) == (glimpse.done, glimpse.annotations)


@examples
@given(run_texts(plausible=True))
def test_a_run_of_the_right_types_is_read_and_the_same_each_time(text: bytes) -> None:
    run = parse_run(text)
    assert run == parse_run(text)
    assert run.kind in KINDS
    assert all(not moment or moment.endswith("Z") for moment in (run.started, run.completed))
    assert seen(text) is not None


@examples
@given(run_texts(plausible=False), st.integers(0, 10_000), st.binary(min_size=1, max_size=3))
def test_a_run_with_bytes_put_anywhere_is_read_or_refused(text: bytes, place: int, more: bytes) -> None:
    place %= len(text)
    read(text[:place] + more + text[place:])
    read(text[:place])
    seen(text[:place] + more + text[place + len(more) :])
