"""Following one ConfigMap."""

import asyncio
import json
from contextlib import aclosing

from chains.kube.config_map import ConfigMapVersion, follow_config_map
from chains.kube.resources import CONFIG_MAPS
from chains.kube.watch import Disconnected
from tests.kube.builders import QUICK, ScriptedApi, bookmark, connected, listing, refused, streamed

PATH = CONFIG_MAPS.path("tekton-chains")
WAITING = streamed(end="open")
FORGOTTEN = refused(410, "Expired", "too old")


def config_map(version, **entries):
    found = {"metadata": {"name": "chains-config", "resourceVersion": str(version)}}
    return found | ({"data": entries} if entries else {})


def change(type_, found):
    return json.dumps({"type": type_, "object": found}).encode() + b"\n"


async def versions(tmp_path, count, *answers):
    script = ScriptedApi().on("GET", PATH, *answers, WAITING)
    async with connected(tmp_path, script) as client:
        followed = follow_config_map(client, "tekton-chains", "chains-config", QUICK)
        async with asyncio.timeout(20), aclosing(followed):
            seen = [await anext(followed) for _ in range(count)]
    assert {asked.query["fieldSelector"] for asked in script.asked} == {"metadata.name=chains-config"}
    return ["trouble" if isinstance(one, Disconnected) else one for one in seen]


async def test_each_version_is_told_and_so_is_absence(tmp_path):
    changes = [
        change("MODIFIED", config_map(6, a="2")),
        change("DELETED", config_map(7, a="2")),
        change("ADDED", config_map(8)),
    ]
    assert await versions(tmp_path, 4, listing(config_map(5, a="1"), version=5), streamed(*changes, end="open")) == [
        ConfigMapVersion({"a": "1"}, "5"),
        ConfigMapVersion({"a": "2"}, "6"),
        ConfigMapVersion(None, "7"),
        ConfigMapVersion({}, "8"),
    ]


async def test_a_config_map_that_is_not_there_is_told_once_the_list_has_ended(tmp_path):
    arrival = streamed(bookmark(6), change("ADDED", config_map(7, a="1")), end="open")
    seen = await versions(tmp_path, 2, listing(version=5), arrival)
    assert seen == [ConfigMapVersion(None, "5"), ConfigMapVersion({"a": "1"}, "7")]


async def test_a_version_that_is_listed_again_is_not_told_again(tmp_path):
    same = listing(config_map(5, a="1"), version=9)
    news = streamed(change("MODIFIED", config_map(10, a="2")), end="open")
    assert await versions(tmp_path, 3, listing(config_map(5, a="1"), version=5), FORGOTTEN, same, news) == [
        ConfigMapVersion({"a": "1"}, "5"),
        "trouble",
        ConfigMapVersion({"a": "2"}, "10"),
    ]


async def test_a_config_map_deleted_while_nobody_watched_is_told_as_absent(tmp_path):
    seen = await versions(tmp_path, 3, listing(config_map(5, a="1"), version=5), FORGOTTEN, listing(version=9))
    assert seen == [ConfigMapVersion({"a": "1"}, "5"), "trouble", ConfigMapVersion(None, "9")]


async def test_absence_is_told_once(tmp_path):
    arrival = streamed(change("ADDED", config_map(10, a="2")), end="open")
    seen = await versions(tmp_path, 3, listing(version=5), FORGOTTEN, listing(version=9), arrival)
    assert seen == [ConfigMapVersion(None, "5"), "trouble", ConfigMapVersion({"a": "2"}, "10")]


async def test_a_lacking_permission_is_told(tmp_path):
    seen = await versions(tmp_path, 2, refused(403, "Forbidden", "no"), listing(config_map(5), version=5))
    assert seen == ["trouble", ConfigMapVersion({}, "5")]
