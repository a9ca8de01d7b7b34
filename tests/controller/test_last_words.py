"""How the service ends: the events of its last turns are left while its buckets are held, and not waited for long."""

import asyncio
from pathlib import Path

from chains.controller.service import LAST_WORDS, SHUTDOWN, Scope, Service
from chains.controller.shares import Shares
from chains.kube.client import KubeClient
from chains.kube.cluster import KubeCluster
from chains.kube.connection import Connection, Surroundings
from chains.kube.event_lane import event_lane
from chains.kube.resources import EVENTS
from chains.runs.sighting import RunKey
from tests.builders import image_results, taskrun_object
from tests.controller.fakes import FakeCluster
from tests.controller.jumping_time import jump, with_jumps
from tests.controller.leaders import Decided
from tests.controller.test_service import SETTINGS, OneStore
from tests.controller.test_sharing import Slow
from tests.kube.builders import ScriptedApi, found, served, write_kubeconfig


class Speaking(FakeCluster):
    """Leaves its events at a real API."""

    def __init__(self, voice: KubeCluster) -> None:
        super().__init__(SETTINGS)
        self._voice = voice

    def tell(self, key: RunKey, reason: str, message: str, *, warning: bool = True) -> None:
        self._voice.tell(key, reason, message, warning=warning)

    async def told(self) -> None:
        await self._voice.told()


async def test_the_events_of_the_last_turns_are_left_before_the_buckets_are_given_up(tmp_path: Path) -> None:
    script = ScriptedApi()
    leadership, store, stop = Decided(1, 0), Slow(), asyncio.Event()
    shares = Shares(leadership)
    async with served(script):
        path = write_kubeconfig(tmp_path, {"server": script.host}, {"token": "first"})
        client = KubeClient(await Connection.open(str(path), Surroundings({}), permit=shares.check))
        async with event_lane(client) as lane:
            lane.wanted = "all"
            cluster = Speaking(KubeCluster(client, "tekton-chains", lane))
            for uid in ("one", "two", "three"):
                key = cluster.put(taskrun_object(uid, uid=uid, results=image_results()))
                script.on("POST", EVENTS.path(key.namespace), found({}, 201))
            service = Service(cluster, OneStore(store), Scope(workers=12), calm=0.0, shares=shares)
            running = asyncio.create_task(service.run(stop))
            while service.queue.active < 3:
                await asyncio.sleep(0)
            await store.asked.wait()
            stop.set()
            store.may.set()
            await running
        await client.close()
    assert leadership.resigned.is_set()
    assert [asked.json["reason"] for asked in script.asked] == ["Signed"] * 3
    assert lane.dropped == 0


class Speechless(FakeCluster):
    """Never comes to leave an event."""

    def __init__(self) -> None:
        super().__init__(SETTINGS)
        self.asked = asyncio.Event()

    async def told(self) -> None:
        self.asked.set()
        await asyncio.Event().wait()


def test_an_api_that_takes_no_events_holds_up_the_hand_over_for_a_moment_only() -> None:
    async def lived() -> None:
        leadership, stop, cluster = Decided(1, 0), asyncio.Event(), Speechless()
        service = Service(cluster, OneStore(Slow()), Scope(workers=2), shares=Shares(leadership))
        running = asyncio.create_task(service.run(stop))
        stop.set()
        await cluster.asked.wait()
        assert not leadership.resigned.is_set()
        jump(LAST_WORDS)
        await running
        assert leadership.resigned.is_set()

    with_jumps(lived())
    assert LAST_WORDS < SHUTDOWN / 5
