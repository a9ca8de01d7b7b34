"""kubectl does its daily work against the embedded Kubernetes API."""

import asyncio
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from chains.demo.kubernetes.server import KubernetesServer
from tests.peers.programs import Finished, run

pytestmark = pytest.mark.peers

ROOT = Path(__file__).resolve().parents[2]
RUN = """
apiVersion: tekton.dev/v1
kind: TaskRun
metadata: {name: build, namespace: default}
spec: {params: [{name: a, value: "1"}]}
"""


@dataclass(frozen=True)
class Kubectl:
    """kubectl with the kubeconfig of one server and a home of its own."""

    home: Path

    async def call(self, *arguments: str, feed: str = "") -> Finished:
        config = self.home / "kubeconfig"
        return await run("kubectl", *arguments, home=self.home, env={"KUBECONFIG": str(config)}, feed=feed.encode())

    async def text(self, *arguments: str, feed: str = "") -> str:
        """Call what must succeed and return what it printed."""
        finished = await self.call(*arguments, feed=feed)
        assert finished.succeeded, finished
        return finished.out.decode()

    async def json(self, *arguments: str) -> Any:
        return json.loads(await self.text(*arguments, "-o", "json"))


def kubectl(server: KubernetesServer, home: Path) -> Kubectl:
    (home / "kubeconfig").write_text(server.kubeconfig())
    return Kubectl(home)


async def test_it_runs_our_command_as_its_plugin(tmp_path):
    async with KubernetesServer() as server:
        kubectl(server, tmp_path)
        env = {"KUBECONFIG": str(tmp_path / "kubeconfig"), "PATH": f"{Path(sys.executable).parent}:{os.defpath}"}
        asked = await run("kubectl", "chains", "explain", "builds/nowhere", home=tmp_path, env=env)
        assert asked.status == 1
        assert "there is no TaskRun builds/nowhere" in asked.err


async def test_the_daily_commands(tmp_path):
    async with KubernetesServer() as server:
        kube = kubectl(server, tmp_path)
        await kube.text("create", "namespace", "builds")
        await kube.text("create", "configmap", "settings", "--from-literal=a=1")
        await kube.text("annotate", "configmap", "settings", "team=x")
        await kube.text("label", "configmap", "settings", "tier=y")
        await kube.text("patch", "configmap", "settings", "--type", "merge", "-p", '{"data":{"b":"2"}}')
        await kube.text("patch", "cm", "settings", "--type", "json", "-p", '[{"op":"remove","path":"/data/a"}]')
        await kube.text("patch", "configmap", "settings", "-p", '{"data":{"c":"3"}}')
        found = await kube.json("get", "configmap", "settings")
        assert found["data"] == {"b": "2", "c": "3"}
        assert found["metadata"]["annotations"] == {"team": "x"}
        table = (await kube.text("get", "cm", "-l", "tier=y")).splitlines()
        assert [line.split()[:2] for line in table] == [["NAME", "DATA"], ["settings", "2"]]
        assert "settings" in await kube.text("get", "configmap", "settings", "-o", "yaml")
        await kube.text("delete", "configmap", "settings")
        missing = await kube.call("get", "configmap", "settings")
        assert (missing.status, 'configmaps "settings" not found' in missing.err) == (1, True)


async def test_secrets_are_created(tmp_path):
    async with KubernetesServer() as server:
        kube = kubectl(server, tmp_path)
        await kube.text("create", "secret", "generic", "keys", "--from-literal=a=b")
        await kube.text("create", "secret", "docker-registry", "pull", "--docker-server=r.example.com",
                        "--docker-username=u", "--docker-password=p")  # fmt: skip
        assert server.get("Secret", "keys", "default")["data"] == {"a": "Yg=="}
        assert server.get("Secret", "pull", "default")["type"] == "kubernetes.io/dockerconfigjson"


async def test_resources_are_listed(tmp_path):
    async with KubernetesServer() as server:
        listed = await kubectl(server, tmp_path).text("api-resources", "--no-headers")
    kinds = {line.split()[-1] for line in listed.splitlines()}
    assert kinds >= {"TaskRun", "PipelineRun", "Secret", "ConfigMap", "Lease", "CustomResourceDefinition", "Role"}


async def test_runs_are_applied_changed_and_applied_by_the_server(tmp_path):
    async with KubernetesServer() as server:
        kube = kubectl(server, tmp_path)
        assert "created" in await kube.text("apply", "-f", "-", feed=RUN)
        assert "unchanged" in await kube.text("apply", "-f", "-", feed=RUN)
        assert "configured" in await kube.text("apply", "-f", "-", feed=RUN.replace('"1"', '"2"'))
        assert server.get("TaskRun", "build", "default")["spec"]["params"][0]["value"] == "2"
        await kube.text("apply", "--server-side", "-f", "-", feed=RUN.replace('"1"', '"2"'))
        refused = await kube.call("apply", "--server-side", "--field-manager=other", "-f", "-", feed=RUN)
        assert (refused.status, "conflict" in refused.err) == (1, True)
        await kube.text("apply", "--server-side", "--field-manager=other", "--force-conflicts", "-f", "-", feed=RUN)
        assert server.get("TaskRun", "build", "default")["spec"]["params"][0]["value"] == "1"


async def test_the_manifests_are_applied_twice_and_removed(tmp_path):
    async with KubernetesServer() as server:
        kube = kubectl(server, tmp_path)
        first = (await kube.text("apply", "-k", str(ROOT / "config"))).splitlines()
        assert first
        assert all(line.endswith(" created") for line in first), first
        again = (await kube.text("apply", "-k", str(ROOT / "config"))).splitlines()
        assert len(again) == len(first)
        assert all(line.endswith(" unchanged") for line in again), again
        applied = (await kube.text("apply", "--server-side", "-k", str(ROOT / "config"))).splitlines()
        assert len(applied) == len(first)
        # What goes with the namespace is gone before kubectl comes to it.
        await kube.text("delete", "--ignore-not-found", "-k", str(ROOT / "config"))
        assert server.get("Namespace", "tekton-chains") is None
        assert server.objects("ClusterRole") == []


async def test_a_held_object_is_let_go(tmp_path):
    async with KubernetesServer() as server:
        kube = kubectl(server, tmp_path)
        await kube.text("apply", "-f", "-", feed=RUN.replace("name: build,", "name: build, finalizers: [a.example/x],"))
        await kube.text("delete", "taskrun", "build", "--wait=false")
        assert server.get("TaskRun", "build", "default")["metadata"]["deletionTimestamp"]
        await kube.text("patch", "tr", "build", "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
        await kube.text("wait", "--for=delete", "taskrun/build", "--timeout=10s")


async def test_changes_are_followed(tmp_path):
    async with KubernetesServer() as server, asyncio.TaskGroup() as tasks:
        kube = kubectl(server, tmp_path)
        await server.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}})
        waiting = tasks.create_task(
            kube.text("wait", "--for=jsonpath={.data.ready}=yes", "configmap/a", "--timeout=30s")
        )
        watching = tasks.create_task(kube.text("get", "configmaps", "--watch", "--output-watch-events", "--no-headers"))
        await server.watches.running(2, "configmaps")
        await kube.text("patch", "configmap", "a", "--type=merge", "-p", '{"data":{"ready":"yes"}}')
        assert "condition met" in await waiting
        await kube.text("delete", "configmap", "a")
        server.watches.close("configmaps")
        told = [line.split()[:2] for line in (await watching).splitlines()]
        assert told == [["ADDED", "a"], ["MODIFIED", "a"], ["DELETED", "a"]]
