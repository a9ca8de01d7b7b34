"""The clusters that the contract is held against."""

import asyncio
import os
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import aiohttp
import pytest
import pytest_asyncio

from chains.demo.kubernetes.server import KubernetesServer
from tests.kubernetes_contract.builders import DEFINITIONS, GROUP, Cluster

URL = os.environ.get("CHAINS_KUBERNETES_URL", "")
TOKEN = os.environ.get("CHAINS_KUBERNETES_TOKEN", "")
CA = os.environ.get("CHAINS_KUBERNETES_CA", "")
FORGET = os.environ.get("CHAINS_KUBERNETES_FORGET", "")

Forget = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Api:
    """Where an API is, and what makes it forget the past."""

    url: str
    forget: Forget


@pytest_asyncio.fixture
async def api() -> AsyncIterator[Api]:
    """The embedded server, or the one at CHAINS_KUBERNETES_URL, which forgets when that at _FORGET is asked."""
    if URL:
        yield Api(URL.rstrip("/"), _ask_to_forget)
        return
    async with KubernetesServer() as server:

        async def forget() -> None:
            server.compact()

        yield Api(server.url, forget)


@pytest_asyncio.fixture
async def cluster(api: Api) -> AsyncIterator[Cluster]:
    """A namespace of its own for a test (with _TOKEN, and _CA, a file, where the server is a real one)."""
    context = ssl.create_default_context(cafile=CA or None)
    # Servers that sign their own certificate leave out the key identifiers that later Pythons ask for.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    headers = {"Authorization": f"Bearer {TOKEN}"} if TOKEN else {}
    timeout = aiohttp.ClientTimeout(total=90)
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=context), headers=headers, timeout=timeout, read_bufsize=2**22
    ) as session:
        found = Cluster(session, api.url)
        await _prepare(found)
        yield found
        await found.delete(f"/api/v1/namespaces/{found.namespace}")


@pytest.fixture
def forget(api: Api, cluster: Cluster) -> Forget:
    """Makes the API forget all that is past, and waits until it serves again."""

    async def forgotten() -> None:
        await api.forget()
        await _served(cluster)

    return forgotten


async def _ask_to_forget() -> None:
    assert FORGET, (
        "CHAINS_KUBERNETES_FORGET must name a URL: asked for (POST), it compacts etcd and restarts the server"
    )
    async with aiohttp.ClientSession() as session, session.post(FORGET) as response:
        assert response.status == 200, await response.text()


async def _prepare(cluster: Cluster) -> None:
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": cluster.namespace}}
    await cluster.made("/api/v1/namespaces", namespace)
    for definition in DEFINITIONS:
        await cluster.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition)
    await _served(cluster)


async def _served(cluster: Cluster) -> None:
    async with asyncio.timeout(30):
        for plural in ("widgets", "gadgets"):
            while (await cluster.get(f"/apis/{GROUP}/v1/{plural}")).status != 200:
                await asyncio.sleep(0.1)
