"""One thing at a time that befalls an election, in virtual time."""

import asyncio
from collections.abc import Callable

import pytest

from chains.errors import EdgeError
from chains.kube.elector import Elector
from chains.kube.lease import Lease
from chains.kube.seat import Term
from tests.kube.elections import TERM, Replica, Server, World
from tests.kube.virtual_time import in_virtual_time


class Calm(World):
    """A world where nothing is slow or lost by itself."""

    def begin(self) -> Replica:
        replica = super().begin()
        replica.wire.lost = 0.0
        return replica


def seconds() -> float:
    return asyncio.get_running_loop().time()


async def reached(state: Callable[[], bool], within: float) -> float:
    """Wait for a state, and return how many virtual seconds it took."""
    began = seconds()
    while not state():
        assert seconds() - began < within
        await asyncio.sleep(0.01)
    return seconds() - began


async def _taken_over(seed: int, how: str) -> float:
    world = Calm(seed, 1, 1)
    await reached(lambda: world.replicas[0].leads() == {0}, 5.0)
    first, second = world.replicas[0], world.begin()
    await asyncio.sleep(10.0)
    if how == "end":
        await first.end()
    elif how == "kill":
        first.kill()
    elif how == "stop":
        first.wire.stopped_until = seconds() + 2 * TERM.lease
    else:
        first.wire.cut_until = seconds() + 2 * TERM.lease
    took = await reached(lambda: second.leads() == {0}, 60.0)
    assert not first.leads()
    second.kill()
    first.kill()
    assert not world.violations
    return took


@pytest.mark.parametrize("how", ["kill", "stop", "cut"])
@pytest.mark.parametrize("seed", range(5))
def test_who_gives_no_sign_of_life_is_replaced_when_the_lease_is_over(how: str, seed: int) -> None:
    took = in_virtual_time(_taken_over(seed, how))
    assert TERM.renew < took < 20.0


@pytest.mark.parametrize("seed", range(5))
def test_who_ends_is_replaced_at_the_next_look(seed: int) -> None:
    assert in_virtual_time(_taken_over(seed, "end")) < TERM.retry + 2.0


async def _joined(buckets: int, replicas: int) -> list[int]:
    world = Calm(1, 1, buckets)
    assert await reached(lambda: len(world.replicas[0].leads()) == buckets, 15.0) < 3.0 * buckets
    world.replicas += [world.begin() for _ in range(replicas - 1)]
    await asyncio.sleep(60.0)
    shares = [len(replica.leads()) for replica in world.replicas]
    world.close()
    assert not world.violations
    return shares


@pytest.mark.parametrize(("buckets", "replicas", "shares"), [(3, 3, [1, 1, 1]), (10, 3, [3, 3, 4]), (2, 3, [0, 1, 1])])
def test_who_joins_is_given_a_fair_share(buckets: int, replicas: int, shares: list[int]) -> None:
    assert sorted(in_virtual_time(_joined(buckets, replicas))) == shares


async def _ended_in_silence() -> float:
    world = Calm(4, 1, 3)
    (replica,) = world.replicas
    await reached(lambda: len(replica.leads()) == 3, 20.0)
    replica.wire.cut_until = seconds() + 1000.0
    began = seconds()
    await replica.end()
    assert not replica.leads()
    return seconds() - began


def test_who_ends_while_the_api_is_away_does_not_wait_for_it() -> None:
    assert in_virtual_time(_ended_in_silence()) < 10.0


async def _orphaned(seed: int) -> float:
    """Kill one of two replicas that have three buckets each."""
    world = Calm(seed, 2, 6)
    await reached(lambda: [len(replica.leads()) for replica in world.replicas] == [3, 3], 60.0)
    await asyncio.sleep(10.0)
    world.replicas[0].kill()
    took = await reached(lambda: len(world.replicas[1].leads()) == 6, 60.0)
    world.close()
    return took


@pytest.mark.parametrize("seed", range(5))
def test_all_buckets_of_the_dead_are_taken_over_in_time(seed: int) -> None:
    assert in_virtual_time(_orphaned(seed)) < 20.0


async def _stranger(record: Lease) -> float:
    world = Calm(3, 0, 1)
    world.server.create(world.names[0], record)
    replica = world.begin()
    took = await reached(lambda: replica.leads() == {0}, 100.0)
    replica.kill()
    return took


@pytest.mark.parametrize("renewed", ["1970-01-01T00:00:00.000000Z", "2999-01-01T00:00:00.000000Z", "rubbish"])
def test_whatever_the_time_in_a_record_it_is_waited_for_since_it_was_first_seen(renewed: str) -> None:
    took = in_virtual_time(_stranger(Lease("other", 15, renewed, renewed)))
    assert TERM.lease * 0.97 < took < TERM.lease * 1.03 + 4.0


def test_a_holder_that_asks_for_more_time_is_given_it() -> None:
    assert in_virtual_time(_stranger(Lease("other", 40, "a", "b"))) > 39.0


