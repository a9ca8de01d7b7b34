"""Misbehaviour on request, for any of the embedded servers."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from aiohttp import web
from aiohttp.typedefs import Handler

Cut = Literal["", "before", "within", "after"]


@dataclass(frozen=True, slots=True, eq=False)
class Fault:
    """What goes wrong, and with which requests.

    `method` empty means any; `path` is a regular expression searched in the decoded path and query. The first `spare`
    matching requests pass unharmed, then every `every`-th is hit, `times` in all (None: for ever).
    A hit request waits `delay` seconds and for `hold`; then it is answered with `status`, `headers` and `body`, or,
    where no status is given, performed. `cut` ends the connection: "before" anything is done, "after" the request is
    performed and with no answer, or "within" the body of its answer.
    """

    method: str = ""
    path: str = ""
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | str = b""
    delay: float = 0.0
    hold: asyncio.Event | None = None
    cut: Cut = ""
    times: int | None = None
    spare: int = 0
    every: int = 1


class Faults:
    """The faults in force in one server; the first that matches a request hits it."""

    def __init__(self) -> None:
        self._matched: dict[Fault, int] = {}
        self._hits: dict[Fault, int] = {}

    def add(self, fault: Fault) -> Fault:
        """Put a fault in force and return it, to ask for its hits or to remove it."""
        re.compile(fault.path)
        self._matched[fault] = 0
        self._hits[fault] = 0
        return fault

    def remove(self, fault: Fault) -> None:
        """End a fault; its hits stay known."""
        self._matched.pop(fault, None)

    def clear(self) -> None:
        """End every fault."""
        self._matched.clear()

    def hits(self, fault: Fault) -> int:
        """Return how many requests a fault has hit."""
        return self._hits.get(fault, 0)

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let a request through to `handler`, or let its fault happen; for `web.Application(middlewares=[...])`."""
        fault = self._strike(request) if self._matched else None
        if fault is None:
            return await handler(request)
        if fault.delay:
            await asyncio.sleep(fault.delay)
        if fault.hold is not None:
            await fault.hold.wait()
        if fault.cut == "before":
            return _cut(request)
        response = await (handler(request) if fault.status is None else _answer(fault, fault.status))
        if fault.cut == "after":
            return _cut(request)
        if fault.cut == "within":
            return await _cut_within(request, response)
        return response

    def _strike(self, request: web.Request) -> Fault | None:
        """Find the fault that hits this request and count it."""
        target = f"{request.path}?{request.query_string}" if request.query_string else request.path
        for fault in self._matched:
            if fault.method not in ("", request.method) or not re.search(fault.path, target):
                continue
            if fault.times is not None and self._hits[fault] >= fault.times:
                continue
            self._matched[fault] += 1
            beyond = self._matched[fault] - fault.spare
            if beyond > 0 and beyond % fault.every == 0:
                self._hits[fault] += 1
                return fault
        return None


async def _answer(fault: Fault, status: int) -> web.Response:
    body = fault.body.encode() if isinstance(fault.body, str) else fault.body
    return web.Response(status=status, headers=fault.headers, body=body)


def _cut(request: web.Request) -> web.Response:
    """End the connection; the response returned can reach nobody."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _cut_within(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    """Send all headers and half of the body, then end the connection."""
    whole = response.body if isinstance(response, web.Response) else None
    if not isinstance(whole, bytes) or not whole:
        return _cut(request)
    partial = web.StreamResponse(status=response.status, headers=response.headers)
    partial.content_length = len(whole)
    await partial.prepare(request)
    await partial.write(whole[: len(whole) // 2])
    if request.transport is not None:
        request.transport.close()
    return partial
