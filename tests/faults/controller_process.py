"""The real `chains controller` as a process of its own: started, killed, started again."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType

ROOT = Path(__file__).resolve().parents[2]
AUDITED = ROOT / "tests" / "faults" / "audited_controller.py"


class ControllerProcess:
    """One controller in a process group of its own, whose log goes to a file.

    Where `connections` is given, every address that it looks up or connects to is written to that file.
    """

    def __init__(
        self,
        kubeconfig: Path,
        log: Path,
        *options: str,
        level: str = "info",
        connections: Path | None = None,
        env: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.log = log
        self._env = env
        self._options = ("--kubeconfig", str(kubeconfig), "--health-port", "0", "--log-level", level, *options)
        self._connections = connections
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it, again after it ended."""
        assert not self.running
        program = [str(AUDITED)] if self._connections else ["-m", "chains"]
        watched = {"CONNECTIONS": str(self._connections)} if self._connections else {}
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *program,
                "controller",
                *self._options,
                cwd=self.log.parent,
                env={"HOME": str(self.log.parent), "PATH": os.defpath, "PYTHONPATH": str(ROOT), **watched, **self._env},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    def kill(self) -> None:
        """End it as `kill -9` does, at once; `ended` waits until it is gone."""
        if self._process is not None and self.running:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def pause(self) -> None:
        """Stop it where it is."""
        self._signal(signal.SIGSTOP)

    async def pause_in_wait(self) -> None:
        """Stop it while its event loop waits for the system: no request of its own is on the way to the kernel then."""
        while True:
            self.pause()
            if self._waits():
                return
            self.go_on()
            await asyncio.sleep(0.001)

    def go_on(self) -> None:
        """Let it go on where it was stopped."""
        self._signal(signal.SIGCONT)

    async def ended(self, seconds: float = 30.0) -> int:
        """Wait until it is gone and return its exit status."""
        assert self._process is not None
        async with asyncio.timeout(seconds):
            return await self._process.wait()

    def tell_to_end(self) -> None:
        """Send SIGTERM, unless it is gone."""
        if self._process is not None and self.running:
            # The process's own method would ask whether it has ended, and take the answer from who waits for it.
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGTERM)

    async def terminate(self) -> tuple[int, float]:
        """Ask it to end with SIGTERM; return its exit status and how many seconds it took."""
        began = time.monotonic()
        self.tell_to_end()
        status = await self.ended(60.0)
        return status, time.monotonic() - began

    def _waits(self) -> bool:
        """Say, once it has stopped, whether that was in a call that waits for events."""
        assert self._process is not None
        os.waitid(os.P_PID, self._process.pid, os.WSTOPPED)
        here = Path("/proc", str(self._process.pid))
        first = (here / "syscall").read_text().split()[1]
        return (here / "fd" / str(int(first, 16))).resolve().name == "anon_inode:[eventpoll]"

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    async def close(self) -> None:
        """Make sure that it is gone."""
        self.kill()
        if self._process is not None:
            await self.ended()
