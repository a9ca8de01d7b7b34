"""When a host is left alone, for how long, and who may try it: by a clock that is set by hand."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from chains.errors import EdgeError, InputError
from chains.hosts.answer import Answer
from chains.hosts.breaker import FAILURES, LONGEST_INTEREST, Breaker, State
from chains.hosts.errors import UnreachableError, WithheldError
from tests.registry.builders import Clock

HOST = "https://registry.example.com"
OTHER = "https://other.example.com"
REFUSED = UnreachableError("registry.example.com cannot be reached: refused", transient=True)


def breaker(clock: Clock, hosts: int = 8) -> Breaker:
    """A breaker that always waits the shortest time it may."""
    return Breaker(clock=clock, draw=lambda shortest, _: shortest, hosts=hosts)


def answer(status: int, wait: str | None = None) -> Answer:
    headers = CIMultiDict({} if wait is None else {"Retry-After": wait})
    return Answer(URL(HOST), status, CIMultiDictProxy(headers))


def asked(
    hosts: Breaker,
    outcome: Answer | BaseException,
    host: str = HOST,
    told: list[tuple[str, int | None]] | None = None,
    *,
    system: str = "",
    part: str = "",
) -> None:
    """Send one request that ends so, with its failure noted."""
    noted = [] if told is None else told
    with hosts.attempt(host, lambda *failure: noted.append(failure), system=system, part=part) as attempt:
        attempt.begin()
        if isinstance(outcome, BaseException):
            raise outcome
        attempt.answered(outcome)


def fail(hosts: Breaker, times: int = FAILURES, outcome: Answer | None = None, host: str = HOST) -> None:
    for _ in range(times):
        asked(hosts, outcome or answer(503), host)


def refusal(hosts: Breaker, host: str = HOST) -> EdgeError:
    """The error with which a request to this host fails at once."""
    with pytest.raises(EdgeError) as raised:
        asked(hosts, AssertionError("it went out"), host)
    return raised.value


def refused(hosts: Breaker, part: str) -> bool:
    """Whether a request to a part fails at once; it is answered well otherwise."""
    try:
        asked(hosts, answer(200), part=part)
    except EdgeError as error:
        assert "is left alone" in str(error)
        return True
    return False


def unconnected(hosts: Breaker, part: str) -> None:
    with pytest.raises(UnreachableError):
        asked(hosts, REFUSED, part=part)


def fallen_out(clock: Clock, hosts: int = 8) -> Breaker:
    """A breaker of a host that answered three parts with failures."""
    made = breaker(clock, hosts)
    for part in ("a", "b", "c"):
        asked(made, answer(503), part=part)
    return made


def opened(clock: Clock) -> Breaker:
    hosts = breaker(clock)
    fail(hosts)
    return hosts


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
def test_a_host_is_left_alone_after_three_failures_in_a_row(status: int) -> None:
    hosts = breaker(Clock())
    fail(hosts, 2, answer(status))
    assert hosts.states() == {HOST: State.CLOSED}
    fail(hosts, 1, answer(status))
    assert hosts.states() == {HOST: State.OPEN}
    assert refusal(hosts).transient


def test_a_request_that_gets_no_answer_is_a_failure() -> None:
    hosts = breaker(Clock())
    for _ in range(FAILURES):
        with pytest.raises(UnreachableError):
            asked(hosts, REFUSED)
    assert hosts.states() == {HOST: State.OPEN}


@pytest.mark.parametrize("status", [200, 201, 202, 307, 400, 401, 403, 404, 405, 413])
def test_any_other_answer_ends_the_row(status: int) -> None:
    hosts = breaker(Clock())
    for _ in range(3):
        fail(hosts, 2)
        asked(hosts, answer(status))
        assert hosts.states() == {}


def test_a_lasting_refusal_of_what_came_ends_the_row() -> None:
    hosts = breaker(Clock())
    fail(hosts, 2)
    with pytest.raises(EdgeError, match="too large"):
        asked(hosts, EdgeError("too large", transient=False))
    assert hosts.states() == {}


@pytest.mark.parametrize("end", [asyncio.CancelledError(), InputError("the CA file cannot be used")])
def test_what_says_nothing_about_the_host_counts_neither_way(end: BaseException) -> None:
    hosts = breaker(Clock())
    for _ in range(5):
        with pytest.raises(type(end)):
            asked(hosts, end)
    assert hosts.states() == {}
    fail(hosts, 2)
    with pytest.raises(type(end)):
        asked(hosts, end)
    fail(hosts, 1)
    assert hosts.states() == {HOST: State.OPEN}


def test_hosts_are_left_alone_each_for_itself() -> None:
    hosts = opened(Clock())
    asked(hosts, answer(200), OTHER)
    assert hosts.states() == {HOST: State.OPEN}


def test_the_refusal_names_the_host_the_cause_and_the_next_try() -> None:
    clock = Clock()
    hosts = opened(clock)
    clock.now += 0.25
    error = refusal(hosts)
    assert str(error) == f"{HOST} is left alone after 3 failures in a row: it answered 503; it is tried next in 1 s"
    assert error.retry_after is None
    assert (hosts.wait(HOST), hosts.wait(OTHER)) == (0.75, 0)


def test_the_refusal_is_of_the_kind_of_the_last_failure() -> None:
    hosts = breaker(Clock())
    for _ in range(FAILURES):
        with pytest.raises(UnreachableError):
            asked(hosts, REFUSED)
    error = refusal(hosts)
    assert isinstance(error, UnreachableError)
    assert str(REFUSED) in str(error)
    assert not isinstance(refusal(opened(Clock())), UnreachableError)


def test_the_wait_doubles_from_one_second_to_half_a_minute() -> None:
    clock = Clock()
    hosts = opened(clock)
    waits = []
    for _ in range(9):
        refusal(hosts)
        waits.append(hosts.wait(HOST))
        clock.now += waits[-1]
        fail(hosts, 1)
    assert waits == [1, 2, 4, 8, 16, 24, 24, 24, 24]


def test_the_wait_is_drawn_and_never_longer_than_half_a_minute() -> None:
    clock = Clock()
    drawn: list[tuple[float, float]] = []

    def longest(low: float, high: float) -> float:
        drawn.append((low, high))
        return high

    hosts = Breaker(clock=clock, draw=longest)
    fail(hosts)
    for _ in range(2000):
        clock.now += 60
        fail(hosts, 1)
    assert drawn[:2] == [(1, 1.25), (2, 2.5)]
    assert drawn[-1] == (24, 30)


@pytest.mark.parametrize(("wait", "seconds"), [("30", 30), ("0", 1), ("86400", 300), ("soon", 1)])
def test_the_wait_that_a_host_asks_for_is_kept_within_five_minutes(wait: str, seconds: float) -> None:
    hosts = breaker(Clock())
    fail(hosts, 3, answer(429, wait))
    assert hosts.wait(HOST) == seconds
    assert refusal(hosts).retry_after == (seconds if seconds > 1 else None)


def test_a_date_to_wait_for_is_obeyed() -> None:
    hosts = breaker(Clock())
    fail(hosts, 3, answer(503, format_datetime(datetime.now(UTC) + timedelta(days=1), usegmt=True)))
    assert refusal(hosts).retry_after == 300


def test_a_wait_that_was_asked_for_early_in_the_row_is_not_forgotten() -> None:
    clock = Clock()
    hosts = breaker(clock)
    fail(hosts, 1, answer(429, "30"))
    clock.now += 10
    fail(hosts, 2)
    assert refusal(hosts).retry_after == 20


def test_one_request_tries_the_host_when_the_wait_is_over_and_the_others_fail_at_once() -> None:
    clock = Clock()
    hosts = opened(clock)
    clock.now += 1
    with hosts.attempt(HOST) as trial:
        trial.begin()
        assert hosts.states() == {HOST: State.HALF_OPEN}
        for _ in range(100):
            error = refusal(hosts)
            assert "it is being tried now" in str(error)
            assert error.retry_after is None
        trial.answered(answer(200))
    assert hosts.states() == {}
    asked(hosts, answer(200))


def test_success_resets_the_row_and_the_wait() -> None:
    clock = Clock()
    hosts = opened(clock)
    for _ in range(4):
        clock.now += 60
        fail(hosts, 1)
    clock.now += 60
    asked(hosts, answer(404))
    fail(hosts, 2)
    assert hosts.states() == {HOST: State.CLOSED}
    fail(hosts, 1)
    assert hosts.wait(HOST) == 1


async def test_there_is_a_chance_when_the_wait_of_a_host_is_over() -> None:
    clock = Clock()
    hosts = breaker(clock)
    told = asyncio.create_task(hosts.chance())
    fail(hosts, 2)
    await asyncio.sleep(0)
    fail(hosts, 1)
    fail(hosts, 3, answer(429, "300"), host=OTHER)
    await asyncio.sleep(0)
    assert not told.done()
    clock.now += 1
    assert await told is False


async def test_a_host_that_is_being_tried_is_no_chance() -> None:
    clock = Clock()
    hosts = opened(clock)
    clock.now += 1
    with hosts.attempt(HOST) as trial:
        trial.begin()
        told = asyncio.create_task(hosts.chance())
        await asyncio.sleep(0)
        assert not told.done()
        trial.answered(answer(503))
    clock.now += 2
    assert await told is False


async def test_a_host_that_nobody_asks_for_any_more_is_no_chance() -> None:
    clock = Clock()
    hosts = opened(clock)
    clock.now += LONGEST_INTEREST
    told = asyncio.create_task(hosts.chance())
    await asyncio.sleep(0)
    assert not told.done()
    with hosts.attempt(HOST) as trial:
        trial.begin()
        refusal(hosts)
        trial.answered(answer(503))
    clock.now += 2
    assert await told is False


def test_a_trial_whose_write_is_withheld_is_no_failure_and_lets_the_next_one_try() -> None:
    clock, noted = Clock(), list[tuple[str, int | None]]()
    hosts = opened(clock)
    clock.now += 1
    withheld = WithheldError("our lease has run out", transient=True)
    with pytest.raises(WithheldError), hosts.attempt(HOST, lambda *failure: noted.append(failure)) as trial:
        trial.begin()
        raise withheld
    assert hosts.states() == {HOST: State.OPEN}
    assert hosts.wait(HOST) == 0
    assert noted == []
    asked(hosts, answer(200))
    assert hosts.states() == {}


def test_a_trial_that_is_cancelled_lets_the_next_one_try() -> None:
    clock = Clock()
    hosts = opened(clock)
    clock.now += 1
    with pytest.raises(asyncio.CancelledError):
        asked(hosts, asyncio.CancelledError())
    assert hosts.states() == {HOST: State.OPEN}
    asked(hosts, answer(200))
    assert hosts.states() == {}


@pytest.mark.parametrize("late", [200, 503])
def test_requests_that_were_under_way_when_the_host_was_given_up_change_nothing(late: int) -> None:
    clock = Clock()
    hosts = breaker(clock)
    with hosts.attempt(HOST) as slow, hosts.attempt(HOST) as slower:
        slow.begin()
        slower.begin()
        fail(hosts)
        clock.now += 1
        slow.answered(answer(late))
        slower.answered(answer(late))
    assert hosts.states() == {HOST: State.OPEN}
    asked(hosts, answer(200))
    assert hosts.states() == {}


def test_a_request_that_never_went_out_says_nothing() -> None:
    hosts = breaker(Clock())
    fail(hosts, 2)
    with pytest.raises(EdgeError), hosts.attempt(HOST):
        raise EdgeError("no connection came free in time", transient=True)
    assert hosts.states() == {HOST: State.CLOSED}


def test_hostile_names_do_not_fill_the_memory() -> None:
    clock = Clock()
    hosts = breaker(clock, hosts=4)
    for number in range(100):
        fail(hosts, 3, host=f"https://h{number}")
    assert list(hosts.states()) == [f"https://h{number}" for number in range(96, 100)]
    clock.now += 1
    with hosts.attempt("https://h99") as trial:
        trial.begin()
        fail(hosts, 3, host="https://a")
        fail(hosts, 3, host="https://b")
        fail(hosts, 3, host="https://c")
        fail(hosts, 3, host="https://d")
        trial.answered(answer(200))
    assert "https://h99" not in hosts.states()


async def test_a_host_that_works_again_is_told_of_whoever_tried_it() -> None:
    clock = Clock()
    hosts = opened(clock)
    told = asyncio.create_task(hosts.chance())
    await asyncio.sleep(0)
    clock.now += 1
    asked(hosts, answer(200))
    assert await told is True


async def test_a_chance_that_nobody_takes_comes_again_after_the_longest_wait() -> None:
    clock = Clock()
    hosts = opened(clock)
    clock.now += 1
    assert await hosts.chance() is False
    again = asyncio.create_task(hosts.chance())
    await asyncio.sleep(0)
    assert not again.done()
    clock.now += 30
    assert await again is False


def test_each_request_that_failed_is_told_with_its_status() -> None:
    told: list[tuple[str, int | None]] = []
    hosts = Breaker(clock=Clock())
    for status in (200, 404, 429, 503):
        asked(hosts, answer(status), told=told)
    with pytest.raises(EdgeError):
        asked(hosts, REFUSED, OTHER, told)
    assert told == [(HOST, 404), (HOST, 429), (HOST, 503), (OTHER, None)]


def test_two_systems_on_one_host_do_not_stop_each_other() -> None:
    hosts = breaker(Clock())
    for _ in range(FAILURES):
        asked(hosts, answer(503, "86400"), system="log")
    asked(hosts, answer(200), system="registry")
    assert (hosts.wait(HOST, system="log"), hosts.wait(HOST, system="registry")) == (300, 0)
    assert hosts.states() == {HOST: State.OPEN}


@pytest.mark.parametrize("bad", [answer(429, "300"), answer(503), EdgeError("it is silent", transient=True)])
def test_a_part_that_fails_is_left_alone_and_the_others_are_not(bad: Answer | EdgeError) -> None:
    hosts = breaker(Clock())
    for _ in range(FAILURES):
        with suppress(EdgeError):
            asked(hosts, bad, part="evil")
    with pytest.raises(EdgeError, match=f"^evil on {HOST} is left alone after 3 failures in a row"):
        asked(hosts, AssertionError("it went out"), part="evil")
    assert not refused(hosts, "good")
    assert hosts.states() == {HOST: State.OPEN}
    assert hosts.left_alone() == {f"evil on {HOST}"}


def test_a_host_that_fails_for_three_parts_in_a_row_is_left_alone() -> None:
    hosts = fallen_out(Clock())
    assert all(refused(hosts, part) for part in ("a", "b", "c", "d"))
    assert hosts.left_alone() == {HOST}


def test_a_part_that_is_answered_well_ends_the_row_of_its_host() -> None:
    hosts = breaker(Clock())
    for part in ("a", "b", "c", "d"):
        asked(hosts, answer(503), part=part)
        asked(hosts, answer(200), part="good")
    assert not refused(hosts, "new")


def test_a_part_that_was_answered_well_is_asked_while_its_host_is_left_alone_and_ends_that() -> None:
    clock = Clock()
    hosts = breaker(clock)
    asked(hosts, answer(200), part="good")
    for part in ("a", "b", "c"):
        asked(hosts, answer(503), part=part)
    assert refused(hosts, "new")
    assert not refused(hosts, "good")
    assert not refused(hosts, "new")


def test_a_part_that_was_answered_well_costs_a_host_that_fails_for_all_one_request() -> None:
    hosts = breaker(Clock())
    asked(hosts, answer(200), part="good")
    for part in ("a", "b", "c", "good"):
        asked(hosts, answer(503), part=part)
    assert refused(hosts, "good")


def test_a_host_that_nobody_can_connect_to_is_left_alone_by_all() -> None:
    hosts = breaker(Clock())
    asked(hosts, answer(200), part="good")
    for _ in range(FAILURES):
        unconnected(hosts, "a")
    assert refused(hosts, "good")
    assert refused(hosts, "new")


def test_what_a_part_is_asked_to_wait_is_not_asked_of_its_host() -> None:
    clock = Clock()
    hosts = breaker(clock)
    for part in ("a", "b", "c"):
        asked(hosts, answer(429, "300"), part=part)
    assert hosts.wait(HOST) == 1
    clock.now += 1
    assert not refused(hosts, "new")


def test_parts_are_tried_at_once_when_their_host_works_again_unless_asked_to_wait() -> None:
    clock = Clock()
    hosts = breaker(clock)
    for part, wait in (("a", None), ("a", None), ("a", None), ("evil", "300"), ("evil", "300"), ("evil", "300")):
        asked(hosts, answer(503, wait), part=part)
    asked(hosts, answer(503), part="c")
    clock.now += 1
    assert not refused(hosts, "d")
    assert not refused(hosts, "a")
    assert refused(hosts, "evil")


def test_a_trial_of_a_part_that_gets_no_connection_lets_the_next_one_try() -> None:
    clock = Clock()
    hosts = breaker(clock)
    for _ in range(FAILURES):
        asked(hosts, answer(503), part="a")
    clock.now += 1
    unconnected(hosts, "a")
    assert not refused(hosts, "a")


async def test_there_is_a_chance_for_a_part_and_news_when_it_works_again() -> None:
    clock = Clock()
    hosts = breaker(clock)
    for _ in range(FAILURES):
        asked(hosts, answer(503), part="a")
    clock.now += 1
    assert await hosts.chance() is False
    asked(hosts, answer(200), part="a")
    assert await hosts.chance() is True
    assert (hosts.states(), hosts.left_alone()) == ({}, frozenset())


def test_hostile_parts_do_not_fill_the_memory_nor_make_the_host_forgotten() -> None:
    clock = Clock()
    hosts = fallen_out(clock, hosts=4)
    for number in range(100):
        clock.now += 60
        asked(hosts, answer(503), part=f"p{number}")
    assert hosts.left_alone() == {HOST}
    clock.now += 60
    assert not refused(hosts, "good")
    for number in range(100):
        for _ in range(FAILURES):
            asked(hosts, answer(503), part=f"p{number}")
        asked(hosts, answer(200), part="good")
    assert hosts.left_alone() == {f"p{number} on {HOST}" for number in range(96, 100)}


def test_with_no_memory_nobody_is_left_alone() -> None:
    hosts = breaker(Clock(), hosts=0)
    fail(hosts, 100, answer(503, "300"))
    assert (hosts.states(), hosts.wait(HOST)) == ({}, 0)


@pytest.mark.parametrize("trials", [0, 1])
async def test_a_host_that_fails_for_some_and_not_for_others_is_news_only_after_a_trial_that_failed(
    trials: int,
) -> None:
    clock = Clock()
    hosts = breaker(clock)
    asked(hosts, answer(200), part="good")
    for part in ("a", "b", "c"):
        asked(hosts, answer(503), part=part)
    for _ in range(trials):
        clock.now += 1
        asked(hosts, answer(503), part="a")
    asked(hosts, answer(200), part="good")
    told = asyncio.create_task(hosts.chance())
    await asyncio.sleep(0)
    assert told.done() is bool(trials)
    told.cancel()
