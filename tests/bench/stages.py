"""Where a measurement takes place: a Kubernetes API and a registry, in processes of their own."""

import asyncio
import json
import os
import ssl
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import aiohttp

ROOT = Path(__file__).resolve().parents[2]
SYSTEM, NAMESPACE = "tekton-chains", "builds"
SETTINGS = {
    "artifacts.taskrun.format": "slsa/v1",
    "artifacts.taskrun.storage": "oci",
    "artifacts.pipelinerun.storage": "",
    "storage.oci.repository.insecure": "true",
}


@dataclass(frozen=True)
class Asked:
    """How many requests the servers have had: of the API by verb and resource, and of the registry."""

    api: Mapping[str, int]
    registry: int


class Servers(Protocol):
    """The two servers of a stage, and what they say of themselves."""

    @property
    def kubeconfig(self) -> Path: ...

    @property
    def registry(self) -> str: ...

    def session(self) -> aiohttp.ClientSession:
        """Open a session whose paths are the API's."""

    async def asked(self) -> Asked:
        """Count the requests so far."""


@dataclass(frozen=True)
class Embedded:
    """The embedded servers, in one process of their own."""

    kubeconfig: Path
    registry: str
    _api: str
    _process: asyncio.subprocess.Process

    def session(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(self._api, connector=aiohttp.TCPConnector(limit=64))

    async def asked(self) -> Asked:
        assert self._process.stdin is not None
        self._process.stdin.write(b"\n")
        said = await _heard(self._process)
        return Asked(said["api"], said["registry"])


@asynccontextmanager
async def embedded(folder: Path, latency: float) -> AsyncIterator[Embedded]:
    """Start the embedded servers; `latency` is the registry's before every answer, in seconds."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.bench.embedded_servers",
        str(latency),
        cwd=ROOT,
        env={"PATH": os.defpath, "PYTHONPATH": str(ROOT)},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        said = await _heard(process)
        (folder / "kubeconfig").write_text(said["kubeconfig"])
        yield Embedded(folder / "kubeconfig", said["registry"], said["api"], process)
    finally:
        process.kill()
        await process.wait()


async def _heard(process: asyncio.subprocess.Process) -> dict[str, Any]:
    assert process.stdout is not None
    async with asyncio.timeout(60):
        found: dict[str, Any] = json.loads(await process.stdout.readline())
    return found


def trusting_session(api: str, token: str) -> aiohttp.ClientSession:
    """Open a session for a loopback API server with a certificate of its own making."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    headers = {"Authorization": f"Bearer {token}"}
    return aiohttp.ClientSession(api, headers=headers, connector=aiohttp.TCPConnector(ssl=context, limit=64))
