"""The official Python client works against the embedded server as against any other."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from kubernetes import client, config, dynamic, utils, watch
from kubernetes.client.exceptions import ApiException

from chains.demo.kubernetes.server import KubernetesServer

RUN = {
    "apiVersion": "tekton.dev/v1",
    "kind": "TaskRun",
    "metadata": {"name": "build", "finalizers": ["example.com/hold"]},
    "spec": {"params": [{"name": "a", "value": "1"}]},
}
TEKTON = {"group": "tekton.dev", "version": "v1", "namespace": "default", "plural": "taskruns"}


async def against_a_server(story: Callable[[client.ApiClient, KubernetesServer], Any]) -> Any:
    """Tell a story to a client of a server; the client blocks, so it has a thread."""
    async with KubernetesServer(tokens={"sesame": "ali"}) as server:

        def told() -> Any:
            settings = client.Configuration()
            config.load_kube_config_from_dict(yaml.safe_load(server.kubeconfig()), client_configuration=settings)
            with client.ApiClient(settings) as api:
                return story(api, server)

        return await asyncio.to_thread(told)


async def test_typed_objects_come_and_go():
    def story(api, _):
        core = client.CoreV1Api(api)
        core.create_namespace(client.V1Namespace(metadata=client.V1ObjectMeta(name="builds")))
        made = core.create_namespaced_secret(
            "builds", client.V1Secret(metadata=client.V1ObjectMeta(generate_name="key-"), string_data={"a": "b"})
        )
        patched = core.patch_namespaced_secret(made.metadata.name, "builds", {"metadata": {"labels": {"x": "y"}}})
        listed = core.list_secret_for_all_namespaces(label_selector="x=y")
        core.delete_namespaced_secret(made.metadata.name, "builds", body=client.V1DeleteOptions())
        return made, patched, listed, core.list_namespaced_secret("builds").items

    made, patched, listed, left = await against_a_server(story)
    assert made.data == {"a": "Yg=="}
    assert made.metadata.name.startswith("key-")
    assert patched.metadata.uid == made.metadata.uid
    assert [item.metadata.name for item in listed.items] == [made.metadata.name]
    assert left == []


async def test_custom_objects_are_listed_in_pages_and_finalized():
    def story(api, _):
        runs = client.CustomObjectsApi(api)
        for number in range(5):
            runs.create_namespaced_custom_object(**TEKTON, body={**RUN, "metadata": {"name": f"run-{number}"}})
        names, token = [], None
        while True:
            page = runs.list_cluster_custom_object("tekton.dev", "v1", "taskruns", limit=2, _continue=token)
            names.append([item["metadata"]["name"] for item in page["items"]])
            token = page["metadata"].get("continue")
            if not token:
                break
        runs.create_namespaced_custom_object(**TEKTON, body=RUN)
        runs.delete_namespaced_custom_object(**TEKTON, name="build")
        marked = runs.get_namespaced_custom_object(**TEKTON, name="build")
        runs.patch_namespaced_custom_object(**TEKTON, name="build", body={"metadata": {"finalizers": None}})
        with pytest.raises(ApiException) as gone:
            runs.get_namespaced_custom_object(**TEKTON, name="build")
        return names, marked, gone.value

    names, marked, gone = await against_a_server(story)
    assert names == [["run-0", "run-1"], ["run-2", "run-3"], ["run-4"]]
    assert marked["metadata"]["deletionTimestamp"]
    assert (gone.status, gone.reason) == (404, "Not Found")


async def test_a_watch_tells_changes():
    def story(api, _):
        core = client.CoreV1Api(api)
        version = core.list_namespaced_config_map("default").metadata.resource_version
        core.create_namespaced_config_map("default", client.V1ConfigMap(metadata=client.V1ObjectMeta(name="a")))
        core.patch_namespaced_config_map("a", "default", {"data": {"x": "1"}})
        core.delete_namespaced_config_map("a", "default")
        stream = watch.Watch()
        seen = []
        for event in stream.stream(core.list_namespaced_config_map, "default", resource_version=version):
            seen.append((event["type"], event["object"].metadata.name, event["object"].data))
            if len(seen) == 3:
                stream.stop()
        return seen

    seen = await against_a_server(story)
    assert seen == [("ADDED", "a", None), ("MODIFIED", "a", {"x": "1"}), ("DELETED", "a", {"x": "1"})]


async def test_a_lease_is_held_by_one():
    def story(api, _):
        leases = client.CoordinationV1Api(api)
        held = leases.create_namespaced_lease(
            "default",
            client.V1Lease(metadata=client.V1ObjectMeta(name="leader"), spec=client.V1LeaseSpec(holder_identity="one")),
        )
        stale = leases.read_namespaced_lease("leader", "default")
        held.spec.holder_identity = "two"
        leases.replace_namespaced_lease("leader", "default", held)
        stale.spec.holder_identity = "three"
        with pytest.raises(ApiException) as lost:
            leases.replace_namespaced_lease("leader", "default", stale)
        return lost.value.status, leases.read_namespaced_lease("leader", "default").spec.holder_identity

    assert await against_a_server(story) == (409, "two")


async def test_the_dynamic_client_finds_its_way_and_applies(tmp_path):
    def story(api, _):
        found = dynamic.DynamicClient(api, cache_file=str(tmp_path / "discovery.json"))
        runs = found.resources.get(api_version="tekton.dev/v1", kind="TaskRun")
        applied = runs.server_side_apply(RUN, namespace="default", field_manager="alice")
        with pytest.raises(ApiException) as refused:
            runs.server_side_apply({**RUN, "spec": {"params": []}}, namespace="default", field_manager="bob")
        return applied.to_dict(), refused.value.status

    applied, refused = await against_a_server(story)
    assert applied["metadata"]["managedFields"][0]["manager"] == "alice"
    assert refused == 409


async def test_manifests_are_created():
    def story(api, server):
        utils.create_from_dict(
            api, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"a": "b"}}
        )
        return server.get("ConfigMap", "a", "default")

    assert (await against_a_server(story))["data"] == {"a": "b"}
