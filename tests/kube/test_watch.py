"""Following through every fault: nothing is missed, nothing ends."""

import asyncio
import json
from contextlib import aclosing
from dataclasses import replace

import pytest

from chains.kube.resources import TASK_RUNS
from chains.kube.watch import Disconnected, Pace, Resumed, Synced, follow
from tests.kube.builders import (
    QUICK,
    Asked,
    ScriptedApi,
    bookmark,
    connected,
    dropped,
    error_line,
    found,
    line,
    listing,
    refused,
    run,
    streamed,
    text,
)

PATH = TASK_RUNS.path("builds")
WAITING = streamed(end="open")


def told(seen) -> str:
    """Write one thing followed in short."""
    if isinstance(seen, Synced):
        return f"synced {seen.resource_version}"
    if isinstance(seen, Disconnected):
        return "disconnected"
    if isinstance(seen, Resumed):
        return "resumed"
    return f"{seen.type} {json.loads(bytes(seen.object))['metadata']['name']}"


async def followed(tmp_path, script, count, pace=QUICK):
    """Follow until `count` things were seen."""
    seen = []
    async with connected(tmp_path, script) as client:
        stream = follow(client, TASK_RUNS, namespace="builds", pace=pace)
        async with asyncio.timeout(20), aclosing(stream):
            while len(seen) < count:
                seen.append(await anext(stream))
    return seen


async def stories(tmp_path, count, *answers, pace=QUICK):
    script = ScriptedApi().on("GET", PATH, *answers, WAITING)
    return [told(seen) for seen in await followed(tmp_path, script, count, pace)], script.asked


def versions(asked: list[Asked]) -> list[str]:
    """Write the requests in short: `list`, or the version watched from."""
    return [one.query["resourceVersion"] if "watch" in one.query else "list" for one in asked]


async def test_a_list_comes_first_then_synced_then_changes(tmp_path):
    pages = listing(run("a"), version=5, continuation="more"), listing(run("b"), version=5)
    changes = streamed(line("ADDED", "c", 6) + line("MODIFIED", "a", 7), line("DELETED", "b", 8), end="open")
    seen, asked = await stories(tmp_path, 6, *pages, changes)
    assert seen == ["ADDED a", "ADDED b", "synced 5", "ADDED c", "MODIFIED a", "DELETED b"]
    watch = asked[-1].query
    assert (watch["resourceVersion"], watch["allowWatchBookmarks"]) == ("5", "true")
    assert 240 <= int(watch["timeoutSeconds"]) <= 300


async def test_a_closed_watch_resumes_at_the_last_event(tmp_path):
    first, second = streamed(line("ADDED", "a", 6), line("ADDED", "b", 7)), streamed(line("ADDED", "c", 8), end="open")
    seen, asked = await stories(tmp_path, 4, listing(version=5), first, second)
    assert seen == ["synced 5", "ADDED a", "ADDED b", "ADDED c"]
    assert versions(asked) == ["list", "5", "7"]


async def test_a_bookmark_moves_the_version_and_is_not_told(tmp_path):
    seen, asked = await stories(
        tmp_path, 2, listing(version=5), streamed(bookmark(900)), streamed(line("ADDED", "a", 901), end="open")
    )
    assert seen == ["synced 5", "ADDED a"]
    assert versions(asked) == ["list", "5", "900"]


async def test_events_arrive_whole_however_the_stream_is_cut_into_chunks(tmp_path):
    both = line("ADDED", "a", 6) + line("ADDED", "b", 7)
    seen, _ = await stories(tmp_path, 3, listing(version=5), streamed(*(both[i : i + 1] for i in range(len(both)))))
    assert seen == ["synced 5", "ADDED a", "ADDED b"]


@pytest.mark.parametrize(
    "gone",
    [
        refused(410, "Expired", "too old resource version: 5 (9)"),
        text(410, "gone"),
        streamed(error_line(410, "Expired", "too old resource version: 5 (9)")),
        streamed(error_line(410, "Gone", "gone"), end="open"),
        refused(504, "Timeout", "Too large resource version", {"causes": [{"reason": "ResourceVersionTooLarge"}]}),
    ],
)
async def test_a_forgotten_version_brings_the_list_again(tmp_path, gone):
    relisted = listing(run("a", 9), version=9)
    seen, asked = await stories(
        tmp_path, 5, listing(version=5), gone, relisted, streamed(line("DELETED", "a", 10), end="open")
    )
    assert seen == ["synced 5", "disconnected", "ADDED a", "synced 9", "DELETED a"]
    assert versions(asked) == ["list", "5", "list", "9"]


