"""A server with a client of it."""

import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from chains.demo.kubernetes.server import KubernetesServer

LARGE = 512 * 1024
RUNS = "/apis/tekton.dev/v1/namespaces/builds/taskruns"


@dataclass(frozen=True, slots=True)
class Served:
    """An embedded server and a session to it."""

    server: KubernetesServer
    session: aiohttp.ClientSession

    async def send(self, method: str, path: str, body: object = None, **options: Any) -> tuple[int, Any]:
        """Send JSON, or bytes as they are; return the code and the JSON that came back, None where it was none."""
        content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        sent = io.BytesIO(content) if content and len(content) > LARGE else content
        headers = {"Content-Type": "application/json"} | options.pop("headers", {})
        async with self.session.request(method, path, data=sent, headers=headers, **options) as response:
            is_json = response.content_type == "application/json"
            return response.status, await response.json() if is_json else None

    def watch(self, path: str, **query: str) -> Any:
        """Open a watch; `async with` gives its response."""
        return self.session.get(path, params={"watch": "true", **query})


@asynccontextmanager
async def served(**options: Any) -> AsyncIterator[Served]:
    """Run a server that has a namespace `builds`."""
    async with KubernetesServer(**options) as server, aiohttp.ClientSession(server.url) as session:
        await server.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "builds"}})
        yield Served(server, session)


async def event(response: aiohttp.ClientResponse) -> dict[str, Any]:
    """The next line of a watch."""
    return json.loads(await response.content.readline())


def run(name: str, **metadata: Any) -> dict[str, Any]:
    return {
        "apiVersion": "tekton.dev/v1",
        "kind": "TaskRun",
        "metadata": {"name": name, "namespace": "builds", **metadata},
        "spec": {},
    }
