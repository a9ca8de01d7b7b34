"""Following against a whole Kubernetes API: what it keeps, forgets and breaks off by itself."""

import asyncio
import json
from contextlib import aclosing

import pytest

from chains.demo.faults import Fault
from chains.demo.kubernetes.server import KubernetesServer
from chains.kube.config_map import ConfigMapVersion, follow_config_map
from chains.kube.refusals import ExpiredError
from chains.kube.resources import CONFIG_MAPS, SECRETS, TASK_RUNS
from chains.kube.watch import Pace, Synced, follow
from chains.kube.wire import Change, identity
from tests.kube.builders import QUICK, connect
from tests.kube.embedded import Ledger, cluster, config_map, secret, task_run, watch


async def test_twelve_hundred_runs_are_listed_in_pages_while_runs_come_and_change_and_go(tmp_path):
    async with cluster(tmp_path) as (server, client):
        for number in range(1200):
            await server.apply(task_run(f"run-{number:04}"))
        ledger = Ledger(client, Pace())
        async with aclosing(ledger.stream):
            await ledger.until("ADDED run-0499")
            await server.apply(task_run("run-0000-first"))
            await server.apply(task_run("run-9999-last"))
            await server.apply(task_run("run-0700") | {"spec": {"changed": True}})
            await client.delete(TASK_RUNS.path("builds", "run-1000"))
            await ledger.until("synced")
            assert ledger.seen.count("ADDED run-0700") == 1
            assert len(ledger.names) == 1200
            await ledger.until("DELETED run-1000")
        assert ledger.seen[-4:-1] == ["ADDED run-0000-first", "ADDED run-9999-last", "MODIFIED run-0700"]
        assert len(ledger.names) == 1201
        assert server.requests["list", "taskruns"] == 3


async def test_what_is_there_comes_as_metadata_and_what_changes_comes_whole(tmp_path):
    async with cluster(tmp_path) as (server, client):
        await server.apply(task_run("there") | {"spec": {"params": []}})
        stream = follow(client, TASK_RUNS, metadata_first=True, pace=QUICK)
        async with aclosing(stream):
            listed = await anext(stream)
            assert isinstance(await anext(stream), Synced)
            await server.apply(task_run("there") | {"spec": {"params": [{"name": "a", "value": "b"}]}})
            changed = await anext(stream)
    assert isinstance(listed, Change)
    assert isinstance(changed, Change)
    assert json.loads(bytes(listed.object)).keys() == {"kind", "apiVersion", "metadata"}
    assert "spec" in json.loads(bytes(changed.object))


async def test_a_list_whose_continuation_expired_begins_anew_and_ends_complete(tmp_path):
    async with cluster(tmp_path) as (server, client):
        for number in range(30):
            await server.apply(task_run(f"run-{number:02}"))
        ledger = Ledger(client, Pace(page_size=10))
        async with aclosing(ledger.stream):
            await ledger.until("ADDED run-09")
            await server.apply(task_run("run-00-late"))
            server.compact()
            await ledger.until("synced")
        assert len(ledger.names) == 31
        assert "disconnected" not in ledger.seen


async def test_a_bookmark_lets_a_quiet_watch_resume_where_its_last_event_would_have_expired(tmp_path):
    async with cluster(tmp_path) as (server, client):
        first = (await server.apply(task_run("one")))["metadata"]["resourceVersion"]
        for number in range(20):
            await server.apply(task_run(f"elsewhere-{number}", "other"))
        async with aclosing(watch(client, first)) as watched:
            following = asyncio.ensure_future(anext(watched))
            await server.watches.running(1)
            server.watches.bookmark()
            bookmark = await following
        version = identity(bookmark.object).resource_version
        server.compact()
        await server.apply(task_run("two"))
        async with aclosing(watch(client, version)) as watched:
            assert identity((await anext(watched)).object).name == "two"
        async with aclosing(watch(client, first)) as watched:
            with pytest.raises(ExpiredError):
                await anext(watched)
    assert bookmark.type == "BOOKMARK"


