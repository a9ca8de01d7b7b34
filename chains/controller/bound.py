"""The longest that a turn may take: one that has not ended by then is cut off, and its run tried again later."""

import asyncio
from collections.abc import Awaitable

from chains.controller.stages import ELSEWHERE, cut_short
from chains.controller.turn import End, Turn
from chains.runs.sighting import RunKey

# Every request is bounded, and a turn has few of them; one with many images goes on where its last was cut off.
# Less than the alert on a queue that stands still waits for.
LONGEST_TURN = 240.0


async def bounded(key: RunKey, work: Awaitable[Turn], seconds: float = LONGEST_TURN) -> Turn:
    """Take a turn of a run, or what was begun of it if it is not over after so long; nothing goes on behind it."""
    scope = asyncio.timeout(seconds)
    with cut_short() as stages:
        try:
            async with scope:
                return await work
        except TimeoutError:
            if not scope.expired():
                raise
    stage = next(iter(stages), ELSEWHERE)
    where = "" if stage == ELSEWHERE else f" in the stage {stage}"
    why = f"its turn was cut off{where}: it had not ended after {seconds:.0f} s; what is done stays done"
    return Turn(key, End.RETRY, why, cut=stage)