@pytest.mark.parametrize(
    "trouble",
    [
        text(429, "Too many requests, please try again later."),
        refused(500, "InternalError", "etcdserver: leader changed"),
        refused(503, "ServiceUnavailable", "starting"),
        refused(403, "Forbidden", "no"),
        refused(401, "Unauthorized", "Unauthorized"),
        streamed(error_line(500, "InternalError", "boom")),
        streamed(b'{"type": "ADD', end="cut"),
        streamed(b'{"type": "ADD'),
        streamed(b"<html>\n"),
        text(404, "404 page not found"),
    ],
)
async def test_other_trouble_resumes_at_the_version_it_had(tmp_path, trouble):
    began = streamed(line("ADDED", "a", 6))
    after = streamed(line("ADDED", "b", 7), end="open")
    seen, asked = await stories(tmp_path, 5, listing(version=5), began, trouble, after)
    assert seen == ["synced 5", "ADDED a", "disconnected", "resumed", "ADDED b"]
    assert versions(asked) == ["list", "5", "6", "6"]


async def test_a_server_that_drops_connections_for_a_while_is_resumed(tmp_path):
    answers = streamed(line("ADDED", "a", 6)), *[dropped()] * 4, streamed(line("ADDED", "b", 7), end="open")
    script = ScriptedApi().on("GET", PATH, listing(version=5), *answers)
    seen = []
    async with connected(tmp_path, script) as client:
        stream = follow(client, TASK_RUNS, namespace="builds", pace=QUICK)
        async with asyncio.timeout(20), aclosing(stream):
            while "ADDED b" not in seen:
                seen.append(told(await anext(stream)))
    assert [one for one in seen if one != "disconnected"] == ["synced 5", "ADDED a", "resumed", "ADDED b"]
    assert versions(script.asked) == ["list", "5", *["6"] * 5]


async def test_events_before_a_cut_are_not_told_twice(tmp_path):
    cut = streamed(line("ADDED", "a", 6) + line("ADDED", "b", 7) + b'{"type"', end="cut")
    seen, asked = await stories(tmp_path, 6, listing(version=5), cut, streamed(line("ADDED", "c", 8), end="open"))
    assert seen == ["synced 5", "ADDED a", "ADDED b", "disconnected", "resumed", "ADDED c"]
    assert versions(asked) == ["list", "5", "7"]


@pytest.mark.parametrize("trouble", [refused(503, "ServiceUnavailable", "starting"), text(200, "no list")])
async def test_a_list_that_fails_half_way_comes_again(tmp_path, trouble):
    begun = listing(run("a"), version=5, continuation="more")
    seen, asked = await stories(tmp_path, 4, begun, trouble, listing(run("a"), version=6))
    assert seen == ["ADDED a", "disconnected", "ADDED a", "synced 6"]
    assert "continue" not in asked[2].query


async def test_a_list_without_a_version_is_not_watched_from(tmp_path):
    seen, asked = await stories(tmp_path, 2, found({"items": []}), listing(version=6))
    assert seen == ["disconnected", "synced 6"]
    assert versions(asked)[:2] == ["list", "list"]


async def test_an_event_without_a_version_brings_the_list_again(tmp_path):
    nameless = streamed(b'{"type": "BOOKMARK", "object": {"metadata": {}}}\n')
    seen, asked = await stories(tmp_path, 2, listing(version=5), nameless, listing(version=8))
    assert seen == ["synced 5", "synced 8"]
    assert versions(asked)[:3] == ["list", "5", "list"]


async def test_a_kind_of_event_from_the_future_is_passed_over(tmp_path):
    new = streamed(line("RENAMED", "a", 6), line("ADDED", "b", 7), end="open")
    seen, _ = await stories(tmp_path, 2, listing(version=5), new)
    assert seen == ["synced 5", "ADDED b"]


async def test_a_watch_that_falls_silent_is_dropped_and_resumed(tmp_path):
    pace = replace(QUICK, shortest_watch=0, longest_watch=0, grace=0.2)
    half_open = streamed(line("ADDED", "a", 6), end="open")
    seen, asked = await stories(
        tmp_path, 5, listing(version=5), half_open, streamed(line("ADDED", "b", 7), end="open"), pace=pace
    )
    assert seen == ["synced 5", "ADDED a", "disconnected", "resumed", "ADDED b"]
    assert versions(asked) == ["list", "5", "6"]


