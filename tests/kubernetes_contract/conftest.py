"""The clusters that the contract is held against."""

import asyncio
import os
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest_asyncio

from chains.demo.kubernetes.server import KubernetesServer
from tests.kubernetes_contract.builders import DEFINITION, GROUP, Cluster

URL = os.environ.get("CHAINS_KUBERNETES_URL", "")
TOKEN = os.environ.get("CHAINS_KUBERNETES_TOKEN", "")
CA = os.environ.get("CHAINS_KUBERNETES_CA", "")


@pytest_asyncio.fixture
async def cluster() -> AsyncIterator[Cluster]:
    """A namespace in the embedded server, or in the one at CHAINS_KUBERNETES_URL (with _TOKEN, and _CA, a file)."""
    context = ssl.create_default_context(cafile=CA) if CA else True
    headers = {"Authorization": f"Bearer {TOKEN}"} if TOKEN else {}
    timeout = aiohttp.ClientTimeout(total=90)
    async with (
        _server() as base,
        aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=context), headers=headers, timeout=timeout, read_bufsize=2**22
        ) as session,
    ):
        found = Cluster(session, base)
        await _prepare(found)
        yield found
        await found.delete(f"/api/v1/namespaces/{found.namespace}")


@asynccontextmanager
async def _server() -> AsyncIterator[str]:
    if URL:
        yield URL.rstrip("/")
        return
    async with KubernetesServer() as server:
        yield server.url


async def _prepare(cluster: Cluster) -> None:
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": cluster.namespace}}
    await cluster.made("/api/v1/namespaces", namespace)
    await cluster.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", DEFINITION)
    async with asyncio.timeout(30):
        while (await cluster.get(f"/apis/{GROUP}/v1/widgets")).status != 200:
            await asyncio.sleep(0.1)
