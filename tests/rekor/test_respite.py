"""A log without an answer is left alone, and tried by one request at a time."""

import asyncio

import pytest

from chains.demo.faults import Fault
from chains.demo.rekor.server import RekorServer
from chains.errors import EdgeError
from chains.rekor.respite import FAILURES, LONGEST, Respite
from tests.rekor.builders import client, signed_image


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def fail(respite: Respite, *, transient: bool = True) -> str:
    """Make an attempt that fails, or is not let through, and return what it says."""
    with pytest.raises(EdgeError) as raised, respite.attempt("log"):
        raise EdgeError("no answer", transient=transient)
    assert raised.value.transient is transient
    return str(raised.value)


def test_a_log_is_left_alone_after_some_failures_and_for_longer_after_each_more() -> None:
    clock = Clock()
    respite = Respite(clock)
    for _ in range(FAILURES):
        assert fail(respite) == "no answer"
    waits = []
    for _ in range(8):
        with pytest.raises(EdgeError, match=r"left alone after .* no answer") as raised, respite.attempt("log"):
            pytest.fail("it was let through")
        assert raised.value.retry_after is not None
        waits.append(raised.value.retry_after)
        clock.now += raised.value.retry_after
        assert fail(respite) == "no answer"
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (1.0, LONGEST)


def test_one_answer_ends_it() -> None:
    clock = Clock()
    respite = Respite(clock)
    for _ in range(FAILURES):
        fail(respite)
    clock.now += LONGEST
    with respite.attempt("log"):
        assert "left alone" in fail(respite)
    for _ in range(FAILURES):
        assert fail(respite) == "no answer"


def test_failures_that_no_waiting_mends_do_not_count() -> None:
    respite = Respite(Clock())
    for _ in range(FAILURES + 1):
        assert fail(respite, transient=False) == "no answer"


async def test_a_request_that_is_cancelled_lets_another_try() -> None:
    clock = Clock()
    respite = Respite(clock)
    for _ in range(FAILURES):
        fail(respite)
    clock.now += LONGEST
    with pytest.raises(asyncio.CancelledError), respite.attempt("log"):
        raise asyncio.CancelledError
    assert fail(respite) == "no answer"


async def test_a_dead_log_is_not_asked_again_for_each_upload() -> None:
    async with RekorServer() as server, client(server) as log:
        cut = server.faults.add(Fault(cut="before"))
        for number in range(10):
            with pytest.raises(EdgeError):
                await log.upload(await signed_image(body=b"%d" % number))
        assert server.faults.hits(cut) < 10
