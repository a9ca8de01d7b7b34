"""A plain client of Kubernetes APIs, and small objects to send."""

import io
import json
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from multidict import CIMultiDictProxy

MERGE = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
APPLY = "application/apply-patch+yaml"
LARGE = 512 * 1024
GROUP = "contract.example.com"
PARTIAL = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
PARTIAL_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
TABLE = "application/json;as=Table;g=meta.k8s.io;v=v1"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: CIMultiDictProxy[str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def metadata(self) -> dict[str, Any]:
        return self.json["metadata"]

    @property
    def version(self) -> str:
        return self.metadata["resourceVersion"]

    @property
    def names(self) -> list[str]:
        return [item["metadata"]["name"] for item in self.json["items"]]

    @property
    def refusal(self) -> tuple[int, str]:
        """The code and reason of a Status."""
        told = self.json
        assert (told["kind"], told["status"], told["code"]) == ("Status", "Failure", self.status), told
        return self.status, told["reason"]


class Stream:
    """A running watch."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response

    async def line(self) -> dict[str, Any] | None:
        """The next event, None when the watch has ended."""
        line = await self._response.content.readline()
        return json.loads(line) if line else None

    async def told(self, count: int) -> list[str]:
        """The next events in short: `ADDED a`."""
        events = [await self.line() for _ in range(count)]
        return [f"{event['type']} {event['object']['metadata']['name']}" for event in events if event]

    async def rest(self) -> list[dict[str, Any]]:
        """All events until the watch ends."""
        return [json.loads(line) async for line in self._response.content]


class Cluster:
    """Sends requests, with the paths of one namespace that a test has to itself."""

    def __init__(self, session: aiohttp.ClientSession, base: str) -> None:
        self._session = session
        self._base = base
        self.namespace = f"contract-{uuid.uuid4().hex[:10]}"

    @property
    def config_maps(self) -> str:
        return f"/api/v1/namespaces/{self.namespace}/configmaps"

    @property
    def secrets(self) -> str:
        return f"/api/v1/namespaces/{self.namespace}/secrets"

    @property
    def widgets(self) -> str:
        return f"/apis/{GROUP}/v1/namespaces/{self.namespace}/widgets"

    @property
    def gadgets(self) -> str:
        """Of the kind that has its status apart."""
        return f"/apis/{GROUP}/v1/namespaces/{self.namespace}/gadgets"

    @property
    def events(self) -> str:
        return f"/api/v1/namespaces/{self.namespace}/events"

    @property
    def leases(self) -> str:
        return f"/apis/coordination.k8s.io/v1/namespaces/{self.namespace}/leases"

    async def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        content_type: str = "application/json",
        accept: str = "application/json",
        **query: str,
    ) -> Answer:
        """Send one request; a body that is no bytes goes as JSON."""
        content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Accept": accept} | ({"Content-Type": content_type} if content is not None else {})
        sent = io.BytesIO(content) if content and len(content) > LARGE else content
        async with self._session.request(
            method, self._base + path, data=sent, headers=headers, params=query
        ) as response:
            return Answer(response.status, response.headers, await response.read())

    async def get(self, path: str, accept: str = "application/json", **query: str) -> Answer:
        return await self.send("GET", path, accept=accept, **query)

    async def create(self, path: str, body: Mapping[str, Any], **query: str) -> Answer:
        return await self.send("POST", path, body, **query)

    async def replace(self, path: str, body: Mapping[str, Any], **query: str) -> Answer:
        return await self.send("PUT", path, body, **query)

    async def patch(
        self, path: str, body: object, content_type: str = MERGE, accept: str = "application/json", **query: str
    ) -> Answer:
        return await self.send("PATCH", path, body, content_type=content_type, accept=accept, **query)

    async def apply(self, path: str, body: object, manager: str, **query: str) -> Answer:
        return await self.patch(path, body, APPLY, fieldManager=manager, **query)

    async def delete(self, path: str, body: object = None, **query: str) -> Answer:
        return await self.send("DELETE", path, body, **query)

    async def made(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Create an object that nothing stands against."""
        answer = await self.create(path, body)
        assert answer.status == 201, answer
        return answer.json

    @asynccontextmanager
    async def watch(self, path: str, accept: str = "application/json", **query: str) -> AsyncIterator[Stream]:
        """Open a watch that the server takes."""
        asked = {"watch": "true", "timeoutSeconds": "60", **query}
        async with self._session.get(self._base + path, headers={"Accept": accept}, params=asked) as response:
            assert response.status == 200, await response.text()
            yield Stream(response)


def definition(kind: str, **version: Any) -> dict[str, Any]:
    """Define a kind whose schema keeps everything."""
    plural = f"{kind.lower()}s"
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {"plural": plural, "singular": kind.lower(), "kind": kind, "listKind": f"{kind}List"},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema, **version}],
        },
    }


DEFINITIONS = (definition("Widget"), definition("Gadget", subresources={"status": {}}))


def config_map(name: str, data: Mapping[str, str] | None = None, **metadata: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, **metadata},
        "data": {"a": "1"} if data is None else dict(data),
    }


def secret(name: str, **parts: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, **parts}


def lease(name: str, spec: Mapping[str, Any], **metadata: Any) -> dict[str, Any]:
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": name, **metadata},
        "spec": dict(spec),
    }


def widget(name: str, spec: Mapping[str, Any] | None = None, **metadata: Any) -> dict[str, Any]:
    """A custom resource."""
    return {
        "apiVersion": f"{GROUP}/v1",
        "kind": "Widget",
        "metadata": {"name": name, **metadata},
        "spec": {"size": 1} if spec is None else dict(spec),
    }


def gadget(name: str, size: int = 1, **metadata: Any) -> dict[str, Any]:
    """A custom resource whose kind has its status apart."""
    return {**widget(name, {"size": size}, **metadata), "kind": "Gadget"}


def event(name: str, namespace: str, involved: Mapping[str, str]) -> dict[str, Any]:
    """What somebody says of an object."""
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": name, "namespace": namespace},
        "involvedObject": dict(involved),
        "reason": "Tried",
        "message": "it was tried",
        "type": "Warning",
    }
