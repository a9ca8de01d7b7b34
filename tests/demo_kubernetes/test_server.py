"""The server's life, its access, its counting, its faults, and its forgetting."""

import asyncio
from datetime import UTC, datetime

import aiohttp
import pytest
import yaml

from chains.demo.faults import Fault
from chains.demo.kubernetes.resources import Resource
from chains.demo.kubernetes.server import KubernetesServer
from chains.demo.kubernetes.status import StatusError, unauthorized
from tests.demo_kubernetes.builders import RUNS, event, run, served


async def test_only_bearers_of_a_token_are_answered():
    async with served(tokens={"sesame": "ali"}) as api:
        status, refused = await api.send("GET", RUNS)
        assert (status, refused["reason"]) == (401, "Unauthorized")
        assert (await api.send("GET", RUNS, headers={"Authorization": "Bearer wrong"}))[0] == 401
        assert (await api.send("GET", RUNS, headers={"Authorization": "Bearer sesame"}))[0] == 200
        async with api.session.get("/readyz") as ready:
            assert (ready.status, await ready.text()) == (200, "ok")
        assert yaml.safe_load(api.server.kubeconfig())["users"][0]["user"] == {"token": "sesame"}


async def test_requests_are_counted_by_verb_and_resource():
    async with served() as api:
        api.server.faults.add(Fault(method="DELETE", status=500))
        await api.send("POST", RUNS, run("a"))
        await api.send("GET", RUNS)
        await api.send("GET", f"{RUNS}/a")
        await api.send("DELETE", f"{RUNS}/a")
        headers = {"Content-Type": "application/merge-patch+json"}
        await api.send("PATCH", f"{RUNS}/a/status", {"status": {}}, headers=headers)
        await api.send("GET", "/version")
    assert api.server.requests == {
        ("create", "taskruns"): 1,
        ("list", "taskruns"): 1,
        ("get", "taskruns"): 1,
        ("delete", "taskruns"): 1,
        ("patch", "taskruns/status"): 1,
        ("GET", "other"): 1,
    }


async def test_a_fault_after_a_write_leaves_it_written():
    async with served() as api:
        api.server.faults.add(Fault(method="POST", path="taskruns", cut="after", times=1))
        with pytest.raises(aiohttp.ClientConnectionError):
            await api.send("POST", RUNS, run("a"))
        assert (await api.send("POST", RUNS, run("a")))[1]["reason"] == "AlreadyExists"


async def test_a_running_watch_outlives_a_compaction():
    async with served() as api, api.watch(RUNS, resourceVersion="1") as watch:
        await api.server.watches.running(1, "taskruns")
        await api.server.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}})
        api.server.compact()
        await api.server.apply(run("a"))
        assert (await event(watch))["type"] == "ADDED"


async def test_the_past_is_bounded():
    async with served(history=10) as api:
        version = (await api.server.apply(run("a")))["metadata"]["resourceVersion"]
        for number in range(30):
            await api.server.apply(run("a", annotations={"n": str(number)}))
        async with api.watch(RUNS, resourceVersion=version) as watch:
            assert (await event(watch))["object"]["code"] == 410


async def test_a_version_of_the_future_is_too_large():
    async with served() as api:
        status, refused = await api.send("GET", RUNS, params={"resourceVersion": "999"})
        assert status == 504
        assert refused["details"]["causes"][0]["reason"] == "ResourceVersionTooLarge"


async def test_watches_can_be_cut_closed_and_expired():
    async with served() as api:
        watches = api.server.watches
        async with api.watch(RUNS) as cut:
            await watches.running(1)
            watches.cut("pipelineruns")
            await api.server.apply(run("a"))
            assert (await event(cut))["type"] == "ADDED"
            watches.cut("taskruns")
            with pytest.raises(aiohttp.ClientPayloadError):
                await cut.content.readline()
        await watches.running(0)
        async with api.watch(RUNS, resourceVersion="1") as expired, api.watch(RUNS, resourceVersion="1") as refused:
            await watches.running(2)
            for watch in (expired, refused):
                assert (await event(watch))["type"] == "ADDED"
            watches.expire()
            told = (await event(expired))["object"]
            assert (told["code"], told["reason"], told["kind"]) == (410, "Expired", "Status")
            assert (await event(refused))["type"] == "ERROR"
        await watches.running(0)
        async with api.watch(RUNS, resourceVersion=str(api.server.cluster.revisions.current)) as closed:
            await watches.running(1)
            watches.fail(unauthorized())
            assert (await event(closed))["object"]["code"] == 401
            assert await closed.content.readline() == b""
        async with api.watch(RUNS, resourceVersion=str(api.server.cluster.revisions.current)) as closed:
            await watches.running(1)
            watches.close()
            assert await closed.content.readline() == b""
        assert watches.opened == 5


