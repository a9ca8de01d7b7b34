"""A Kubernetes API that answers as told, fault by fault, and what the tests of this room build from."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from aiohttp import web

from chains.demo.listening import HOST, listening
from chains.kube.client import KubeClient
from chains.kube.connection import Connection, Surroundings
from chains.kube.watch import Pace

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]

QUICK = Pace(first_pause=0.01, longest_pause=0.05, shortest_quiet_watch=0.0)


@dataclass(frozen=True)
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class ScriptedApi:
    """Gives each path its answers in order, the last one for ever; a path without answers is a 404."""

    answers: dict[tuple[str, str], list[Answer]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    host: str = ""

    def on(self, method: str, path: str, *answers: Answer) -> "ScriptedApi":
        self.answers[method, path] = list(answers)
        return self

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.asked.append(Asked(request.method, request.path, dict(request.query), headers, body))
        script = self.answers.get((request.method, request.path))
        if not script:
            return await refused(404, "NotFound", f'"{request.path}" not found')(request)
        return await (script.pop(0) if len(script) > 1 else script[0])(request)


@asynccontextmanager
async def served(api: ScriptedApi, context: ssl.SSLContext | None = None) -> AsyncIterator[ScriptedApi]:
    """Serve a script on loopback."""
    runner = web.ServerRunner(web.Server(api.answer, handler_cancellation=True), shutdown_timeout=1)
    async with listening(runner, tls=context) as port:
        api.host = f"{'https' if context else 'http'}://{HOST}:{port}"
        yield api


@asynccontextmanager
async def connected(
    folder: Path, api: ScriptedApi, user: dict[str, Any] | None = None, seconds: float = 10.0
) -> AsyncIterator[KubeClient]:
    """Serve a script and give a client to it."""
    async with served(api):
        path = write_kubeconfig(folder, {"server": api.host}, {"token": "first"} if user is None else user)
        client = await connect(str(path), seconds=seconds)
        try:
            yield client
        finally:
            await client.close()


async def connect(
    kubeconfig: str | None = None, environ: dict[str, str] | None = None, pod: Path | None = None, seconds: float = 10.0
) -> KubeClient:
    """Connect with nothing around but what is given."""
    around = Surroundings(environ or {}, pod or Path("/nowhere"))
    return KubeClient(await Connection.open(kubeconfig, around), seconds)


def write_kubeconfig(folder: Path, cluster: dict[str, Any], user: dict[str, Any], name: str = "kubeconfig") -> Path:
    """Write a kubeconfig of one context."""
    path = folder / name
    path.write_text(
        yaml.safe_dump(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": "here",
                "contexts": [{"name": "here", "context": {"cluster": "there", "user": "me"}}],
                "clusters": [{"name": "there", "cluster": cluster}],
                "users": [{"name": "me", "user": user}],
            }
        )
    )
    return path


def found(body: Any, code: int = 200) -> Answer:
    """Answer with JSON."""

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.json_response(body, status=code)

    return answer


def text(code: int, body: str, **headers: str) -> Answer:
    """Answer with plain text."""

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=code, text=body, headers={k.replace("_", "-"): v for k, v in headers.items()})

    return answer


def refused(code: int, reason: str, message: str, details: dict[str, Any] | None = None) -> Answer:
    """Answer with a Status."""
    return found(status(code, reason, message, details), code)


def status(code: int, reason: str, message: str, details: dict[str, Any] | None = None) -> dict[str, Any]:
    """Build a Status object."""
    said = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "reason": reason}
    return said | {"code": code, "details": details or {}}


def dropped() -> Answer:
    """Close the connection instead of answering."""

    async def answer(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    return answer


def silent() -> Answer:
    """Never answer."""

    async def answer(_: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        return web.Response()

    return answer


def streamed(*pieces: bytes, end: str = "closed") -> Answer:
    """Answer with a watch's bytes in pieces, then be `closed`, `cut` off, or `open` and silent."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        response.enable_chunked_encoding()
        await response.prepare(request)
        for piece in pieces:
            await response.write(piece)
        if end == "open":
            await asyncio.Event().wait()
        if end == "cut":
            assert request.transport is not None
            request.transport.close()
        return response

    return answer


def line(type_: str, name: str, version: int) -> bytes:
    """Build a watch line."""
    return json.dumps({"type": type_, "object": run(name, version)}).encode() + b"\n"


def bookmark(version: int) -> bytes:
    """Build a bookmark line."""
    return line("BOOKMARK", "", version)


def error_line(code: int, reason: str, message: str, details: dict[str, Any] | None = None) -> bytes:
    """Build the line by which a watch says why it ends."""
    return json.dumps({"type": "ERROR", "object": status(code, reason, message, details)}).encode() + b"\n"


def run(name: str, version: int = 1, uid: str = "") -> dict[str, Any]:
    """Build a TaskRun."""
    metadata = {"name": name, "namespace": "builds", "uid": uid or f"uid-{name}", "resourceVersion": str(version)}
    return {"apiVersion": "tekton.dev/v1", "kind": "TaskRun", "metadata": metadata}


def listing(*items: dict[str, Any], version: int, continuation: str = "") -> Answer:
    """Answer with a list page."""
    metadata = {"resourceVersion": str(version), "continue": continuation}
    return found({"kind": "TaskRunList", "apiVersion": "tekton.dev/v1", "metadata": metadata, "items": list(items)})