@pytest.mark.parametrize("record", [Lease("", 1, "a", "b"), Lease("", 3600, "a", "b")])
def test_a_record_that_names_nobody_is_taken_at_once(record: Lease) -> None:
    assert in_virtual_time(_stranger(record)) < 3.0


class Refusing:
    """An API that knows no Leases for us."""

    async def get(self, name: str) -> Lease | None:
        raise EdgeError(f"cannot get {name}: HTTP 403", transient=True)

    async def create(self, name: str, lease: Lease) -> Lease | None:
        raise AssertionError(name)

    async def replace(self, name: str, lease: Lease) -> Lease | None:
        raise AssertionError(name)


class Silent(Refusing):
    """An API that never answers."""

    async def get(self, name: str) -> Lease | None:
        await asyncio.sleep(1e6)
        return None


class Nobody:
    """Is told of nothing."""

    def gained(self, bucket: int) -> None:
        raise AssertionError(bucket)

    def lost(self, bucket: int) -> None:
        raise AssertionError(bucket)

    def given(self, bucket: int) -> None:
        raise AssertionError(bucket)

    async def emptied(self, bucket: int) -> None:
        raise AssertionError(bucket)


async def _trouble(leases: Refusing) -> str:
    settled = asyncio.Event()
    elector = Elector(leases, ("bucket",), "one", lambda: TERM, settled, now=seconds)
    task = asyncio.create_task(elector.run(Nobody()))
    async with asyncio.timeout(20):
        await settled.wait()
    assert not elector.leads(0)
    task.cancel()
    return elector.trouble


@pytest.mark.parametrize(("leases", "why"), [(Refusing(), "HTTP 403"), (Silent(), "did not answer in time")])
def test_an_api_that_gives_no_leases_is_told_of_and_nothing_is_held(leases: Refusing, why: str) -> None:
    assert why in in_virtual_time(_trouble(leases))


class Busy(Refusing):
    """An API that asks for a pause, and counts how often it was asked nevertheless."""

    def __init__(self, pause: float) -> None:
        self.pause, self.asked = pause, 0

    async def get(self, name: str) -> Lease | None:
        self.asked += 1
        raise EdgeError("HTTP 429", transient=True, retry_after=self.pause)


async def _asked_in_a_minute(pause: float) -> int:
    busy = Busy(pause)
    elector = Elector(busy, ("bucket",), "one", lambda: TERM, asyncio.Event(), now=seconds)
    task = asyncio.create_task(elector.run(Nobody()))
    await asyncio.sleep(60.0)
    task.cancel()
    return busy.asked


@pytest.mark.parametrize(("pause", "times"), [(0.0, range(27, 35)), (10.0, range(6, 7)), (3600.0, range(4, 5))])
def test_the_wait_that_the_api_asks_for_is_kept_for_a_term_at_most(pause: float, times: range) -> None:
    assert in_virtual_time(_asked_in_a_minute(pause)) in times


async def _held_while_a_renewal_is_put_off() -> None:
    world = Calm(1, 1, 1)
    [replica] = world.replicas
    await reached(lambda: replica.leads() == {0}, 5.0)
    refused = list(range(2))
    replace = world.server.replace

    def busy(name: str, lease: Lease) -> Lease | None:
        if refused:
            refused.pop()
            raise EdgeError("HTTP 429", transient=True, retry_after=30.0)
        return replace(name, lease)

    world.server.replace = busy  # type: ignore[method-assign]
    for _ in range(300):
        await asyncio.sleep(0.1)
        assert replica.leads() == {0}
    assert not refused
    replica.kill()


def test_a_hold_is_not_given_up_to_the_wait_that_the_api_asks_for() -> None:
    in_virtual_time(_held_while_a_renewal_is_put_off())


async def _lapsed() -> list[str]:
    """Let one replica alone be stopped beyond its deadline, and nobody be there to take over."""
    world = Calm(5, 1, 1)
    (replica,) = world.replicas
    await reached(lambda: replica.leads() == {0}, 5.0)
    told: list[str] = []
    replica.gained = lambda bucket: told.append("gained")  # type: ignore[method-assign]
    replica.lost = lambda bucket: told.append("lost")  # type: ignore[method-assign]
    replica.wire.stopped_until = seconds() + 30.0
    await asyncio.sleep(29.0)
    assert not replica.leads()
    await reached(lambda: replica.leads() == {0}, 10.0)
    replica.kill()
    assert not world.violations
    return told


def test_a_hold_that_lapsed_is_told_as_lost_and_won_again() -> None:
    assert in_virtual_time(_lapsed()) == ["lost", "gained"]


async def _deleted() -> tuple[float, float]:
    """Delete the record that one replica holds and another watches."""
    world = Calm(7, 1, 1)
    await reached(lambda: world.replicas[0].leads() == {0}, 5.0)
    world.replicas.append(world.begin())
    await asyncio.sleep(10.0)
    world.server.delete(world.names[0])
    lost = await reached(lambda: not world.replicas[0].leads(), 10.0)
    won = await reached(lambda: any(replica.leads() for replica in world.replicas), 30.0)
    world.close()
    return lost, won