async def test_bookmarks_come_when_told_and_not_when_muted():
    async with served() as api:
        version = str(api.server.cluster.revisions.current)
        async with (
            api.watch(RUNS, resourceVersion=version, allowWatchBookmarks="true") as willing,
            api.watch(RUNS, resourceVersion=version) as unwilling,
        ):
            await api.server.watches.running(2)
            api.server.watches.bookmark()
            assert (await event(willing))["object"]["metadata"]["resourceVersion"] == version
            api.server.watches.bookmarks = False
            api.server.watches.bookmark()
            await api.server.apply(run("a"))
            assert (await event(willing))["type"] == "ADDED"
            assert (await event(unwilling))["type"] == "ADDED"


async def test_a_watch_whose_client_left_is_counted_no_longer():
    async with served() as api:
        async with aiohttp.ClientSession(api.server.url) as other, other.get(RUNS, params={"watch": "true"}):
            await api.server.watches.running(1)
        async with asyncio.timeout(10):
            await api.server.watches.running(0)


async def test_both_versions_of_tekton_show_the_same_object():
    beta = RUNS.replace("/v1/", "/v1beta1/")
    async with served() as api:
        found = run("a")
        found["apiVersion"] = "tekton.dev/v1beta1"
        status, made = await api.send("POST", beta, found)
        assert (status, made["apiVersion"]) == (201, "tekton.dev/v1beta1")
        _, stable = await api.send("GET", f"{RUNS}/a")
        assert stable == {**made, "apiVersion": "tekton.dev/v1"}
        headers = {"Content-Type": "application/merge-patch+json"}
        _, patched = await api.send("PATCH", f"{beta}/a", {"spec": {"x": 1}}, headers=headers)
        assert (patched["apiVersion"], patched["spec"]) == ("tekton.dev/v1beta1", {"x": 1})
        async with api.watch(beta) as watch:
            assert (await event(watch))["object"]["apiVersion"] == "tekton.dev/v1beta1"
        _, listed = await api.send("GET", beta)
        assert (listed["apiVersion"], listed["items"][0]["apiVersion"]) == ("tekton.dev/v1beta1",) * 2


async def test_runs_take_their_status_both_ways():
    async with served() as api:
        _, made = await api.send("POST", RUNS, {**run("a"), "status": {"steps": []}})
        assert made["status"] == {"steps": []}
        made["status"], made["spec"] = {"steps": [1]}, {"ignored": True}
        _, updated = await api.send("PUT", f"{RUNS}/a/status", made)
        assert (updated["status"], updated["spec"]) == ({"steps": [1]}, {})
        assert updated["metadata"]["generation"] == 1
        assert {entry.get("subresource") for entry in updated["metadata"]["managedFields"]} == {None, "status"}


async def test_any_kind_can_be_served():
    gadget = Resource("example.com", ("v2",), "Gadget", "gadgets", namespaced=False)
    async with served(resources=[gadget]) as api:
        found = {"apiVersion": "example.com/v2", "kind": "Gadget", "metadata": {"name": "g"}}
        assert (await api.send("POST", "/apis/example.com/v2/gadgets", found))[0] == 201
        assert [each["metadata"]["name"] for each in api.server.objects("Gadget")] == ["g"]
        assert (await api.send("GET", "/apis/example.com/v2/namespaces/builds/gadgets"))[0] == 404


