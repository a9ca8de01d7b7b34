"""A real docker-registry on a free loopback port, for as long as a context lasts."""

import asyncio
import json
import os
import re
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

READY_SECONDS = 20
# The password "pw" of the user "ci", hashed by bcrypt at its lowest cost.
_HTPASSWD = "ci:$2y$05$amxAiQqBdzQWpo88mtyrle6JJ/loHHM.65Ul7yPG6sx9KImJWrIaS\n"
_PEERS = Path(__file__).parents[2] / ".peers" / "bin"
_LISTENING = re.compile(r"listening on (127\.0\.0\.1:[0-9]+)")


@asynccontextmanager
async def docker_registry(
    tmp_path: Path, *, auth: Mapping[str, Mapping[str, str]] | None = None, deletes: bool = True, requests: bool = False
) -> AsyncIterator[str]:
    """Start docker-registry with its storage below `tmp_path` and give its `127.0.0.1:PORT`.

    `auth` is that section of its configuration, and `requests` lets its log, `docker-registry.log`, tell of each. The
    test fails when the program is missing or does not come up.
    """
    program = _program()
    log, config = tmp_path / "docker-registry.log", tmp_path / "docker-registry.yml"
    config.write_text(json.dumps(_configuration(tmp_path / "docker-registry", auth, deletes, requests)))
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            program, "serve", str(config), stdout=output, stderr=output, env=_environment()
        )
    try:
        yield await _ready(process, log)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def passwords(folder: Path) -> Mapping[str, Mapping[str, str]]:
    """The `auth` of a registry that lets the user `ci` in, with the password `pw`."""
    path = folder / "htpasswd"
    path.write_text(_HTPASSWD)
    return {"htpasswd": {"realm": "here", "path": str(path)}}


def _program() -> str:
    program = shutil.which("docker-registry", path=f"{_PEERS}{os.pathsep}{os.environ.get('PATH', '')}")
    if program is None:
        pytest.fail(
            "docker-registry is neither in .peers/bin nor on the PATH: run tests/peers/install, "
            "or install Debian's package docker-registry",
            pytrace=False,
        )
    return program


def _configuration(
    root: Path, auth: Mapping[str, Mapping[str, str]] | None, deletes: bool, requests: bool
) -> dict[str, object]:
    configuration: dict[str, object] = {
        "version": "0.1",
        "log": {"level": "info", "accesslog": {"disabled": not requests}},
        "storage": {"filesystem": {"rootdirectory": str(root)}, "delete": {"enabled": deletes}},
        "http": {"addr": "127.0.0.1:0"},
    }
    return configuration | ({"auth": auth} if auth else {})


def _environment() -> dict[str, str]:
    """Leave out what would override the configuration."""
    return {key: value for key, value in os.environ.items() if not key.startswith("REGISTRY_")}


async def _ready(process: asyncio.subprocess.Process, log: Path) -> str:
    try:
        async with asyncio.timeout(READY_SECONDS), aiohttp.ClientSession() as session:
            while True:
                if process.returncode is not None:
                    pytest.fail(f"docker-registry ended at once: {_said(log)}", pytrace=False)
                found = _LISTENING.search(_said(log))
                if found and await _answers(session, found[1]):
                    return found[1]
                await asyncio.sleep(0.01)
    except TimeoutError:
        pytest.fail(f"docker-registry did not answer within {READY_SECONDS} s: {_said(log)}", pytrace=False)


def _said(log: Path) -> str:
    return log.read_text()


async def _answers(session: aiohttp.ClientSession, address: str) -> bool:
    try:
        async with session.get(f"http://{address}/v2/") as response:
            return response.status in (200, 401)
    except aiohttp.ClientConnectionError:
        return False
