"""The registries that the store's contract is held against."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from chains.demo.registry.behaviour import DISTRIBUTION_2_8
from chains.demo.registry.server import RegistryServer
from tests.peers.bench import REAL_REGISTRIES

REAL = [pytest.param(name, marks=pytest.mark.peers) for name in REAL_REGISTRIES]


@pytest_asyncio.fixture(params=["embedded", *REAL])
async def registry_address(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """The embedded registry in the manner of Docker's, Docker's own, and one with the referrers API."""
    if request.param in REAL_REGISTRIES:
        async with REAL_REGISTRIES[request.param](tmp_path) as address:
            yield address
    else:
        async with RegistryServer(DISTRIBUTION_2_8) as server:
            yield server.address
