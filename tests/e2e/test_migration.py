"""Taking over from Tekton Chains in the middle of its work: a thousand runs as it leaves them, nothing signed twice."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from chains.artifacts.reference import ImageReference
from chains.registry.client import RegistryClient
from chains.registry.cosign_images import CosignImages
from tests.bench.stages import trusting_session
from tests.e2e.cluster import MERGE, PLURALS, SIGNED, E2eCluster, lines, until
from tests.e2e.control_plane import ADMIN
from tests.e2e.images import NOBODY, push_image
from tests.e2e.service import at_work, told
from tests.faults.runs import pipelinerun, taskrun
from tests.peers.docker_registry import docker_registry

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]
RUNS, IMAGES, AT_ONCE = 1000, 40, 16
THEIRS = "example.com/theirs"
UNKNOWN = "registry.invalid/never/pushed@sha256:" + "a1" * 32
CHAINS = "chains.tekton.dev"
LOGGED = {f"{CHAINS}/transparency": "https://rekor.example.com/api/v1/log/entries?logIndex=7"}
# What Tekton Chains leaves on runs, in the order in which it writes it: annotations, finalizers, and whether the run is
# being deleted. It was done with those that have a mark; the last four it was at work on, or had not seen.
SHAPES: tuple[tuple[dict[str, str], list[str], bool], ...] = (
    ({SIGNED: "true"}, [], False),
    ({SIGNED: "true", **LOGGED}, [THEIRS], False),
    ({SIGNED: "true", **LOGGED, f"{CHAINS}/retries": "2"}, [f"{CHAINS}/{{kind}}"], False),
    ({SIGNED: "true"}, [CHAINS], True),
    ({SIGNED: "failed", f"{CHAINS}/retries": "3"}, [], False),
    ({SIGNED: "failed"}, [f"{CHAINS}/{{kind}}", THEIRS], False),
    ({SIGNED: "true"}, [CHAINS], False),
    ({SIGNED: "true", f"{CHAINS}/retries": "1"}, [THEIRS, f"{CHAINS}/{{kind}}"], False),
    ({SIGNED: "true", **LOGGED}, [f"{CHAINS}/{{kind}}"], True),
    ({SIGNED: "failed", **LOGGED}, [CHAINS], False),
    ({SIGNED: "failed", f"{CHAINS}/retries": "3"}, [f"{CHAINS}/{{kind}}"], True),
    ({SIGNED: "true"}, [], False),
    ({}, [], False),
    ({f"{CHAINS}/retries": "1"}, [f"{CHAINS}/{{kind}}"], False),
    ({f"{CHAINS}/retries": "3", **LOGGED}, [CHAINS, THEIRS], False),
    ({}, [f"{CHAINS}/{{kind}}"], True),
)
Objects = dict[str, dict[str, Any]]


def left_behind(number: int, images: list[str]) -> tuple[dict[str, Any], bool]:
    """Return one run as Tekton Chains leaves it, and whether it is to be deleted."""
    annotations, finalizers, deleted = SHAPES[number % len(SHAPES)]
    # What is settled names an image that is nowhere, so that an attempt to sign it would show.
    image = UNKNOWN if SIGNED in annotations else images[number % IMAGES]
    name = f"run-{number}"
    of_pipeline = number // len(SHAPES) % 10 == 0
    run = pipelinerun(name, (image,), ()) if of_pipeline else taskrun(name, (image,))
    run["metadata"]["annotations"] |= annotations
    run["metadata"]["finalizers"] = [each.format(kind=run["kind"].lower()) for each in finalizers]
    return run, deleted


async def test_nothing_is_signed_twice_and_nothing_is_stuck(cluster: E2eCluster, tmp_path: Path) -> None:
    async with docker_registry(tmp_path) as address, administrator(cluster) as session:
        images = [await push_image(address, f"team/app-{number}", f"image {number}") for number in range(IMAGES)]
        free = asyncio.Semaphore(AT_ONCE)
        made = await asyncio.gather(*(create(cluster, session, free, number, images) for number in range(RUNS)))
        before = {run["metadata"]["uid"]: run for run in made}
        unsigned = {uid for uid, run in before.items() if SIGNED not in run["metadata"]["annotations"]}
        assert (len(before), len(unsigned)) == (RUNS, RUNS // len(SHAPES) * 4)
        async with at_work(cluster, tmp_path) as process:
            await told(process, '"event": "signed"', times=len(unsigned))
            await asyncio.to_thread(until, lambda: _all_settled(cluster), "every run settled or gone")
            after = await every_run(cluster, session)
            assert_left_alone(before, after)
            signed = Counter(line["uid"] for line in lines(process.log) if line["event"] == "signed")
            assert signed == dict.fromkeys(unsigned, 1)
            await delete_all(cluster, session)
            await asyncio.to_thread(until, lambda: _only_theirs(cluster), "every finalizer of ours freed")
        await assert_stored_once(images, [before[uid] for uid in unsigned])


def assert_left_alone(before: Objects, after: Objects) -> None:
    """What is settled and stays was not written to; what was being deleted is gone; the rest is marked and let go."""
    for uid, run in before.items():
        metadata = run["metadata"]
        if "deletionTimestamp" in metadata:
            assert uid not in after
        elif SIGNED in metadata["annotations"]:
            assert after[uid]["metadata"]["resourceVersion"] == metadata["resourceVersion"]
        else:
            now = after[uid]["metadata"]
            assert now["annotations"][SIGNED] == "true"
            assert now.get("finalizers", []) == [each for each in metadata.get("finalizers", []) if each == THEIRS]


async def assert_stored_once(images: list[str], runs: list[dict[str, Any]]) -> None:
    """Each image has one signature, and one attestation for each run that was still to be signed."""
    wanted = Counter(run["status"]["results"][0]["value"] for run in runs)
    async with RegistryClient() as client:
        for image in images:
            stored, reference = CosignImages(client, NOBODY), ImageReference.parse(image)
            assert len(await stored.attestations(reference)) == wanted[image]
            assert len(await stored.signatures(reference)) == (1 if wanted[image] else 0)


@asynccontextmanager
async def administrator(cluster: E2eCluster) -> AsyncIterator[aiohttp.ClientSession]:
    """Open a session that keeps its connections; a thousand runs are made over it."""
    async with trusting_session(cluster.plane.url, ADMIN) as session:
        yield session


async def create(
    cluster: E2eCluster, session: aiohttp.ClientSession, free: asyncio.Semaphore, number: int, images: list[str]
) -> dict[str, Any]:
    """Create a run with what Tekton Chains left on it, its status and perhaps its deletion, and return it."""
    run, deleted = left_behind(number, images)
    there = f"/apis/tekton.dev/v1/namespaces/{cluster.namespace}/{PLURALS[run['kind']]}"
    run["metadata"]["namespace"] = cluster.namespace
    async with free:
        await _ask(session, "POST", there, run)
        path = f"{there}/{run['metadata']['name']}"
        made = await _ask(session, "PATCH", f"{path}/status", {"status": run["status"]})
        return await _ask(session, "DELETE", path) if deleted else made


async def every_run(cluster: E2eCluster, session: aiohttp.ClientSession) -> Objects:
    """Return every run of the namespace by its uid."""
    found: Objects = {}
    for plural in PLURALS.values():
        items = (await _ask(session, "GET", f"/apis/tekton.dev/v1/namespaces/{cluster.namespace}/{plural}"))["items"]
        found |= {item["metadata"]["uid"]: item for item in items}
    return found


async def delete_all(cluster: E2eCluster, session: aiohttp.ClientSession) -> None:
    """Delete every run of the namespace."""
    for plural in PLURALS.values():
        await _ask(session, "DELETE", f"/apis/tekton.dev/v1/namespaces/{cluster.namespace}/{plural}")


async def _ask(session: aiohttp.ClientSession, method: str, path: str, body: object = None) -> dict[str, Any]:
    headers = {"Content-Type": MERGE if method == "PATCH" else "application/json"}
    async with session.request(method, path, json=body, headers=headers) as answer:
        found: dict[str, Any] = await answer.json()
        assert answer.status < 300, found
        return found


def _runs(cluster: E2eCluster) -> list[dict[str, Any]]:
    path = f"/apis/tekton.dev/v1/namespaces/{cluster.namespace}"
    return [each for plural in PLURALS.values() for each in cluster.plane.ask("GET", f"{path}/{plural}")["items"]]


def _all_settled(cluster: E2eCluster) -> bool:
    runs = [run["metadata"] for run in _runs(cluster)]
    return all(SIGNED in run["annotations"] and "deletionTimestamp" not in run for run in runs)


def _only_theirs(cluster: E2eCluster) -> bool:
    return all(run["metadata"].get("finalizers") == [THEIRS] for run in _runs(cluster))
