"""A real docker-registry on a free loopback port, for as long as a context lasts."""

import json
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from tests.peers.servers import served

# The password "pw" of the user "ci", hashed by bcrypt at its lowest cost.
_HTPASSWD = "ci:$2y$05$amxAiQqBdzQWpo88mtyrle6JJ/loHHM.65Ul7yPG6sx9KImJWrIaS\n"


@asynccontextmanager
async def docker_registry(
    tmp_path: Path, *, auth: Mapping[str, Mapping[str, str]] | None = None, deletes: bool = True, requests: bool = False
) -> AsyncIterator[str]:
    """Start docker-registry with its storage below `tmp_path` and give its `127.0.0.1:PORT`.

    `auth` is that section of its configuration, and `requests` lets its log, `docker-registry.log`, tell of each. The
    test fails when the program is missing or does not come up.
    """
    log, config = tmp_path / "docker-registry.log", tmp_path / "docker-registry.yml"
    config.write_text(json.dumps(_configuration(tmp_path / "docker-registry", auth, deletes, requests)))
    async with served("docker-registry", "serve", str(config), log=log, path="/v2/", env=_environment()) as address:
        yield address


def passwords(folder: Path) -> Mapping[str, Mapping[str, str]]:
    """The `auth` of a registry that lets the user `ci` in, with the password `pw`."""
    path = folder / "htpasswd"
    path.write_text(_HTPASSWD)
    return {"htpasswd": {"realm": "here", "path": str(path)}}


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
