"""A whole Kubernetes API for the tests of this room, what is put into it, and who follows it."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from chains.demo.kubernetes.server import KubernetesServer
from chains.kube.client import KubeClient
from chains.kube.resources import TASK_RUNS
from chains.kube.watch import Disconnected, Resumed, Synced, follow
from tests.kube.builders import QUICK, connect


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
        if isinstance(one, Resumed):
            return "resumed"
        name = json.loads(bytes(one.object))["metadata"]["name"]
        (self.names.discard if one.type == "DELETED" else self.names.add)(name)
        return f"{one.type} {name}"
