"""The floor: the fewest requests that any signer needs for a run, as fast as one client can send them."""

import asyncio
import hashlib
import json
import os
import resource
import time
from collections.abc import Iterable
from dataclasses import dataclass

import aiohttp

from tests.bench.load import RUNS, digest_of

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
LAYER = "application/vnd.dsse.envelope.v1+json"
AT_ONCE = 32


@dataclass(frozen=True)
class Floor:
    """What the bare requests came to."""

    runs_per_second: float
    cpu_ms: float


async def floor(api: aiohttp.ClientSession, registry: str, names: Iterable[str]) -> Floor:
    """For each run store a signature and an attestation of usual size, then mark it."""
    waiting, count = iter(enumerate(names)), 0
    began, spent = time.monotonic(), _cpu()

    async def one_after_the_other() -> None:
        nonlocal count
        for number, name in waiting:
            base, digest = f"http://{registry}/v2/team{number % 20}/app", digest_of(name)
            await asyncio.gather(
                _attach(session, base, digest, "sig", b'{"critical":"%s"}' % digest.encode()),
                _attach(session, base, digest, "att", os.urandom(24) + b"x" * 6000),
            )
            await _mark(api, name)
            count += 1

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=AT_ONCE)) as session:
        await asyncio.gather(*(one_after_the_other() for _ in range(AT_ONCE)))
    return Floor(count / (time.monotonic() - began), 1000 * (_cpu() - spent) / count)


async def _attach(session: aiohttp.ClientSession, base: str, digest: str, suffix: str, payload: bytes) -> None:
    tag = f"{digest.replace(':', '-')}.{suffix}"
    async with session.get(f"{base}/manifests/{tag}") as response:
        await response.read()
    config = json.dumps({"rootfs": {"type": "layers", "diff_ids": [tag]}}).encode()
    layer, described = await asyncio.gather(_blob(session, base, payload), _blob(session, base, config))
    found = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json", **described},
        "layers": [{"mediaType": LAYER, **layer}],
    }
    body, headers = json.dumps(found).encode(), {"Content-Type": MANIFEST}
    async with session.put(f"{base}/manifests/{tag}", data=body, headers=headers) as response:
        assert response.status == 201, await response.text()


async def _blob(session: aiohttp.ClientSession, base: str, content: bytes) -> dict[str, object]:
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    async with session.post(f"{base}/blobs/uploads/") as response:
        location = response.headers["Location"]
        await response.read()
    url = location if location.startswith("http") else f"{base.partition('/v2/')[0]}{location}"
    async with session.put(f"{url}{'&' if '?' in url else '?'}digest={digest}", data=content) as response:
        assert response.status == 201, await response.text()
    return {"digest": digest, "size": len(content)}


async def _mark(api: aiohttp.ClientSession, name: str) -> None:
    body, headers = b'{"metadata":{"annotations":{"chains.tekton.dev/signed":"true"}}}', {}
    headers["Content-Type"] = "application/merge-patch+json"
    async with api.patch(f"{RUNS}/{name}", data=body, headers=headers) as response:
        assert response.status == 200, await response.text()
        await response.read()


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
