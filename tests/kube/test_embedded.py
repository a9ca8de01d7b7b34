"""The same edge against a whole Kubernetes API: what it keeps, counts, forgets and refuses by itself."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from chains.demo.faults import Fault
from chains.demo.kubernetes.server import KubernetesServer
from chains.errors import EdgeError, InputError
from chains.kube.client import KubeClient
from chains.kube.config_map import ConfigMapVersion, follow_config_map
from chains.kube.events import WARNING, Involved, record_event
from chains.kube.pull_secrets import DOCKER_CONFIG_JSON, PullSecrets
from chains.kube.refusals import ConflictError, ExpiredError, InvalidError
from chains.kube.resources import CONFIG_MAPS, LEASES, SECRETS, TASK_RUNS
from chains.kube.run_marks import patch_run, read_run
from chains.kube.secret import SecretSource, write_key_pair_secret
from chains.kube.watch import Disconnected, Pace, Synced, follow
from chains.kube.wire import identity
from tests.kube.builders import QUICK, connect

SIGNED = {"chains.tekton.dev/signed": "true"}


@asynccontextmanager
async def cluster(tmp_path: Path, **options: Any) -> AsyncIterator[tuple[KubernetesServer, KubeClient]]:
    """Run an API and connect to it."""
    async with KubernetesServer(**options) as server:
        (tmp_path / "kubeconfig").write_text(server.kubeconfig())
        client = await connect(str(tmp_path / "kubeconfig"))
        try:
            yield server, client
        finally:
            await client.close()


def task_run(name, namespace="builds"):
    return {"apiVersion": "tekton.dev/v1", "kind": "TaskRun", "metadata": {"name": name, "namespace": namespace}}


def config_map(**entries):
    metadata = {"name": "chains-config", "namespace": "tekton-chains"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": entries}


def secret(name, type_="Opaque", **entries):
    metadata = {"name": name, "namespace": "builds"}
    encoded = {key: base64.b64encode(text.encode()).decode() for key, text in entries.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": type_, "data": encoded}


def watch(client, version):
    return client.watch(TASK_RUNS, "builds", resource_version=version, seconds=30, silence=40)


class Ledger:
    """Keeps which runs there are, from what is followed."""

    def __init__(self, client, pace=QUICK, **options):
        self.stream = follow(client, TASK_RUNS, pace=pace, **options)
        self.names: set[str] = set()
        self.seen: list[str] = []

    async def until(self, marker):
        """Follow until something is told, and return how often it took."""
        async with asyncio.timeout(30):
            async for one in self.stream:
                told = self.note(one)
                self.seen.append(told)
                if told == marker:
                    return

    def note(self, one):
        if isinstance(one, Synced):
            return "synced"
        if isinstance(one, Disconnected):
            return "disconnected"
        name = json.loads(bytes(one.object))["metadata"]["name"]
        (self.names.discard if one.type == "DELETED" else self.names.add)(name)
        return f"{one.type} {name}"


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


async def test_a_mark_is_merged_with_what_others_wrote(tmp_path):
    async with cluster(tmp_path) as (server, client):
        run = await server.apply(task_run("one") | {"spec": {"kept": 1}})
        uid = run["metadata"]["uid"]
        await client.merge_patch(
            TASK_RUNS.path("builds", "one"), b'{"metadata": {"annotations": {"mine": "1"}}}', "other"
        )
        assert await patch_run(client, "TaskRun", "builds", "one", uid, SIGNED | {"gone": None})
        held = server.get("TaskRun", "one", "builds")
        assert held["metadata"]["annotations"] == {"mine": "1"} | SIGNED
        assert held["spec"] == {"kept": 1}
        managers = {entry["manager"] for entry in held["metadata"]["managedFields"]}
        assert "tekton-chains-controller" in managers
        assert server.requests["patch", "taskruns"] == 2


async def test_a_run_created_anew_is_neither_marked_nor_read_under_the_old_uid(tmp_path):
    async with cluster(tmp_path) as (server, client):
        old = (await server.apply(task_run("one")))["metadata"]["uid"]
        await client.delete(TASK_RUNS.path("builds", "one"))
        assert await patch_run(client, "TaskRun", "builds", "one", old, SIGNED) is False
        new = (await server.apply(task_run("one")))["metadata"]["uid"]
        assert await patch_run(client, "TaskRun", "builds", "one", old, SIGNED) is False
        assert await read_run(client, "TaskRun", "builds", "one", old) is None
        assert "annotations" not in server.get("TaskRun", "one", "builds")["metadata"]
        assert await read_run(client, "TaskRun", "builds", "one", new) is not None


async def test_annotations_beyond_what_kubernetes_holds_are_refused_for_good(tmp_path):
    async with cluster(tmp_path) as (server, client):
        uid = (await server.apply(task_run("one")))["metadata"]["uid"]
        with pytest.raises(InvalidError, match="262144") as caught:
            await patch_run(client, "TaskRun", "builds", "one", uid, {"chains.tekton.dev/payload": "x" * 262144})
        assert not caught.value.transient


async def test_a_key_pair_secret_is_written_read_and_then_immutable(tmp_path):
    pair = {"cosign.key": b"key", "cosign.password": b"", "cosign.pub": b"pub"}
    async with cluster(tmp_path) as (server, client):
        await server.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "builds"}})
        source = SecretSource(client, "builds", "signing-secrets")
        with pytest.raises(EdgeError, match="chains generate-key-pair k8s://builds/signing-secrets makes one"):
            await source.read()
        assert await write_key_pair_secret(client, "builds", "signing-secrets", pair) is True
        assert await source.read() == pair
        assert server.get("Secret", "signing-secrets", "builds")["immutable"] is True
        with pytest.raises(InputError, match="is immutable"):
            await write_key_pair_secret(client, "builds", "signing-secrets", pair)


async def test_a_key_pair_written_over_a_secret_keeps_its_other_entries(tmp_path):
    async with cluster(tmp_path) as (server, client):
        await server.apply(secret("signing-secrets", other="kept"))
        assert await write_key_pair_secret(client, "builds", "signing-secrets", {"cosign.pub": b"pub"}) is False
        assert await SecretSource(client, "builds", "signing-secrets").read() == {
            "other": b"kept",
            "cosign.pub": b"pub",
        }
        assert server.get("Secret", "signing-secrets", "builds")["immutable"] is True


async def test_a_key_pair_for_a_namespace_that_is_not_there_says_so(tmp_path):
    async with cluster(tmp_path) as (_, client):
        with pytest.raises(EdgeError, match="does namespace 'nowhere' exist"):
            await write_key_pair_secret(client, "nowhere", "signing-secrets", {"cosign.pub": b"pub"})


async def test_a_service_accounts_secrets_are_found_and_remembered(tmp_path):
    async with cluster(tmp_path) as (server, client):
        metadata = {"name": "default", "namespace": "builds"}
        named = {"secrets": [{"name": "push"}, {"name": "gone"}], "imagePullSecrets": [{"name": "pull"}]}
        await server.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata} | named)
        await server.apply(secret("push", **{"config.json": "{1}"}))
        await server.apply(secret("pull", DOCKER_CONFIG_JSON, **{".dockerconfigjson": '{"auths": {}}'}))
        secrets = PullSecrets(client)
        for _ in range(2):
            async with aclosing(secrets.documents("builds", "")) as documents:
                found = [document async for document in documents]
            assert found == [(DOCKER_CONFIG_JSON, b"{1}"), (DOCKER_CONFIG_JSON, b'{"auths": {}}')]
        assert (server.requests["get", "serviceaccounts"], server.requests["get", "secrets"]) == (1, 3)


async def test_an_event_is_recorded(tmp_path):
    async with cluster(tmp_path) as (server, client):
        run = await server.apply(task_run("one"))
        involved = Involved("tekton.dev/v1", "TaskRun", "builds", "one", run["metadata"]["uid"])
        await record_event(client, involved, WARNING, "SigningFailed", "no key")
        await record_event(client, involved, WARNING, "SigningFailed", "no key at all")
        events = server.objects("Event", "builds")
        assert {event["message"] for event in events} == {"no key", "no key at all"}
        assert {event["involvedObject"]["uid"] for event in events} == {run["metadata"]["uid"]}


async def test_a_stale_replacement_is_a_conflict(tmp_path):
    async with cluster(tmp_path) as (server, client):
        metadata = {"name": "leader", "namespace": "builds"}
        held = await server.apply(
            {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": {}}
        )
        path = LEASES.path("builds", "leader")
        changed = json.dumps(held | {"spec": {"holderIdentity": "me"}}).encode()
        assert await client.replace(path, changed) is not None
        with pytest.raises(ConflictError):
            await client.replace(path, changed)
        with pytest.raises(ConflictError):
            await client.create(LEASES.path("builds"), json.dumps({"metadata": metadata}).encode())


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
