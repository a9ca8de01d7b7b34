"""A put that is repeated goes on from where it was, and forgets that as soon as it has come to its end."""

import asyncio

import pytest

from chains.demo.faults import Fault
from chains.demo.registry.server import RegistryServer
from chains.errors import EdgeError
from chains.registry.oci_store import OciStore
from chains.registry.unfinished import LONGEST, Unfinished
from tests.kube.virtual_time import in_virtual_time
from tests.registry.builders import NOBODY, ORIGIN, attestation, client


async def test_a_put_that_failed_in_passing_goes_on_with_the_images_that_are_left() -> None:
    async with RegistryServer() as server, client() as registry:
        good, bad = server.push_image("team/good", "a"), server.push_image("team/bad", "b")
        store, signed = OciStore(registry, lambda _: NOBODY), attestation(good, bad)
        fault = server.faults.add(Fault("PUT", "team/bad", status=503))
        with pytest.raises(EdgeError):
            await store.put(signed, ORIGIN)
        server.faults.remove(fault)
        asked = server.faults.add(Fault("GET", "team/good"))
        stored = await store.put(signed, ORIGIN)
        assert (len(stored.locations), stored.written, server.faults.hits(asked)) == (2, True, 0)
        again = await store.put(signed, ORIGIN)
        assert (again.written, server.faults.hits(asked)) == (False, 1), "what has ended is looked at anew"


async def test_a_put_that_was_refused_for_good_is_looked_at_anew_when_it_is_repeated() -> None:
    async with RegistryServer() as server, client() as registry:
        good, bad = server.push_image("team/good", "a"), server.push_image("team/bad", "b")
        store, signed = OciStore(registry, lambda _: NOBODY), attestation(good, bad)
        server.faults.add(Fault("POST", "team/bad", status=405))
        asked = server.faults.add(Fault("GET", "team/good"))
        for _ in range(2):
            before = server.faults.hits(asked)
            with pytest.raises(EdgeError):
                await store.put(signed, ORIGIN)
            assert server.faults.hits(asked) > before


def test_it_is_forgotten_an_hour_after_it_was_last_asked_for_and_when_there_is_too_much() -> None:
    async def lived() -> None:
        unfinished = Unfinished(most=2)
        unfinished.note(b"a", written=True)
        await asyncio.sleep(LONGEST - 1)
        assert unfinished.outcome(b"a") is True
        await asyncio.sleep(LONGEST - 1)
        assert unfinished.outcome(b"a") is True
        assert unfinished.outcome(b"b") is None
        await asyncio.sleep(LONGEST + 1)
        assert unfinished.outcome(b"a") is None
        for name in (b"a", b"b", b"c"):
            unfinished.note(name, written=False)
        assert [unfinished.outcome(name) for name in (b"a", b"b", b"c")] == [None, False, False]

    in_virtual_time(lived())
