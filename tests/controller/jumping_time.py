"""An event loop whose clock can be put forward."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _JumpingLoop(asyncio.SelectorEventLoop):
    ahead = 0.0

    def time(self) -> float:
        return super().time() + self.ahead


def jump(seconds: float) -> None:
    """Let so many seconds have passed."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, _JumpingLoop)
    loop.ahead += seconds


def with_jumps(work: Coroutine[Any, Any, T]) -> T:
    """Run it on such a loop; in it `jump` works."""
    with asyncio.Runner(loop_factory=_JumpingLoop) as runner:
        return runner.run(work)
