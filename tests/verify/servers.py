"""Embedded servers on a thread of their own, for commands that run an event loop themselves."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

_T = TypeVar("_T")


@dataclass(frozen=True)
class Elsewhere:
    """A running event loop of another thread."""

    loop: asyncio.AbstractEventLoop

    def run(self, main: Coroutine[Any, Any, _T]) -> _T:
        """Run it there to its end."""
        return asyncio.run_coroutine_threadsafe(main, self.loop).result(60)

    @contextmanager
    def serving(self, server: AbstractAsyncContextManager[_T]) -> Iterator[_T]:
        """Let a server live there."""
        served = self.run(server.__aenter__())
        try:
            yield served
        finally:
            self.run(server.__aexit__(None, None, None))


@contextmanager
def elsewhere() -> Iterator[Elsewhere]:
    """Start an event loop on another thread."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield Elsewhere(loop)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(60)
        loop.close()
