"""How often a host that gives no answer is asked again, in virtual time."""

import asyncio

import pytest

from chains.cli.persistence import LONGEST, TRIES, PersistentLookup, persistently
from chains.errors import EdgeError
from chains.payloads.payload import LogEntry, SignedPayload
from tests.kube.virtual_time import in_virtual_time
from tests.rekor.builders import signed_image


class Host:
    """Fails with each of the errors in turn, then answers."""

    def __init__(self, *errors: EdgeError) -> None:
        self.errors = list(errors)
        self.asked: list[float] = []

    async def ask(self) -> str:
        self.asked.append(asyncio.get_running_loop().time())
        if self.errors:
            raise self.errors.pop(0)
        return "found"

    async def find(self, _signed: SignedPayload, _public_key: bytes) -> LogEntry | None:
        await self.ask()
        return None


def passing(retry_after: float | None = None) -> EdgeError:
    return EdgeError("out of order", transient=True, retry_after=retry_after)


def test_what_passes_is_asked_again_and_what_does_not_is_not() -> None:
    host = Host(passing(), passing())
    assert in_virtual_time(persistently(host.ask, 60.0)) == "found"
    assert len(host.asked) == 3
    host = Host(EdgeError("denied", transient=False))
    with pytest.raises(EdgeError, match="denied"):
        in_virtual_time(persistently(host.ask, 60.0))
    assert len(host.asked) == 1


def test_a_host_that_stays_out_of_order_is_asked_a_few_times() -> None:
    host = Host(*(passing() for _ in range(9)))
    with pytest.raises(EdgeError, match="out of order"):
        in_virtual_time(persistently(host.ask, 60.0))
    assert len(host.asked) == TRIES


def test_the_wait_that_a_host_asks_for_is_kept_where_there_is_time_for_it() -> None:
    host = Host(passing(retry_after=7.0))
    assert in_virtual_time(persistently(host.ask, 60.0)) == "found"
    first, second = host.asked
    assert second - first >= 7.0
    for seconds, wait in ((60.0, LONGEST + 1.0), (3.0, 4.0)):
        host = Host(passing(retry_after=wait))
        with pytest.raises(EdgeError):
            in_virtual_time(persistently(host.ask, seconds))
        assert len(host.asked) == 1


def test_a_log_that_gave_no_answer_is_asked_once_for_each_of_what_follows_until_it_answers() -> None:
    host = Host(*(passing() for _ in range(TRIES + 1)))

    async def lived() -> list[int]:
        lookup, signed, counts = PersistentLookup(host, 60.0), await signed_image(), list[int]()
        for fails in (True, True, False):
            before = len(host.asked)
            if fails:
                with pytest.raises(EdgeError):
                    await lookup.find(signed, b"")
            else:
                assert await lookup.find(signed, b"") is None
            counts.append(len(host.asked) - before)
        host.errors.append(passing())
        before = len(host.asked)
        await lookup.find(signed, b"")
        return [*counts, len(host.asked) - before]

    assert in_virtual_time(lived()) == [TRIES, 1, 1, 2]
