"""The service as a process of its own on the real control plane, and what tests wait for."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.e2e.cluster import ELECTION, E2eCluster, lines, until
from tests.faults.controller_process import ControllerProcess

# A turn that was refused while the API server began may take this long to say so.
BEGINNING = timedelta(seconds=2)


def service(cluster: E2eCluster, kubeconfig: Path, folder: Path, *, everywhere: bool = False) -> ControllerProcess:
    """The service for the runs of one namespace, or as it is shipped of all, not started yet."""
    scope = () if everywhere else ("--namespace", cluster.namespace)
    env = {"POD_NAME": "shipped", "CONFIG_LEADERELECTION_NAME": ELECTION} if everywhere else {}
    return ControllerProcess(kubeconfig, folder / "controller.log", *scope, env=env)


@asynccontextmanager
async def at_work(cluster: E2eCluster, folder: Path, *, everywhere: bool = False) -> AsyncIterator[ControllerProcess]:
    """Run the service for the test's namespace or all; it must end by itself and be refused nothing."""
    process = service(cluster, cluster.kubeconfig, folder, everywhere=everywhere)
    await process.start()
    try:
        yield process
        status, seconds = await process.terminate()
        assert (status, seconds < 25) == (0, True)
    finally:
        await process.close()
    assert not [line for line in lines(process.log) if line["level"] == "error"]
    assert not refusals(process.log, cluster.plane.ready_at)


def refusals(log: Path, ready_at: datetime) -> list[dict[str, Any]]:
    """Return what the log says was forbidden, but for what an API server refused before it had read its roles."""
    found = [line for line in lines(log) if re.search(r"\b403\b|forbidden", str(line), re.IGNORECASE)]
    return [line for line in found if datetime.fromisoformat(line["timestamp"]) > ready_at + BEGINNING]


async def reached(state: str, cluster: E2eCluster, *runs: dict[str, object], seconds: float = 60.0) -> None:
    """Wait until each of the runs has this mark."""
    await asyncio.to_thread(until, lambda: all(cluster.mark(run) == state for run in runs), state, seconds)


async def told(process: ControllerProcess, words: str, times: int = 1) -> None:
    """Wait until the log has these words so many times."""
    await asyncio.to_thread(until, lambda: process.log.read_text().count(words) >= times, words)
