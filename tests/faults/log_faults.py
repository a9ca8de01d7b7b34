"""What a transparency log does to those who write to it, and deaths before and after each entry."""

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from chains.demo.faults import Cut, Fault
from chains.demo.rekor.answers import Document
from chains.demo.rekor.server import RekorServer
from tests.faults.crash_points import CrashPoint, Side, Writes
from tests.faults.dump import dump
from tests.faults.invariants import Findings, OurKey
from tests.faults.scene import SETTINGS, Scene, scene
from tests.faults.survival import Outcome, Scenario, Trouble, endure, outcome

MODES = ("required", "deferred")
BUILDS = 3
_BUNDLE = "dev.sigstore.cosign/bundle"
_SIDES: tuple[Side, Side] = ("before", "after")


@asynccontextmanager
async def logged_scene(
    folder: Path, mode: str, writes: Writes | None = None
) -> AsyncIterator[tuple[Scene, RekorServer]]:
    """Set the scene with a log beside it that everything goes into; `writes` numbers what the log is sent."""
    rekor = RekorServer()
    rekor.faults = writes or rekor.faults
    async with rekor:
        told = {"enabled": "true", "mode": mode, "url": rekor.url, "public-key": rekor.public_key.decode()}
        settings = SETTINGS | {f"transparency.{name}": text for name, text in told.items()}
        async with scene(folder, settings) as here:
            yield here, rekor


async def check_log(here: Scene, rekor: RekorServer) -> Findings:
    """Hold what is stored against the log: each layer of ours has its entry, and the log has no other."""
    found, log_key = Findings(), OurKey("the log", rekor.public_key)
    stored = await dump(here.kubernetes.url, here.registry.url)
    bodies, layers = {base64.b64encode(body).decode() for body in rekor.log.bodies()}, 0
    for tag in stored.tags:
        for layer in tag.manifest["layers"]:
            layers += 1
            bundle = json.loads((layer.get("annotations") or {}).get(_BUNDLE, "null"))
            if bundle is None:
                found.lost.append(f"{tag} has a layer without its log entry")
            elif bundle["Payload"]["body"] not in bodies:
                found.wrong.append(f"{tag} has an entry that the log does not have")
            elif not _is_promised(bundle, log_key):
                found.wrong.append(f"{tag} has an entry that the log did not sign")
    if rekor.log.tree.size > layers:
        found.doubled.append(f"the log has {rekor.log.tree.size} entries for {layers} layers")
    return found


def _is_promised(bundle: dict[str, Any], key: OurKey) -> bool:
    message = json.dumps(bundle["Payload"], sort_keys=True, separators=(",", ":")).encode()
    return key.has_signed(message, base64.b64decode(bundle["SignedEntryTimestamp"]))


def fault(mode: str, *faults: Fault, lasts: float = 3.0) -> Scenario:
    """Faults of the log, in force until they end."""

    def begin_in(rekor: RekorServer) -> Trouble:
        for one in faults:
            rekor.faults.add(one)

        def end() -> None:
            for one in faults:
                rekor.faults.remove(one)
                if one.hold is not None:
                    one.hold.set()

        return Trouble(lambda: sum(map(rekor.faults.hits, faults)), end)

    async def scenario(folder: Path) -> Outcome:
        async with logged_scene(folder, mode) as (here, rekor):
            found = await endure(here, lambda _: begin_in(rekor), lasts=lasts)
            found.findings.add(await check_log(here, rekor))
            return found

    return scenario


def lie(mode: str, tell: Callable[[dict[str, Any]], None]) -> Scenario:
    """The log says what is not so: the runs are given up, and nothing of what it said is stored."""

    async def scenario(folder: Path) -> Outcome:
        async with logged_scene(folder, mode) as (here, rekor):
            told = 0

            def distort(document: Document) -> None:
                nonlocal told
                told += 1
                for entry in document.values():
                    tell(entry)

            rekor.distort = distort
            await here.builds(BUILDS)
            await here.started()
            await here.settled()
            given_up = [key for key in here.expected if here.mark(*key) == "failed"]
            rekor.distort = None
            await here.resign("--all-failed")
            found = await outcome(here, told)
            found.findings.add(await check_log(here, rekor))
            if len(given_up) != BUILDS:
                found.findings.wrong.append(f"{len(given_up)} of {BUILDS} runs were given up while the log lied")
            return found

    return scenario


def deaths(mode: str) -> Scenario:
    """Die just before and just after each entry is written."""

    async def scenario(folder: Path) -> Outcome:
        points = [CrashPoint(number, side) for number in range(1, 2 * BUILDS + 1) for side in _SIDES]
        free = asyncio.Semaphore(2)

        async def one(point: CrashPoint) -> Outcome:
            async with free:
                return await _life(folder / f"{point.side}-{point.write}", mode, point)

        lives = await asyncio.gather(*map(one, points))
        findings = Findings()
        for life in lives:
            findings.add(life.findings)
        return Outcome(sum(life.tries for life in lives), findings, max(life.recovery for life in lives))

    return scenario


async def _life(folder: Path, mode: str, point: CrashPoint) -> Outcome:
    writes = Writes()
    async with logged_scene(folder, mode, writes) as (here, rekor):
        await here.builds(BUILDS)
        controller = here.controller("--workers", "2")
        writes.arm(point, controller.kill)
        await controller.start()
        async with asyncio.timeout(60):
            await writes.struck.wait()
        fell = time.monotonic()
        await controller.ended()
        midway = await here.check(midway=True)
        await controller.start()
        found = await outcome(here, 1)
        found.findings.add(midway, f"dead {point}")
        found.findings.add(await check_log(here, rekor))
        return Outcome(1, found.findings, time.monotonic() - fell)


def _cut(where: Cut) -> Fault:
    return Fault(method="POST", cut=where, every=3)


def _rows(mode: str) -> Iterable[tuple[str, Scenario]]:
    yield f"log, {mode}: 500 to every second request", fault(mode, Fault(status=500, every=2))
    yield f"log, {mode}: 503 to all for 8 s", fault(mode, Fault(status=503), lasts=8.0)
    yield f"log, {mode}: 429 with Retry-After", fault(mode, Fault(status=429, headers={"Retry-After": "1"}, every=2))
    yield f"log, {mode}: no answer for 20 s", fault(mode, Fault(hold=asyncio.Event(), cut="before"), lasts=20.0)
    yield f"log, {mode}: connection cut before the request is performed", fault(mode, _cut("before"))
    yield f"log, {mode}: connection cut after it is performed, then 409", fault(mode, _cut("after"))
    yield f"log, {mode}: connection cut within the answer", fault(mode, _cut("within"))
    yield f"log, {mode}: HTML 200 to everything", fault(mode, Fault(status=200, body="<html>Please log in</html>"))
    yield f"log, {mode}: 409 that names no entry", fault(mode, Fault(method="POST", status=409, every=2))
    yield f"log, {mode}: entries of another log", lie(mode, lambda entry: entry.update(logID="00" * 32))
    yield f"log, {mode}: entries at another time", lie(mode, lambda entry: entry.update(integratedTime=1))
    yield f"log, {mode}: kill -9 just before and just after each entry", deaths(mode)


SCENARIOS: dict[str, Scenario] = {name: scenario for mode in MODES for name, scenario in _rows(mode)}
