"""Logs that publish their tree in tiles of 256 hashes (C2SP tlog-tiles): inclusion proofs made from these."""

import asyncio
from collections.abc import Awaitable, Callable

from chains.errors import VerificationError
from chains.rekor.merkle import node_hash, siblings, split

HEIGHT = 8
WIDTH = 1 << HEIGHT
_HASH_BYTES = 32


def tile_path(level: int | str, index: int, width: int = WIDTH) -> str:
    """Return the path of a tile, such as `tile/0/x001/067.p/12`; `level` is `entries` for a bundle of entries."""
    digits = f"{index % 1000:03}"
    while index >= 1000:
        index //= 1000
        digits = f"x{index % 1000:03}/{digits}"
    return f"tile/{level}/{digits}" + (f".p/{width}" if width < WIDTH else "")


class TileReader:
    """Makes proofs about the tree of the first `size` leaves; `fetch` returns the tile at a path."""

    def __init__(self, fetch: Callable[[str], Awaitable[bytes]], size: int) -> None:
        self._fetch = fetch
        self._size = size
        self._tiles: dict[tuple[int, int], bytes] = {}

    async def proof(self, index: int) -> tuple[bytes, ...]:
        """Return the inclusion proof of a leaf; raise VerificationError for a tile that is none."""
        return tuple(await asyncio.gather(*(self._subtree(start, end) for start, end in siblings(index, self._size))))

    async def _subtree(self, start: int, end: int) -> bytes:
        count = end - start
        level = count.bit_length() - 1
        if count != 1 << level:
            middle = start + split(count)
            return node_hash(await self._subtree(start, middle), await self._subtree(middle, end))
        tile_level, height = divmod(level, HEIGHT)
        first, wide = (start >> level) << height, 1 << height
        tile = await self._tile(tile_level, first // WIDTH)
        offset = first % WIDTH * _HASH_BYTES
        hashes = [tile[at : at + _HASH_BYTES] for at in range(offset, offset + wide * _HASH_BYTES, _HASH_BYTES)]
        while len(hashes) > 1:
            hashes = [node_hash(left, right) for left, right in zip(hashes[::2], hashes[1::2], strict=True)]
        return hashes[0]

    async def _tile(self, level: int, index: int) -> bytes:
        width = min(WIDTH, (self._size >> (HEIGHT * level)) - index * WIDTH)
        if (level, index) not in self._tiles:
            tile = await self._fetch(tile_path(level, index, width))
            if len(tile) != width * _HASH_BYTES:
                raise VerificationError(f"a tile of {width} hashes has {len(tile)} bytes")
            self._tiles[level, index] = tile
        return self._tiles[level, index]
