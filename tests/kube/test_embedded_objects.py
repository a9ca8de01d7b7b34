"""Objects of a whole Kubernetes API: marks, secrets, events, and what it refuses by itself."""

import json
from contextlib import aclosing

import pytest

from chains.errors import EdgeError, InputError
from chains.kube.events import WARNING, Involved, record_event
from chains.kube.pull_secrets import DOCKER_CONFIG_JSON, PullSecrets
from chains.kube.refusals import ConflictError, InvalidError
from chains.kube.resources import LEASES, TASK_RUNS
from chains.kube.run_marks import patch_run, read_run
from chains.kube.secret import SecretSource, write_key_pair_secret
from chains.runs.sighting import RunKey
from tests.kube.embedded import cluster, secret, task_run

SIGNED = {"chains.tekton.dev/signed": "true"}


async def test_a_mark_is_merged_with_what_others_wrote(tmp_path):
    async with cluster(tmp_path) as (server, client):
        run = await server.apply(task_run("one") | {"spec": {"kept": 1}})
        uid = run["metadata"]["uid"]
        await client.merge_patch(TASK_RUNS.path("builds", "one"), b'{"metadata": {"annotations": {"mine": "1"}}}')
        assert await patch_run(client, RunKey("TaskRun", "builds", "one", uid), SIGNED | {"gone": None})
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
        assert await patch_run(client, RunKey("TaskRun", "builds", "one", old), SIGNED) is False
        new = (await server.apply(task_run("one")))["metadata"]["uid"]
        assert await patch_run(client, RunKey("TaskRun", "builds", "one", old), SIGNED) is False
        assert await read_run(client, RunKey("TaskRun", "builds", "one", old)) is None
        assert "annotations" not in server.get("TaskRun", "one", "builds")["metadata"]
        assert await read_run(client, RunKey("TaskRun", "builds", "one", new)) is not None


async def test_annotations_beyond_what_kubernetes_holds_are_refused_for_good(tmp_path):
    async with cluster(tmp_path) as (server, client):
        uid = (await server.apply(task_run("one")))["metadata"]["uid"]
        with pytest.raises(InvalidError, match="262144") as caught:
            await patch_run(
                client, RunKey("TaskRun", "builds", "one", uid), {"chains.tekton.dev/payload": "x" * 262144}
            )
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
