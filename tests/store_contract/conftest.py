"""The registries that the store's contract is held against."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from chains.demo.registry.behaviour import DISTRIBUTION_2_8
from chains.demo.registry.server import RegistryServer
from tests.peers.docker_registry import docker_registry


@pytest_asyncio.fixture(params=["embedded", pytest.param("docker-registry", marks=pytest.mark.peers)])
async def registry_address(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """The embedded registry in the manner of Docker's, and Docker's own."""
    if request.param == "docker-registry":
        async with docker_registry(tmp_path) as address:
            yield address
    else:
        async with RegistryServer(DISTRIBUTION_2_8) as server:
            yield server.address
