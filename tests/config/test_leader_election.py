"""Reading the ConfigMap of leader election."""

import pytest

from chains.config.leader_election import LeaderElection, read_leader_election
from chains.errors import InputError


def test_nothing_set_is_one_bucket_and_short_terms() -> None:
    assert read_leader_election({}) == LeaderElection(1, 15.0, 10.0, 2.0)


def test_the_values_of_tekton_chains_are_taken() -> None:
    entries = {"lease-duration": "60s", "renew-deadline": "40s", "retry-period": "10s", "buckets": "10"}
    assert read_leader_election(entries) == LeaderElection(10, 60.0, 40.0, 10.0)


def test_the_former_spellings_are_taken_and_other_keys_left_alone() -> None:
    entries = {"leaseDuration": "1m0s", "renewDeadline": "1.5s", "retryPeriod": "500ms", "_example": "x", "more": "y"}
    assert read_leader_election(entries) == LeaderElection(1, 60.0, 1.5, 0.5)


@pytest.mark.parametrize(
    ("text", "seconds"), [("1h0m0s", 3600), ("2m30s", 150), (" 20s ", 20), ("20.5s", 20.5), ("20.s", 20), ("", 15)]
)
def test_a_time_is_read_as_go_reads_it(text: str, seconds: float) -> None:
    assert read_leader_election({"lease-duration": text}).lease_duration == seconds


@pytest.mark.parametrize("text", ["0", "-1s", "15", "s", ".s", "1e9s", "15 s", "٣s", "99h", "1ns", "1s" * 9])
def test_what_is_no_time_is_refused_by_name(text: str) -> None:
    with pytest.raises(InputError, match=r"^lease-duration: "):
        read_leader_election({"lease-duration": text})


@pytest.mark.parametrize("text", ["0", "11", "-1", "one", "1.0", "٣", "9999"])
def test_a_number_of_buckets_out_of_range_is_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"is no whole number from 1 to 10$"):
        read_leader_election({"buckets": text})


@pytest.mark.parametrize(
    ("entries", "why"),
    [
        ({"lease-duration": "10s"}, "lease-duration (10 s) must be longer than renew-deadline (10 s)"),
        ({"retry-period": "9s"}, "renew-deadline (10 s) must be longer than 1.2 times retry-period (9 s)"),
    ],
)
def test_terms_that_do_not_fit_together_are_refused(entries: dict[str, str], why: str) -> None:
    with pytest.raises(InputError) as refused:
        read_leader_election(entries)
    assert why in str(refused.value)
