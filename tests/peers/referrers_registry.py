"""A real registry with the referrers API, which is go-containerregistry's: in memory, on a free loopback port."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.peers.servers import served


@asynccontextmanager
async def referrers_registry(folder: Path) -> AsyncIterator[str]:
    """Start it and give its `127.0.0.1:PORT`; the test fails when the program is missing or does not come up."""
    async with served("referrers-registry", log=folder / "referrers-registry.log", path="/v2/") as address:
        yield address
