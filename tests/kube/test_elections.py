"""Whatever befalls replicas, no two ever write in the name of one bucket; left alone, they share all of them."""

from hypothesis import given, settings
from hypothesis import strategies as st

from chains.kube.elector import Elector, Holder
from chains.kube.seat import Seat
from tests.kube.elections import World, ceiling
from tests.kube.virtual_time import in_virtual_time

SEEDS = st.integers(0, 2**32)


async def _suffered(seed: int, replicas: int, buckets: int) -> World:
    world = World(seed, replicas, buckets)
    try:
        await world.suffer(100.0)
        await world.recover(90.0)
        shares = [len(replica.leads()) for replica in world.replicas]
        assert sum(shares) == buckets
        assert max(shares) <= ceiling(buckets, replicas)
    finally:
        world.close()
    return world


@settings(max_examples=25, deadline=None, derandomize=True, database=None)
@given(SEEDS, st.integers(1, 4), st.integers(1, 5))
def test_nobody_writes_in_the_name_of_a_bucket_that_somebody_else_has(seed: int, replicas: int, buckets: int) -> None:
    world = in_virtual_time(_suffered(seed, replicas, buckets))
    assert world.writes
    assert not world.violations


class _Careless(Elector):
    """Believes what the API said last, however long ago."""

    def leads(self, bucket: int) -> bool:
        return self._seats[bucket].held

    def _check(self, seat: Seat, holder: Holder) -> None:
        pass


async def _suffered_by_the_careless(seed: int) -> World:
    world = World(seed, 3, 2, make=_Careless)
    try:
        await world.suffer(300.0)
    finally:
        world.close()
    return world


def test_an_elector_that_does_not_look_at_the_clock_is_found_out() -> None:
    assert any(in_virtual_time(_suffered_by_the_careless(seed)).violations for seed in range(10))
