"""Lines out of chunks, and bodies that are not what they should be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chains.kube import wire


async def chunks(*pieces):
    for piece in pieces:
        yield piece


async def split(*pieces):
    return [line async for line in wire.lines(chunks(*pieces))]


@given(st.lists(st.binary(min_size=1).filter(lambda text: b"\n" not in text)), st.lists(st.integers(1, 7)))
async def test_lines_are_those_that_were_joined(texts, sizes):
    stream = b"".join(text + b"\n" for text in texts)
    pieces = []
    for size in sizes:
        pieces.append(stream[:size])
        stream = stream[size:]
    assert await split(*pieces, stream) == texts


async def test_empty_lines_are_passed_over():
    assert await split(b"\n\na\n", b"\n", b"b\n\n") == [b"a", b"b"]


async def test_a_stream_that_ends_inside_a_line_is_told():
    with pytest.raises(ValueError, match="a line that was cut"):
        await split(b"a\nb", b"c")


async def test_a_line_without_end_is_given_up():
    piece = b"x" * (1024 * 1024)
    with pytest.raises(ValueError, match="more than 32 MiB"):
        await split(*[piece] * 64)


@pytest.mark.parametrize("body", [b"", b"[]", b'{"message": 7}', b"\xff\xfe", b"plain"])
def test_what_is_no_status_still_has_a_message(body):
    assert isinstance(wire.status(body).message, str)


def test_an_objects_metadata_is_all_that_is_read():
    metadata = wire.identity(b'{"metadata": {"uid": "u", "resourceVersion": "7", "x": 1}, "spec": {"a": [1e400]}}')
    assert (metadata.uid, metadata.resource_version, metadata.name) == ("u", "7", "")
