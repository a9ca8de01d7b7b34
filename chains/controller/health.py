"""The probes: /healthz says that the service is alive, /readyz whether it can sign just now and why not; /metrics."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from chains.errors import InputError


@asynccontextmanager
async def probes(
    port: int,
    unready: Callable[[], tuple[str, ...]],
    metrics: Callable[[], bytes],
    stalled: Callable[[], str] = str,
) -> AsyncIterator[None]:
    """Answer the probes on that port while the body runs; port 0 means no probes.

    An event loop that stands still answers nothing, and that is how the probe of its life fails then.
    """
    if port == 0:
        yield
        return

    async def alive(_: web.Request) -> web.Response:
        trouble = stalled()
        return web.Response(text=f"{trouble or 'ok'}\n", status=503 if trouble else 200)

    async def ready(_: web.Request) -> web.Response:
        troubles = unready()
        return web.Response(text="".join(f"{t}\n" for t in troubles) or "ok\n", status=503 if troubles else 200)

    async def measured(_: web.Request) -> web.Response:
        return web.Response(body=metrics(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.add_routes([web.get("/healthz", alive), web.get("/readyz", ready), web.get("/metrics", measured)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, port=port).start()
    except OSError as error:
        await runner.cleanup()
        raise InputError(
            f"port {port} for the probes is taken: choose another with --health-port, or 0 for none"
        ) from error
    try:
        yield
    finally:
        await runner.cleanup()
