"""The embedded Rekor: its life on a loopback port."""

import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Self

from aiohttp import web

from chains.demo.faults import Faults
from chains.demo.listening import HOST, listening
from chains.demo.rekor.answers import Document
from chains.demo.rekor.api_v1 import ApiV1
from chains.demo.rekor.api_v2 import ApiV2
from chains.demo.rekor.log import Log
from chains.keys.generate import new_signer
from chains.keys.signer import KeySigner

TREE_ID = f"{1193050959916656506:016x}"
NAME = "rekor.demo"
_SHUTDOWN_SECONDS = 0.2
_LARGEST_ENTRY = 32 << 20


class RekorServer:
    """A transparency log on 127.0.0.1, in memory, for as long as the context lasts.

    `log` is what its first API speaks of, `tiles` what the second does; both are signed with one key.
    `faults` makes it misbehave; `distort`, if set, changes each entry before it is answered. `clock` gives seconds
    since 1970.
    """

    def __init__(self, signer: KeySigner | None = None, *, clock: Callable[[], float] = time.time) -> None:
        self.signer = signer or new_signer()
        self.faults = Faults()
        self.log = Log(self.signer, NAME, TREE_ID)
        self.tiles = Log(self.signer, HOST, promises=False)
        self.distort: Callable[[Document], None] | None = None
        self.clock = clock
        self._life = AsyncExitStack()
        self._port = 0

    async def __aenter__(self) -> Self:
        app = web.Application(middlewares=[self.faults.middleware], client_max_size=_LARGEST_ENTRY)
        app.add_routes(ApiV1(self.log, self._now, self._distorted, self.public_key).routes())
        app.add_routes(ApiV2(self.tiles, self._distorted).routes())
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS)
        self._port = await self._life.enter_async_context(listening(runner))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._life.aclose()

    @property
    def url(self) -> str:
        """Return `http://127.0.0.1:PORT`."""
        return f"http://{HOST}:{self._port}"

    @property
    def public_key(self) -> bytes:
        """The PEM of the key that it signs with."""
        return self.signer.public_pem

    def _now(self) -> int:
        return int(self.clock())

    def _distorted(self, document: Document) -> Document:
        if self.distort is not None:
            self.distort(document)
        return document
