"""What an operator may set of leader election: knative's keys of the ConfigMap `config-leader-election`."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from chains.artifacts.reference import shown
from chains.errors import InputError

MOST_BUCKETS = 10
LONGEST = 3600.0
# A renewal that fails must leave time for another before the deadline.
TRIES = 1.2
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_PART = r"(?:[0-9]{1,9}(?:\.[0-9]{0,9})?|\.[0-9]{1,9})"
_UNIT = r"(?:h|ms|m|s|us|µs|ns)"
_DURATION = re.compile(rf"(?:{_PART}{_UNIT}){{1,8}}")
_PARTS = re.compile(rf"({_PART})({_UNIT})")


@dataclass(frozen=True, slots=True)
class LeaderElection:
    """Into how many buckets runs fall, and in seconds: how long a lease lasts after it was renewed, for how long its
    holder goes on without renewing it, and how often it is looked at.
    """

    buckets: int = 1
    lease_duration: float = 15.0
    renew_deadline: float = 10.0
    retry_period: float = 2.0


def read_leader_election(entries: Mapping[str, str]) -> LeaderElection:
    """Read the entries of the ConfigMap; raise InputError, in one sentence, for those that cannot be used.

    The spellings that knative had first (`leaseDuration`) are read as well; other keys are left to others.
    """
    usual = LeaderElection()
    read = LeaderElection(
        _buckets(entries.get("buckets", "")),
        _duration(entries, "lease-duration", "leaseDuration", usual.lease_duration),
        _duration(entries, "renew-deadline", "renewDeadline", usual.renew_deadline),
        _duration(entries, "retry-period", "retryPeriod", usual.retry_period),
    )
    if read.lease_duration <= read.renew_deadline:
        raise InputError(
            f"lease-duration ({read.lease_duration:g} s) must be longer than renew-deadline "
            f"({read.renew_deadline:g} s): the difference is what a write in flight has"
        )
    if read.renew_deadline <= read.retry_period * TRIES:
        raise InputError(
            f"renew-deadline ({read.renew_deadline:g} s) must be longer than {TRIES:g} times retry-period "
            f"({read.retry_period:g} s), so that there is a second try"
        )
    return read


def _buckets(given: str) -> int:
    text = given.strip()
    if not text:
        return 1
    if not re.fullmatch(r"[0-9]{1,3}", text, re.ASCII) or not 1 <= int(text) <= MOST_BUCKETS:
        raise InputError(f"buckets: {shown(given)} is no whole number from 1 to {MOST_BUCKETS}")
    return int(text)


def _duration(entries: Mapping[str, str], key: str, former: str, usual: float) -> float:
    """Read a time as Go spells it."""
    given = entries.get(key) or entries.get(former) or ""
    text = given.strip()
    if not text:
        return usual
    if not _DURATION.fullmatch(text):
        raise InputError(f"{key}: {shown(given)} is no time such as 15s or 1m30s")
    seconds = math.fsum(float(number) * _SECONDS[unit] for number, unit in _PARTS.findall(text))
    if not 0.1 <= seconds <= LONGEST:
        raise InputError(f"{key}: {shown(given)} is not between 100ms and {LONGEST / 3600:g}h")
    return seconds
