"""The registries that the contract is held against."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from chains.demo.registry.behaviour import DISTRIBUTION_2_8, GO_CONTAINERREGISTRY, Behaviour
from chains.demo.registry.server import RegistryServer
from tests.peers.bench import REAL_REGISTRIES

OUTSIDE = os.environ.get("CHAINS_REGISTRY_ADDRESS", "")
REAL = pytest.param("docker-registry", marks=pytest.mark.peers)
EMBEDDED = {"embedded": Behaviour(), "embedded 2.8": DISTRIBUTION_2_8}
TYPED_BY_CONFIG = {"embedded, typed by config": GO_CONTAINERREGISTRY}
REFERRERS = pytest.param("referrers-registry", marks=pytest.mark.peers)


@pytest_asyncio.fixture(params=[*EMBEDDED, REAL, *(["outside"] if OUTSIDE else [])])
async def registry_address(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """Any registry: what holds here holds for clients everywhere. CHAINS_REGISTRY_ADDRESS=HOST:PORT adds one."""
    async for address in _started(request.param, tmp_path):
        yield address


@pytest_asyncio.fixture(params=["embedded 2.8", REAL])
async def distribution_address(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """Docker's registry 2.8 and the embedded one in its manner, where the two part from the specification."""
    async for address in _started(request.param, tmp_path):
        yield address


@pytest_asyncio.fixture(params=["embedded", *TYPED_BY_CONFIG, REFERRERS])
async def referrers_address(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """Registries that list referrers: what holds in all of them is what may be relied on."""
    async for address in _started(request.param, tmp_path):
        yield address


@pytest_asyncio.fixture(params=[*TYPED_BY_CONFIG, REFERRERS])
async def typed_by_config_address(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """go-containerregistry's registry and the embedded one in its manner, where they part from the specification."""
    async for address in _started(request.param, tmp_path):
        yield address


async def _started(name: str, tmp_path: Path) -> AsyncIterator[str]:
    if name == "outside":
        yield OUTSIDE
    elif name in REAL_REGISTRIES:
        async with REAL_REGISTRIES[name](tmp_path) as address:
            yield address
    else:
        async with RegistryServer((EMBEDDED | TYPED_BY_CONFIG)[name]) as registry:
            yield registry.address
