"""The controller as a process that is told to end again and again while it ends."""

import asyncio
from pathlib import Path

from tests.controller.alone import alone


async def test_whoever_is_told_to_end_many_times_ends_well(tmp_path: Path) -> None:
    async with alone(tmp_path) as (process, _):
        ending = asyncio.create_task(process.terminate())
        while not ending.done():
            process.tell_to_end()
            await asyncio.sleep(0.0005)
        status, _ = await ending
        assert status == 0, process.log.read_text()
