"""The real controller as a process that reaches no cluster, and its port of probes."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from tests.faults.controller_process import ControllerProcess


def free_port() -> int:
    """Return a port of the loopback address that is free now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    return port


@asynccontextmanager
async def alone(folder: Path) -> AsyncIterator[tuple[ControllerProcess, aiohttp.ClientSession]]:
    """Start a controller whose API refuses connections, and give a session to its port once that answers."""
    port = free_port()
    kubeconfig = folder / "kubeconfig"
    kubeconfig.write_text(json.dumps(_kubeconfig(f"http://127.0.0.1:{free_port()}")))
    process = ControllerProcess(kubeconfig, folder / "log", "--health-port", str(port))
    await process.start()
    try:
        bound = aiohttp.ClientTimeout(total=10)
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}", timeout=bound) as session:
            while not await _answers(session):
                assert process.running, (folder / "log").read_text()
                await asyncio.sleep(0.02)
            yield process, session
    finally:
        await process.close()


async def _answers(session: aiohttp.ClientSession) -> bool:
    try:
        async with session.get("/healthz") as answer:
            return answer.status == 200
    except aiohttp.ClientConnectionError:
        return False


def _kubeconfig(server: str) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "c",
        "users": [{"name": "u", "user": {}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": server}}],
    }
