"""Foreign programs: where they are, and running one of them alone, bounded in time and cut off from every network."""

import asyncio
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

BIN = Path(__file__).resolve().parents[2] / ".peers" / "bin"
LIMIT = 60.0
PASSWORD = "the password of a test's key"
_NOWHERE = "http://127.0.0.1:9"
_ALONE = {
    **dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), _NOWHERE),
}


@dataclass(frozen=True)
class Finished:
    """What a program that ended left behind; its representation is what a failed assertion shows."""

    command: str
    status: int
    out: bytes
    err: str

    @property
    def succeeded(self) -> bool:
        return self.status == 0


def program(name: str) -> Path:
    """Return the program of that name; fail the test when it is nowhere."""
    found = BIN / name
    if found.exists():
        return found
    elsewhere = shutil.which(name)
    if elsewhere is None:
        pytest.fail(
            f"the program {name} is neither in {BIN} nor on PATH: run tests/peers/install, as `make peers` does"
        )
    return Path(elsewhere)


async def run(
    name: str | Path, *arguments: str | Path, home: Path, env: Mapping[str, str] | None = None, feed: bytes = b""
) -> Finished:
    """Run a program in `home`, which is its HOME and working directory, with nothing of our own environment."""
    path = name if isinstance(name, Path) else program(name)
    process = await asyncio.create_subprocess_exec(
        path,
        *map(str, arguments),
        cwd=home,
        env={"HOME": str(home), "PATH": os.defpath, **_ALONE, **(env or {})},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    command = " ".join(map(str, (path.name, *arguments)))
    try:
        async with asyncio.timeout(LIMIT):
            out, err = await process.communicate(feed)
    except TimeoutError:
        pytest.fail(f"{command} did not end within {LIMIT:.0f} s")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return Finished(command, process.returncode or 0, out, err.decode(errors="replace"))


async def chains(home: Path, *arguments: str | Path, env: Mapping[str, str] | None = None) -> Finished:
    """Run our own command as it was installed, with the password that cosign gets too."""
    installed = Path(sys.executable).with_name("chains")
    return await run(installed, *arguments, home=home, env={"COSIGN_PASSWORD": PASSWORD, **(env or {})})
