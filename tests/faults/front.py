"""A TCP front before a server: shut and opened again on one port, slowed down, or cut within an answer."""

import asyncio
from contextlib import suppress
from typing import Self

_CHUNK = 65536


class Front:
    """Passes bytes on between clients and `target` (`host:port`).

    `trickle` is how many bytes a second an answer takes, none for full speed. `resets` counts the next answers that are
    cut by a reset after half of their first piece.
    """

    def __init__(self, target: str) -> None:
        self.trickle: int | None = None
        self.resets = 0
        self.passed = 0
        self._host, _, port = target.rpartition(":")
        self._target_port = int(port)
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._port = 0

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.shut()

    @property
    def address(self) -> str:
        """Return `127.0.0.1:PORT`."""
        return f"127.0.0.1:{self._port}"

    async def open(self) -> None:
        """Listen: at first on a free port, later on the same one again."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def shut(self) -> None:
        """Refuse connections from now on and cut those that are open."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in tuple(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            await self._joined(reader, writer)
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            self._connections.discard(task)

    async def _joined(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            inner_reader, inner_writer = await asyncio.open_connection(self._host, self._target_port)
        except OSError:
            writer.transport.abort()
            return
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._ask(reader, inner_writer))
                group.create_task(self._answer(inner_reader, writer))
        finally:
            inner_writer.transport.abort()
            writer.close()

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while piece := await reader.read(_CHUNK):
                writer.write(piece)
                await writer.drain()
        # Who asks no more is gone: HTTP clients do not half-close.
        writer.transport.abort()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while piece := await reader.read(_CHUNK):
                self.passed += 1
                if self.resets:
                    self.resets -= 1
                    writer.write(piece[: len(piece) // 2])
                    await writer.drain()
                    writer.transport.abort()
                    return
                await self._pass(piece, writer)
        if not writer.transport.is_closing():
            writer.close()

    async def _pass(self, piece: bytes, writer: asyncio.StreamWriter) -> None:
        position = 0
        while self.trickle and position < len(piece):
            writer.write(piece[position : position + 1])
            await writer.drain()
            position += 1
            await asyncio.sleep(1 / self.trickle)
        writer.write(piece[position:])
        await writer.drain()
