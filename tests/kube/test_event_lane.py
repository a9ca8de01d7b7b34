"""Events on their way: never waited for, told once and counted, and bounded."""

import asyncio
from contextlib import asynccontextmanager

from chains.errors import EdgeError
from chains.kube import event_lane as lanes
from chains.kube.event_lane import EventLane, event_lane
from chains.kube.events import NORMAL, WARNING, Involved
from chains.kube.refused_accounts import LASTING, RefusedAccounts
from chains.kube.resources import EVENTS
from tests.kube.builders import ScriptedApi, connected, found, refused

PATH = EVENTS.path("builds")


def involved(name="one"):
    return Involved("tekton.dev/v1", "TaskRun", "builds", name, f"uid-{name}")


class AnyEvent(ScriptedApi):
    """Takes every Event, and patches of those it has."""

    async def answer(self, request):
        if request.method == "PATCH":
            self.on("PATCH", request.path, found({}))
        return await super().answer(request)


@asynccontextmanager
async def lane_to(tmp_path, script, wanted="all"):
    async with connected(tmp_path, script) as client, event_lane(client) as lane:
        lane.wanted = wanted
        yield lane


async def test_what_happens_again_is_one_event_that_is_counted(tmp_path):
    script = AnyEvent().on("POST", PATH, found({}, 201))
    async with lane_to(tmp_path, script) as lane:
        for told in ("first", "second"):
            lane.note(involved(), WARNING, "Retrying", told)
        await lane.drain()
        lane.note(involved(), WARNING, "Retrying", "third")
        await lane.drain()
    created, amended = script.asked
    assert (created.method, created.json["message"], created.json["count"]) == ("POST", "second", 2)
    assert (amended.method, amended.json["message"], amended.json["count"]) == ("PATCH", "third", 3)
    assert amended.path == f"{PATH}/{created.json['metadata']['name']}"


async def test_an_event_that_the_api_has_forgotten_is_told_anew(tmp_path):
    script = ScriptedApi().on("POST", PATH, found({}, 201))
    async with lane_to(tmp_path, script) as lane:
        for told in ("first", "second"):
            lane.note(involved(), WARNING, "Retrying", told)
            await lane.drain()
    assert [asked.method for asked in script.asked] == ["POST", "PATCH", "POST"]


async def test_only_what_is_wanted_is_sent(tmp_path):
    for wanted, expected in (("all", ["Signed", "Failed"]), ("warnings", ["Failed"]), ("none", [])):
        script = ScriptedApi().on("POST", PATH, found({}, 201))
        async with lane_to(tmp_path, script, wanted) as lane:
            lane.note(involved(), NORMAL, "Signed", "stored")
            lane.note(involved(), WARNING, "Failed", "denied")
            await lane.drain()
        assert [asked.json["reason"] for asked in script.asked] == expected


async def test_an_event_that_is_refused_is_dropped_and_counted_and_holds_up_no_other(tmp_path):
    script = ScriptedApi().on("POST", PATH, refused(403, "Forbidden", "terminating"), found({}, 201))
    async with lane_to(tmp_path, script) as lane:
        lane.note(involved("one"), WARNING, "Failed", "denied")
        lane.note(involved("two"), WARNING, "Failed", "denied")
        await lane.drain()
        assert lane.dropped == 1
    assert [asked.json["involvedObject"]["name"] for asked in script.asked] == ["one", "two"]


async def test_no_more_than_so_many_wait(tmp_path):
    async with connected(tmp_path, ScriptedApi()) as client:
        lane = EventLane(client)
        for number in range(lanes.MOST_PENDING + 3):
            lane.note(involved(f"run-{number}"), WARNING, "Failed", "denied")
        assert lane.dropped == 3


async def test_an_account_is_told_of_once_its_refusal_lasts(tmp_path):
    script = AnyEvent().on("POST", PATH, found({}, 201))
    now = [0.0]
    async with lane_to(tmp_path, script) as lane:
        accounts = RefusedAccounts(lane, lambda: now[0])
        refusal = EdgeError("HTTP 403; a Role helps", transient=True)
        accounts.note("builds", "builder", refusal)
        accounts.clear("builds", "builder")
        now[0] = LASTING
        accounts.note("builds", "builder", refusal)
        assert script.asked == []
        now[0] += LASTING
        for _ in range(40):
            accounts.note("builds", "builder", refusal)
        await lane.drain()
    [asked] = script.asked
    assert asked.json["reason"] == "PullSecretsRefused"
    assert asked.json["count"] == 40
    assert asked.json["involvedObject"]["kind"] == "ServiceAccount"
    assert "a Role helps" in asked.json["message"]


async def test_nobody_waits_for_an_api_that_does_not_answer(tmp_path):
    gate = asyncio.Event()

    async def slow(request):
        await gate.wait()
        return await found({}, 201)(request)

    async with lane_to(tmp_path, ScriptedApi().on("POST", PATH, slow)) as lane:
        lane.note(involved(), WARNING, "Failed", "denied")
        gate.set()
        await lane.drain()
        assert lane.dropped == 0
