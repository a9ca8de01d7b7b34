"""The probes: each cause of not being ready, and of not being alive, flips the one it should."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from chains.controller.health import probes
from chains.controller.queue import Lane, RunQueue
from chains.controller.service import STALL, Scope, Service
from chains.errors import EdgeError, InputError
from chains.pipeline.parts import Parts
from chains.pipeline.ports import Signer
from chains.runs.sighting import ConfigSighting, RunKey
from tests.controller.alone import alone, free_port
from tests.controller.fakes import FakeCluster, FakeSigner, FakeStore
from tests.controller.test_service import SETTINGS, OneStore, running


class Keyless(OneStore):
    """A workshop whose key comes later."""

    signer: Signer | None = None

    def choose(self, entries: Mapping[str, str]) -> Parts:
        return replace(super().choose(entries), signers={"x509": self.current})

    def current(self) -> Signer:
        if self.signer is None:
            raise EdgeError("there is no key to sign with", transient=True)
        return self.signer


@asynccontextmanager
async def probed(service: Service) -> AsyncIterator[Callable[[str], "asyncio.Future[tuple[int, str]]"]]:
    """Answer the probes of a service, and ask them."""
    port = free_port()
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:

        async def ask(path: str) -> tuple[int, str]:
            async with session.get(path) as answer:
                return answer.status, await answer.text()

        async with probes(port, service.unready, bytes, service.stalled):
            yield ask


async def test_it_is_ready_only_with_a_configuration_a_key_and_every_run_listed() -> None:
    cluster, workshop = FakeCluster(), Keyless(FakeStore())
    async with running(cluster, workshop) as (service, _), probed(service) as ask:
        assert "the configuration has not been read yet" in (await ask("/readyz"))[1]
        cluster.settings.put_nowait(ConfigSighting({"artifacts.oci.format": "rubbish"}))
        while "rubbish" not in (await ask("/readyz"))[1]:
            pass
        cluster.settings.put_nowait(ConfigSighting(SETTINGS))
        while (await ask("/readyz")) != (503, "there is no key to sign with\n"):
            pass
        workshop.signer = FakeSigner()
        assert await ask("/readyz") == (200, "ok\n")
        cluster.interrupt("cannot list taskruns at https://api: Connection refused")
        while (await ask("/readyz")) != (503, "cannot list taskruns at https://api: Connection refused\n"):
            pass
        assert await ask("/healthz") == (200, "ok\n"), "a restart would not bring the API back"
        cluster.resume()
        while (await ask("/readyz"))[0] != 200:
            pass


async def test_before_the_runs_are_listed_it_is_not_ready() -> None:
    class Silent(FakeCluster):
        async def runs(self, kind, namespace):
            await asyncio.Event().wait()
            yield

    async with running(Silent(SETTINGS), FakeStore()) as (service, _), probed(service) as ask:
        while (said := await ask("/readyz"))[1].count("have not been listed yet") < 2:
            assert said[0] == 503


async def test_a_queue_that_stands_still_is_not_alive() -> None:
    now = [0.0]
    service = Service(FakeCluster(), OneStore(FakeStore()), Scope())
    service.queue = RunQueue(clock=lambda: now[0])
    async with probed(service) as ask:
        now[0] = 10 * STALL
        assert await ask("/healthz") == (200, "ok\n"), "nothing waits"
        service.queue.add(RunKey("TaskRun", "builds", "a", "1"), Lane.LIVE)
        service.queue.add(RunKey("TaskRun", "builds", "b", "2"), Lane.LIVE)
        assert (await ask("/healthz"))[0] == 200
        now[0] += STALL + 1
        status, said = await ask("/healthz")
        assert (status, said) == (503, f"runs wait, and no worker has taken or ended one for {STALL + 1:.0f} s\n")
        taken = await service.queue.take()
        assert (await ask("/healthz"))[0] == 200
        now[0] += STALL + 1
        assert (await ask("/healthz"))[0] == 503, "the other still waits"
        assert taken is not None
        service.queue.release(taken)
        assert (await ask("/healthz"))[0] == 200


async def test_a_stopped_process_answers_no_probe_and_one_that_goes_on_does(tmp_path: Path) -> None:
    async with alone(tmp_path) as (process, session):
        async with session.get("/readyz") as answer:
            assert answer.status == 503
        process.pause()
        with pytest.raises(TimeoutError):
            await session.get("/healthz", timeout=aiohttp.ClientTimeout(total=0.5))
        process.go_on()
        async with session.get("/healthz") as answer:
            assert answer.status == 200
        async with session.get("/metrics") as answer:
            assert 'chains_host_errors_total{class="unreachable"' in await answer.text()


async def test_a_port_that_is_taken_is_an_input_error() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(InputError, match="for the probes is taken"):
            async with probes(other.getsockname()[1], tuple, bytes):
                pass