async def test_a_short_watch_after_trouble_shows_that_a_quiet_cluster_is_followed_again(tmp_path):
    down = refused(503, "ServiceUnavailable", "starting")
    seen, asked = await stories(tmp_path, 4, listing(version=5), down, down, streamed(), WAITING)
    assert seen == ["synced 5", "disconnected", "disconnected", "resumed"]
    lasting = [int(one.query["timeoutSeconds"]) for one in asked if "watch" in one.query]
    assert lasting[1:3] == [2, 2]


async def test_a_watch_lasts_long_again_once_it_has_been_resumed(tmp_path):
    down, last = refused(503, "ServiceUnavailable", "starting"), streamed(line("ADDED", "a", 6), end="open")
    seen, asked = await stories(tmp_path, 4, listing(version=5), down, streamed(bookmark(5)), last)
    assert seen == ["synced 5", "disconnected", "resumed", "ADDED a"]
    assert [int(one.query.get("timeoutSeconds", 0)) >= 240 for one in asked] == [False, True, False, True]


async def test_a_watch_that_closes_at_once_and_says_nothing_is_trouble(tmp_path):
    pace = replace(QUICK, shortest_quiet_watch=30.0)
    seen, asked = await stories(tmp_path, 2, listing(version=5), streamed(), pace=pace)
    assert seen == ["synced 5", "disconnected"]
    assert versions(asked)[:2] == ["list", "5"]


async def test_the_wait_that_the_api_asks_for_is_kept(tmp_path):
    script = ScriptedApi().on("GET", PATH, text(429, "slow down", Retry_After="17"))
    [seen] = await followed(tmp_path, script, 1)
    assert seen == Disconnected(seen.reason, 17.0)
    assert "HTTP 429 (slow down)" in seen.reason


async def test_pauses_are_jittered_grow_to_a_bound_and_start_anew_after_an_event(tmp_path):
    pace = Pace(first_pause=0.001, longest_pause=0.02, shortest_quiet_watch=0.0)
    down = refused(503, "ServiceUnavailable", "starting")
    script = ScriptedApi().on(
        "GET", PATH, listing(version=5), *[down] * 12, streamed(line("ADDED", "a", 6)), *[down] * 2, WAITING
    )
    seen = await followed(tmp_path, script, 17, pace)
    pauses = [one.pause for one in seen if isinstance(one, Disconnected)]
    bounds = [min(0.02, 0.001 * 2**n) for n in range(12)] + [0.001, 0.002]
    assert all(0.0001 <= pause <= bound for pause, bound in zip(pauses, bounds, strict=True))
    assert len(set(pauses)) == 14


async def test_a_lacking_permission_is_told_in_its_sentence_and_mended_without_a_restart(tmp_path):
    message = 'taskruns.tekton.dev is forbidden: User "sa" cannot list resource "taskruns"'
    script = ScriptedApi().on("GET", PATH, refused(403, "Forbidden", message), listing(run("a"), version=1), WAITING)
    forbidden, *rest = await followed(tmp_path, script, 3)
    assert 'resources: ["taskruns"], verbs: ["list"]' in forbidden.reason
    assert [told(seen) for seen in rest] == ["ADDED a", "synced 1"]


async def test_a_cluster_without_tekton_is_told(tmp_path):
    [seen] = await followed(tmp_path, ScriptedApi(), 1)
    assert "is Tekton Pipelines installed" in seen.reason


async def test_a_field_selector_narrows_list_and_watch(tmp_path):
    script = ScriptedApi().on("GET", TASK_RUNS.path(), listing(version=1), streamed(line("ADDED", "a", 2), end="open"))
    async with connected(tmp_path, script) as client:
        stream = follow(client, TASK_RUNS, field_selector="metadata.name=a", pace=QUICK)
        async with aclosing(stream):
            assert [told(await anext(stream)) for _ in range(2)] == ["synced 1", "ADDED a"]
    assert all(one.query["fieldSelector"] == "metadata.name=a" for one in script.asked)


async def test_a_cancelled_follower_closes_its_watch(tmp_path):
    opened, closed = asyncio.Event(), asyncio.Event()

    async def watched(request):
        opened.set()
        try:
            return await WAITING(request)
        finally:
            closed.set()

    async def consume(client):
        async with aclosing(follow(client, TASK_RUNS, namespace="builds", pace=QUICK)) as stream:
            async for _ in stream:
                pass

    async with connected(tmp_path, ScriptedApi().on("GET", PATH, listing(version=5), watched)) as client:
        consuming = asyncio.create_task(consume(client))
        await opened.wait()
        consuming.cancel()
        with pytest.raises(asyncio.CancelledError):
            await consuming
        async with asyncio.timeout(20):
            await closed.wait()
