"""A foreign server on a free loopback port, for as long as a context lasts."""

import asyncio
import os
import re
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

READY_SECONDS = 20
_PEERS = Path(__file__).parents[2] / ".peers" / "bin"
_LISTENING = re.compile(r"listening on (127\.0\.0\.1:[0-9]+)")


@asynccontextmanager
async def served(
    name: str, *arguments: str, log: Path, path: str, env: Mapping[str, str] | None = None, address: str = ""
) -> AsyncIterator[str]:
    """Start a server and give its `127.0.0.1:PORT` once it answers at `path`; what it says goes into the file `log`.

    It says its address itself, unless one is given. The test fails when the program is missing or does not come up.
    """
    program = _program(name)
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            program, *arguments, stdout=output, stderr=output, env=dict(env or {}), cwd=log.parent
        )
    try:
        yield await _ready(process, log, path, address)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def _program(name: str) -> str:
    program = shutil.which(name, path=f"{_PEERS}{os.pathsep}{os.environ.get('PATH', '')}")
    if program is None:
        pytest.fail(f"{name} is neither in .peers/bin nor on the PATH: run tests/peers/install", pytrace=False)
    return program


async def _ready(process: asyncio.subprocess.Process, log: Path, path: str, address: str) -> str:
    try:
        async with asyncio.timeout(READY_SECONDS), aiohttp.ClientSession() as session:
            while True:
                if process.returncode is not None:
                    pytest.fail(f"{log.stem} ended at once: {_said(log)}", pytrace=False)
                found = address or _told(log)
                if found and await _answers(session, f"http://{found}{path}"):
                    return found
                await asyncio.sleep(0.01)
    except TimeoutError:
        pytest.fail(f"{log.stem} did not answer within {READY_SECONDS} s: {_said(log)}", pytrace=False)


def _told(log: Path) -> str:
    found = _LISTENING.search(_said(log))
    return found[1] if found else ""


def _said(log: Path) -> str:
    return log.read_text()


async def _answers(session: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with session.get(url) as response:
            return response.status in (200, 401)
    except aiohttp.ClientError:
        return False
