"""Events on runs."""

from datetime import UTC, datetime

import pytest

from chains.errors import EdgeError
from chains.kube.events import WARNING, Involved, cut, record_event
from chains.kube.resources import EVENTS
from tests.kube.builders import ScriptedApi, connected, found, refused

PATH = EVENTS.path("builds")
NOW = datetime(2026, 1, 2, 3, 4, 5, 678, UTC)


def involved(name="one"):
    return Involved("tekton.dev/v1", "TaskRun", "builds", name, "u1")


async def recorded(tmp_path, *messages, name="one", now=NOW):
    script = ScriptedApi().on("POST", PATH, found({}, 201))
    async with connected(tmp_path, script) as client:
        for message in messages:
            await record_event(client, involved(name), WARNING, "SigningFailed", message, now=now)
    return [asked.json for asked in script.asked]


async def test_an_event_tells_of_the_run(tmp_path):
    [event] = await recorded(tmp_path, "no key")
    name = event["metadata"].pop("name")
    assert name.startswith("one.")
    assert event == {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"namespace": "builds"},
        "involvedObject": {
            "apiVersion": "tekton.dev/v1",
            "kind": "TaskRun",
            "namespace": "builds",
            "name": "one",
            "uid": "u1",
        },
        "type": "Warning",
        "reason": "SigningFailed",
        "message": "no key",
        "count": 1,
        "firstTimestamp": "2026-01-02T03:04:05Z",
        "lastTimestamp": "2026-01-02T03:04:05Z",
        "source": {"component": "tekton-chains-controller"},
        "reportingComponent": "tekton-chains-controller",
        "reportingInstance": "tekton-chains-controller",
    }


async def test_names_differ_between_messages_and_stay_valid(tmp_path):
    first, second = await recorded(tmp_path, "a", "b", name="x" * 250 + "-y")
    names = {first["metadata"]["name"], second["metadata"]["name"]}
    assert len(names) == 2
    assert all(len(name) <= 253 and name[-17] == "." for name in names)


async def test_a_long_message_is_cut_at_a_character(tmp_path):
    [event] = await recorded(tmp_path, "é" * 2000)
    assert event["message"].endswith("é…")
    assert 1020 <= len(event["message"].encode()) <= 1024


def test_what_cannot_be_encoded_does_not_fail():
    assert cut("a\ud800b") == "a?b"
    assert cut("exactly", 7) == "exactly"


async def test_an_event_that_is_refused_raises(tmp_path):
    script = ScriptedApi().on("POST", PATH, refused(403, "Forbidden", 'User "sa" cannot create resource "events"'))
    async with connected(tmp_path, script) as client:
        with pytest.raises(EdgeError, match=r'resources: \["events"\], verbs: \["create"\]'):
            await record_event(client, involved(), WARNING, "SigningFailed", "no")
