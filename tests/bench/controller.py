"""The controller as a process of its own, and what it costs."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from tests.bench.stages import ROOT, SYSTEM

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Running:
    """A controller at work."""

    pid: int
    health: str

    @property
    def cpu(self) -> float:
        """Return the CPU seconds that it has used."""
        return cpu_seconds(self.pid)

    @property
    def peak_mib(self) -> float:
        """Return the most memory that it had resident, in MiB."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) / 1024

    async def ready(self, seconds: float = 300.0) -> None:
        """Wait until it says that it is ready."""
        async with asyncio.timeout(seconds), aiohttp.ClientSession() as session:
            while not await self._is_ready(session):
                await asyncio.sleep(0.05)

    async def _is_ready(self, session: aiohttp.ClientSession) -> bool:
        try:
            async with session.get(f"{self.health}/readyz") as response:
                return response.status == 200
        except aiohttp.ClientError:
            return False


def cpu_seconds(pid: int) -> float:
    """Return the CPU seconds, user and system, that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


@asynccontextmanager
async def controller(folder: Path, kubeconfig: Path, *, port: int, core: int | None = None) -> AsyncIterator[Running]:
    """Start a controller, on one core only if that is given; its log is in the folder."""
    command = [
        sys.executable,
        "-m",
        "chains",
        "controller",
        "--kubeconfig",
        str(kubeconfig),
        "--health-port",
        str(port),
    ]
    pinned = [] if core is None else ["taskset", "-c", str(core)]
    with (folder / "controller.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *pinned,
            *command,
            cwd=folder,
            env={"HOME": str(folder), "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "SYSTEM_NAMESPACE": SYSTEM},
            stdout=log,
            stderr=log,
        )
    try:
        yield Running(process.pid, f"http://127.0.0.1:{port}")
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