async def test_a_definition_is_served_while_it_stands():
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"plural": "widgets", "kind": "Widget", "shortNames": ["wd"]},
            "versions": [
                {"name": "v1beta1", "served": True},
                {"name": "v1", "served": True, "storage": True, "subresources": {"status": {}}},
                {"name": "v1alpha1", "served": False},
            ],
        },
    }
    path = "/apis/example.com/v1beta1/namespaces/builds/widgets"
    async with served() as api:
        made = await api.server.apply(definition)
        assert {each["type"]: each["status"] for each in made["status"]["conditions"]} == {
            "NamesAccepted": "True",
            "Established": "True",
        }
        widget = {"apiVersion": "example.com/v1beta1", "kind": "Widget", "metadata": {"name": "w"}, "status": {"a": 1}}
        _, answered = await api.send("POST", path, widget)
        assert "status" not in answered
        headers = {"Content-Type": "application/merge-patch+json"}
        _, answered = await api.send("PATCH", f"{path}/w/status", {"spec": 1, "status": {"a": 2}}, headers=headers)
        assert (answered.get("spec"), answered["status"]) == (None, {"a": 2})
        assert (await api.send("GET", path.replace("v1beta1", "v1alpha1")))[0] == 404
        _, found = await api.send("GET", "/apis/example.com/v1")
        assert [each["name"] for each in found["resources"]] == ["widgets", "widgets/status"]
        await api.send("DELETE", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.example.com")
        assert (await api.send("GET", path))[0] == 404
        await api.server.apply(definition)
        assert api.server.objects("Widget") == []


async def test_a_definition_that_breaks_rules_is_invalid():
    async with KubernetesServer() as server:
        spec = {"group": "example.com", "names": {"plural": "w"}, "versions": [{"name": "v1"}]}
        found = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "spec": spec}
        with pytest.raises(StatusError) as refused:
            await server.apply({**found, "metadata": {"name": "x.example.com"}})
    assert refused.value.code == 422
    fields = {cause.field for cause in refused.value.status["details"]["causes"]}
    assert fields == {"spec.names.kind", "metadata.name", "spec.scope", "spec.versions"}


async def test_a_namespace_goes_with_what_is_in_it():
    async with served() as api:
        await api.server.apply(run("free"))
        await api.server.apply(run("held", finalizers=["example.com/hold"]))
        _, marked = await api.send("DELETE", "/api/v1/namespaces/builds")
        assert marked["status"]["phase"] == "Terminating"
        assert [each["metadata"]["name"] for each in api.server.objects("TaskRun")] == ["held"]
        status, refused = await api.send("POST", RUNS, run("late"))
        assert (status, refused["reason"]) == (403, "Forbidden")
        headers = {"Content-Type": "application/merge-patch+json"}
        await api.send("PATCH", f"{RUNS}/held", {"metadata": {"finalizers": None}}, headers=headers)
        assert api.server.get("Namespace", "builds") is None
        assert (await api.send("DELETE", "/api/v1/namespaces/default"))[0] == 403


async def test_an_object_beyond_what_etcd_takes_is_refused():
    async with served() as api:
        found = run("big")
        found["spec"] = {"text": "x" * (1536 * 1024)}
        status, refused = await api.send("POST", RUNS, found)
        assert (status, refused["message"]) == (500, "etcdserver: request is too large")


async def test_a_server_that_was_stopped_starts_where_it_left_off():
    async with served() as api:
        await api.server.apply(run("a"))
        async with api.watch(RUNS, resourceVersion="1") as watch:
            assert (await event(watch))["type"] == "ADDED"
            await api.server.stop()
            assert await watch.content.readline() == b""
        with pytest.raises(aiohttp.ClientConnectionError):
            await api.send("GET", f"{RUNS}/a")
        await api.server.start()
        assert (await api.send("GET", f"{RUNS}/a"))[0] == 200


async def test_the_clock_is_the_one_given():
    async with KubernetesServer(clock=lambda: datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)) as server:
        made = await server.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}})
    assert made["metadata"]["creationTimestamp"] == "2026-01-02T03:04:05Z"


@pytest.mark.parametrize("path", ["/nothing", "/api/v2/x", "/apis/none.example.com/v1/x", "/apis/tekton.dev/v9"])
async def test_a_path_that_leads_nowhere_is_not_found(path):
    async with served() as api, api.session.get(path) as response:
        assert (response.status, await response.text()) == (404, "404 page not found\n")
