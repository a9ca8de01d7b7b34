"""`chains demo --keep` as a process of its own, with what it says of itself."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from chains.artifacts.reference import ImageReference
from tests.peers.programs import Finished, run

LIMIT = 90.0
_READY, _LAST = "It goes on running until", "cosign verify-attestation"
_IMAGE = re.compile(r"127\.0\.0\.1:\d+/\S+@sha256:[0-9a-f]{64}\b")
_KUBECONFIG = re.compile(r"export KUBECONFIG=(\S+)")
_PUBLIC_KEY = re.compile(r"cosign verify --key (\S+)")
_LOG_KEY = re.compile(r"export SIGSTORE_REKOR_PUBLIC_KEY=(\S+)")
_REGISTRY = re.compile(r"OCI registry +(127\.0\.0\.1:\d+)")


@dataclass(frozen=True)
class Demo:
    """A demo that goes on running: where it is, and the images that it names."""

    kubeconfig: Path
    public_key: Path
    log_key: Path
    registry: str
    images: tuple[ImageReference, ...]
    home: Path

    async def kubectl(self, *arguments: str | Path, feed: bytes = b"") -> Finished:
        """Run kubectl against its Kubernetes API."""
        return await run("kubectl", *arguments, home=self.home, env={"KUBECONFIG": str(self.kubeconfig)}, feed=feed)


@asynccontextmanager
async def kept_demo(home: Path) -> AsyncIterator[Demo]:
    """Start the demo, wait until its story is told, and interrupt it at the end; it must then end well."""
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("chains"),
        "demo",
        "--keep",
        cwd=home,
        env={"HOME": str(home), "PATH": os.defpath, "TMPDIR": str(home)},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        yield _demo(await _story(process), home)
        process.terminate()
        async with asyncio.timeout(LIMIT):
            rest, _ = await process.communicate()
        assert process.returncode == 0, rest.decode()
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def _story(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    told = ""
    try:
        async with asyncio.timeout(LIMIT):
            while _LAST not in told.rpartition(_READY)[2] or _READY not in told:
                chunk = await process.stdout.read(65536)
                if not chunk:
                    pytest.fail(f"the demo ended instead of staying: {told}")
                told += chunk.decode()
    except TimeoutError:
        pytest.fail(f"the demo did not come to its end within {LIMIT:.0f} s: {told}")
    return told


def _demo(told: str, home: Path) -> Demo:
    images = tuple(ImageReference.parse(found) for found in dict.fromkeys(_IMAGE.findall(told)))
    kubeconfig, public_key, log_key = (Path(_one(found, told)) for found in (_KUBECONFIG, _PUBLIC_KEY, _LOG_KEY))
    return Demo(kubeconfig, public_key, log_key, _one(_REGISTRY, told), images, home)


def _one(pattern: re.Pattern[str], told: str) -> str:
    found = pattern.search(told)
    if found is None:
        pytest.fail(f"the demo does not say what {pattern.pattern} looks for: {told}")
    return found[1]
