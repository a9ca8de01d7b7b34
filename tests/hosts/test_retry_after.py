"""Retry-After as whoever answers may write it: seconds, a date, or nothing that can be obeyed."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chains.hosts.refusals import LONGEST_WAIT, wait_asked_for

MOMENTS = st.datetimes(datetime(1971, 1, 1), datetime(2999, 1, 1)).map(lambda at: at.replace(microsecond=0, tzinfo=UTC))


@pytest.mark.parametrize(
    ("value", "seconds"),
    [(None, None), ("", None), ("soon", None), ("-5", None), ("0", 0), ("120", 120), ("9" * 50, 300), ("²", None)],
)
def test_retry_after_in_seconds_is_read(value: str | None, seconds: float | None) -> None:
    assert wait_asked_for(value) == seconds


@pytest.mark.parametrize("value", ["1 Dec 2094 00:00:00 +99999999999", "Sun, 06 Nov 99999 08:49:37 GMT", "1 2 3 4"])
def test_retry_after_as_no_date_there_is_is_not_obeyed(value: str) -> None:
    assert wait_asked_for(value) is None


def test_retry_after_as_a_date_is_read() -> None:
    now = datetime(2026, 5, 1, 8, 0, 0, tzinfo=UTC)
    assert wait_asked_for(format_datetime(now + timedelta(seconds=90), usegmt=True), now) == 90
    assert wait_asked_for(format_datetime(now - timedelta(days=1), usegmt=True), now) == 0
    assert wait_asked_for(format_datetime(now + timedelta(days=1), usegmt=True), now) == 300
    assert wait_asked_for("Friday, 01-May-26 08:00:30 GMT", now) == 30
    assert wait_asked_for("Fri May  1 08:00:30 2026", now) == 30


@given(st.integers(min_value=0))
def test_any_number_of_seconds_is_obeyed_up_to_the_longest_wait(seconds: int) -> None:
    assert wait_asked_for(f" {seconds} ") == min(seconds, LONGEST_WAIT)


@given(MOMENTS, MOMENTS)
def test_any_date_is_obeyed_from_now_up_to_the_longest_wait(now: datetime, then: datetime) -> None:
    left = (then - now).total_seconds()
    assert wait_asked_for(format_datetime(then, usegmt=True), now) == min(max(left, 0.0), LONGEST_WAIT)


@given(st.text() | st.text("0123456789+-.: GMTMonJan,"))
def test_whatever_else_is_sent_is_within_bounds_or_not_obeyed(value: str) -> None:
    wait = wait_asked_for(value)
    assert wait is None or 0 <= wait <= LONGEST_WAIT
