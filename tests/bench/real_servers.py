"""Real servers as a stage: etcd, kube-apiserver and docker-registry."""

import asyncio
import re
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from tests.bench.controller import cpu_seconds
from tests.bench.stages import Asked, trusting_session
from tests.e2e.control_plane import ADMIN, ControlPlane, control_plane, free_port, program

_COUNTED = re.compile(rb"^apiserver_request_total\{(.*)\} ([0-9.e+]+)$", re.MULTILINE)
_LABEL = re.compile(rb'(?<![a-z])(resource|verb)="([^"]*)"')
_VERBS = {"GET": "get", "LIST": "list", "PATCH": "patch", "PUT": "update", "WATCH": "watch", "POST": "create"}


@dataclass(frozen=True)
class Real:
    """A control plane and a registry that writes an access log."""

    plane: ControlPlane
    registry: str
    folder: Path
    process: asyncio.subprocess.Process

    @property
    def kubeconfig(self) -> Path:
        return self.plane.admin

    def session(self) -> aiohttp.ClientSession:
        return trusting_session(self.plane.url, ADMIN)

    async def asked(self) -> Asked:
        async with self.session() as api, api.get("/metrics") as response:
            text = await response.read()
        counts: dict[str, int] = {}
        for labels, count in _COUNTED.findall(text):
            named = {name.decode(): value.decode() for name, value in _LABEL.findall(labels)}
            key = f"{_VERBS.get(named['verb'], named['verb'])} {named['resource']}"
            counts[key] = counts.get(key, 0) + int(float(count))
        log = (self.folder / "docker-registry.log").read_bytes()
        return Asked(counts, log.count(b' HTTP/1.1" '))

    def cpu(self) -> dict[str, float]:
        """Return the CPU seconds of each server so far."""
        servers = {name: process.pid for name, process in self.plane.processes.items()}
        return {name: cpu_seconds(pid) for name, pid in {**servers, "docker-registry": self.process.pid}.items()}


@asynccontextmanager
async def real() -> AsyncIterator[Real]:
    """Start real servers for as long as the context lasts."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        with control_plane(folder, status_apart=False) as plane:
            port = free_port()
            process = await _registry(folder, port)
            try:
                yield Real(plane, f"127.0.0.1:{port}", folder, process)
            finally:
                process.kill()
                await process.wait()


async def _registry(folder: Path, port: int) -> asyncio.subprocess.Process:
    config = folder / "docker-registry.yml"
    config.write_text(
        "version: 0.1\nlog: {level: warn, accesslog: {disabled: false}}\n"
        f"storage: {{filesystem: {{rootdirectory: {folder}/docker-registry}}}}\n"
        f"http: {{addr: '127.0.0.1:{port}', relativeurls: true}}\n"
    )
    with (folder / "docker-registry.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            program("docker-registry"), "serve", str(config), stdout=log, stderr=log, env={}
        )
    async with asyncio.timeout(20), aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.get(f"http://127.0.0.1:{port}/v2/"):
                    return process
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.05)