async def test_a_watch_told_that_its_version_expired_lists_again_and_misses_nothing(tmp_path):
    async with cluster(tmp_path) as (server, client):
        ledger = Ledger(client)
        async with aclosing(ledger.stream):
            await ledger.until("synced")
            following = asyncio.create_task(ledger.until("synced"))
            await server.watches.running(1)
            server.watches.expire()
            await server.watches.running(0)
            await server.apply(task_run("one"))
            await following
        assert ledger.names == {"one"}
        assert server.requests["list", "taskruns"] == 2


async def test_nothing_is_missed_or_told_twice_while_connections_break_again_and_again(tmp_path):
    async with cluster(tmp_path) as (server, client):
        ledger = Ledger(client)
        async with aclosing(ledger.stream):
            await ledger.until("synced")
            following = asyncio.create_task(ledger.until("ADDED last"))
            for number in range(60):
                if number % 3 == 0:
                    await server.watches.running(1)
                    server.watches.cut()
                await server.apply(task_run(f"run-{number}"))
                await asyncio.sleep(0)
            await server.apply(task_run("last"))
            await following
        added = [told for told in ledger.seen if told.startswith("ADDED")]
        assert added == [*(f"ADDED run-{number}" for number in range(60)), "ADDED last"]
        assert server.requests["list", "taskruns"] == 1


async def test_an_api_that_is_overloaded_for_a_while_is_waited_for(tmp_path):
    async with cluster(tmp_path) as (server, client):
        await server.apply(task_run("one"))
        busy = server.faults.add(Fault(path="/taskruns", status=429, body="too many", times=3))
        ledger = Ledger(client)
        async with aclosing(ledger.stream):
            await ledger.until("synced")
        assert ledger.seen == [*["disconnected"] * 3, "ADDED one", "synced"]
        assert server.faults.hits(busy) == 3


async def test_a_page_cut_in_its_middle_is_fetched_again(tmp_path):
    async with cluster(tmp_path) as (server, client):
        for name in ("a", "b", "c"):
            await server.apply(task_run(name))
        server.faults.add(Fault(path="continue=", cut="within", times=1))
        ledger = Ledger(client, Pace(page_size=2, first_pause=0.01))
        async with aclosing(ledger.stream):
            await ledger.until("synced")
        assert ledger.names == {"a", "b", "c"}
        assert "disconnected" in ledger.seen


async def test_a_config_map_is_followed_through_its_life(tmp_path):
    async with cluster(tmp_path) as (server, client):
        stream = follow_config_map(client, "tekton-chains", "chains-config", QUICK)
        held = []
        async with asyncio.timeout(30), aclosing(stream):
            held.append(await anext(stream))
            await server.apply(config_map(a="1"))
            held.append(await anext(stream))
            await server.apply(config_map(a="2"))
            held.append(await anext(stream))
            await client.delete(CONFIG_MAPS.path("tekton-chains", "chains-config"))
            held.append(await anext(stream))
        assert all(isinstance(one, ConfigMapVersion) for one in held)
        assert [one.data for one in held] == [None, {"a": "1"}, {"a": "2"}, None]


async def test_a_watch_from_a_version_that_was_compacted_has_expired(tmp_path):
    async with cluster(tmp_path) as (server, client):
        for name in ("a", "b", "c"):
            await server.apply(secret(name))
        server.compact()
        watched = client.watch(SECRETS, "builds", resource_version="1", seconds=5, silence=10)
        async with aclosing(watched):
            with pytest.raises(ExpiredError):
                await anext(watched)


async def test_wrong_credentials_are_told_and_the_follower_goes_on_once_they_are_right(tmp_path):
    async with KubernetesServer(tokens={"right": "controller"}) as server:
        token = tmp_path / "token"
        token.write_text("wrong")
        kubeconfig = server.kubeconfig().replace("token: right", f"tokenFile: {token}")
        (tmp_path / "kubeconfig").write_text(kubeconfig)
        client = await connect(str(tmp_path / "kubeconfig"))
        ledger = Ledger(client)
        async with aclosing(ledger.stream):
            await ledger.until("disconnected")
            token.write_text("right")
            await ledger.until("synced")
        await client.close()