def test_a_record_that_is_deleted_costs_its_holder_the_bucket_before_anybody_takes_it() -> None:
    lost, won = in_virtual_time(_deleted())
    assert lost < 2 * TERM.retry
    assert won > TERM.renew


async def _withdrawn() -> None:
    world = Calm(1, 2, 4)
    first, second = world.replicas
    await reached(lambda: len(first.leads()) == len(second.leads()) == 2, 60.0)
    held = first.leads()
    first.elector.withdraw()
    second.kill()
    await asyncio.sleep(4 * TERM.lease)
    assert first.leads() == held
    first.kill()
    assert not world.violations


def test_who_withdraws_keeps_what_it_has_and_takes_nothing_more() -> None:
    in_virtual_time(_withdrawn())


async def _deleted_before_a_replica_begins(seed: int) -> None:
    world = Calm(seed, 1, 2)
    [first] = world.replicas
    await reached(lambda: first.leads() == {0, 1}, 10.0)
    await asyncio.sleep(5.0)
    world.server.delete(world.names[0])
    second = world.begin()
    end = seconds() + 60.0
    while seconds() < end:
        assert not first.leads() & second.leads()
        await asyncio.sleep(0.01)
    assert first.leads() | second.leads() == {0, 1}
    # The first may have written on for a moment, when nobody had the record.
    assert not [said for said in world.violations if "when replica" in said]
    for replica in (first, second):
        replica.kill()


@pytest.mark.parametrize("seed", range(5))
def test_a_record_deleted_right_before_a_replica_begins_gives_the_bucket_to_no_two(seed: int) -> None:
    in_virtual_time(_deleted_before_a_replica_begins(seed))


def test_transitions_count_the_times_that_another_took_over() -> None:
    async def lived() -> int:
        world = Calm(2, 1, 1)
        for _ in range(3):
            await reached(lambda: world.replicas[0].leads() == {0}, 30.0)
            await world.replicas[0].end()
            world.replicas = [world.begin()]
        await reached(lambda: world.replicas[0].leads() == {0}, 30.0)
        world.close()
        return transitions(world.server, world.names[0])

    assert in_virtual_time(lived()) == 3


def transitions(server: Server, name: str) -> int:
    found = server.get(name)
    assert found is not None
    return found.transitions


async def _told_of_a_hand_over(buckets: int) -> list[str]:
    """Let one replica be joined by another, then end."""
    world = Calm(6, 1, buckets)
    (replica,) = world.replicas
    await reached(lambda: len(replica.leads()) == buckets, 20.0)
    told: list[str] = []
    replica.lost = lambda bucket: told.append("lost")  # type: ignore[method-assign]
    replica.given = lambda bucket: told.append("given")  # type: ignore[method-assign]
    world.replicas.append(world.begin())
    await asyncio.sleep(60.0)
    assert told == ["given"] * (buckets // 2)
    await replica.end()
    world.close()
    return told


@pytest.mark.parametrize("buckets", [1, 2, 6])
def test_what_is_handed_over_by_choice_is_told_as_given_and_never_as_lost(buckets: int) -> None:
    assert in_virtual_time(_told_of_a_hand_over(buckets)) == ["given"] * buckets


class Lengthening:
    """One Lease, and a term that grows while a write is under way; after `most` writes no answer comes."""

    def __init__(self, most: int) -> None:
        self.term = TERM
        self._left = most
        self._lease: Lease | None = None

    async def get(self, name: str) -> Lease | None:
        return self._lease

    async def create(self, name: str, lease: Lease) -> Lease | None:
        return await self.replace(name, lease)

    async def replace(self, name: str, lease: Lease) -> Lease | None:
        if self._left == 0:
            await asyncio.sleep(1e6)
        self._left -= 1
        self._lease = lease
        await asyncio.sleep(0.5)
        if self._left == 0:
            self.term = Term(600.0, 500.0, 2.0)
        return lease


class Somebody:
    """Takes no notice."""

    def gained(self, bucket: int) -> None: ...

    def lost(self, bucket: int) -> None: ...

    def given(self, bucket: int) -> None: ...

    async def emptied(self, bucket: int) -> None: ...


async def _led_for(writes: int) -> float:
    leases = Lengthening(writes)
    elector = Elector(leases, ("bucket",), "one", lambda: leases.term, asyncio.Event(), now=seconds)
    task = asyncio.create_task(elector.run(Somebody()))
    await reached(lambda: leases.term != TERM, 60.0)
    await reached(lambda: elector.leads(0), 1.0)
    led = await reached(lambda: not elector.leads(0), 1000.0)
    task.cancel()
    return led


@pytest.mark.parametrize("writes", [1, 3])
def test_a_hold_lasts_as_the_record_says_though_the_settings_change_before_the_answer(writes: int) -> None:
    assert in_virtual_time(_led_for(writes)) < TERM.renew
