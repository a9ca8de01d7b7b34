"""What the embedded Kubernetes API promises, the real one keeps: the contract suite, held against it."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.e2e.control_plane import ADMIN, ROOT, ControlPlane

pytestmark = pytest.mark.e2e


@asynccontextmanager
async def forgetting(plane: ControlPlane) -> AsyncIterator[str]:
    """Give a URL that, asked with POST, makes the API forget the past."""

    async def forget(_: web.Request) -> web.Response:
        await asyncio.to_thread(plane.forget)
        return web.Response()

    app = web.Application()
    app.router.add_post("/", forget)
    async with TestServer(app, host="127.0.0.1") as server:
        yield str(server.make_url("/"))


@pytest.mark.timeout(400)
async def test_the_kubernetes_contract_holds_for_a_real_api_server(plane: ControlPlane) -> None:
    async with forgetting(plane) as url:
        where = {
            "CHAINS_KUBERNETES_URL": plane.url,
            "CHAINS_KUBERNETES_TOKEN": ADMIN,
            "CHAINS_KUBERNETES_CA": str(plane.ca_file),
            "CHAINS_KUBERNETES_FORGET": url,
        }
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "pytest", "tests/kubernetes_contract", "-p", "no:cacheprovider"),
            cwd=ROOT,
            env={**os.environ, **where},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            said, _ = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    assert process.returncode == 0, said.decode()[-8000:]
