"""The shells themselves complete our command line by the script that we print for each; groff reads the manual."""

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.peers.programs import BIN, LIMIT, program, run

pytestmark = pytest.mark.peers
INSTALLED = Path(sys.executable).parent
MANUAL = sorted((Path(__file__).parents[2] / "docs" / "man").glob("*.1"))
# A line, and what its last word may become.
LINES = [
    ("chains veri", {"verify", "verify-attestation"}),
    ("chains download at", {"attestation"}),
    ("chains verify --signature-f", {"--signature-format"}),
    ("chains verify --signature-format leg", {"legacy"}),
]


def script(shell: str, folder: Path) -> Path:
    """Write what `chains completion` prints into a file."""
    printed = subprocess.run((INSTALLED / "chains", "completion", shell), capture_output=True, check=True).stdout
    (folder / f"chains.{shell}").write_bytes(printed)
    return folder / f"chains.{shell}"


def path() -> dict[str, str]:
    return {"PATH": f"{INSTALLED}:{os.defpath}"}


@pytest.mark.parametrize(("line", "completed"), LINES)
async def test_bash_completes(tmp_path: Path, line: str, completed: set[str]) -> None:
    words = line.split()
    ask = f"COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; _chains_completion chains {words[-1]}"
    said = f"source {script('bash', tmp_path)}; complete -p chains; {ask}; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    ended = await run("bash", "--norc", "-c", said, home=tmp_path, env=path())
    registered, *found = ended.out.decode().splitlines()
    assert "_chains_completion" in registered, ended
    assert {*found} == completed


@pytest.mark.parametrize(("line", "completed"), LINES)
async def test_fish_completes(tmp_path: Path, line: str, completed: set[str]) -> None:
    said = f"source {script('fish', tmp_path)}; complete -C '{line}'"
    ended = await run("fish", "--no-config", "-c", said, home=tmp_path, env=path())
    found = dict(row.partition("\t")[::2] for row in ended.out.decode().splitlines())
    assert {*found} == completed, ended
    if "verify-attestation" in found:
        assert found["verify-attestation"].endswith("one envelope a line.")


@pytest.mark.parametrize(("line", "completed"), LINES)
def test_zsh_completes(tmp_path: Path, line: str, completed: set[str]) -> None:
    script("zsh", tmp_path).rename(tmp_path / "_chains")
    with zsh(tmp_path) as terminal:
        until(terminal, "ready> ")
        os.write(terminal, line.encode() + b"\x04")  # which lists what the last word may become
        shown = until(terminal, *(f"{word} " for word in completed)).partition(line)[2]
    listed = {word for row in shown.splitlines() for word in row.split()[:1]}
    assert completed <= listed, shown


@contextmanager
def zsh(folder: Path) -> Iterator[int]:
    """Start an interactive zsh in a terminal, with its own functions and ours, and yield the terminal."""
    home = BIN.parent / "zsh"
    modules = next(iter(home.glob("usr/lib/*/zsh")), "")
    functions = home / "usr" / "share" / "zsh" / "functions"
    found = [str(one) for one in (functions, *functions.glob("**/")) if home.exists()]
    (folder / ".zshenv").write_text(
        f"module_path=({modules}/5.9 {modules} $module_path)\nfpath=({folder} {' '.join(found)} $fpath)\n"
    )
    (folder / ".zshrc").write_text("PS1='ready> '; autoload -Uz compinit; compinit -u\n")
    child, terminal = pty.fork()
    if child == 0:
        env = {"HOME": str(folder), "ZDOTDIR": str(folder), "TERM": "dumb", "COLUMNS": "200", "LINES": "50", **path()}
        os.execve(program("zsh"), ["zsh", "-i"], env)
    try:
        yield terminal
    finally:
        os.close(terminal)
        os.waitpid(child, 0)


def until(terminal: int, *wanted: str) -> str:
    """Read a terminal until all of these were written, and return what was; or what there is at the limit."""
    shown, end = "", time.monotonic() + LIMIT
    while not all(word in shown for word in wanted) and time.monotonic() < end:
        if select.select([terminal], [], [], 0.2)[0]:
            shown += os.read(terminal, 4096).decode(errors="replace")
    return shown


@pytest.mark.parametrize("page", MANUAL, ids=lambda page: page.stem)
async def test_groff_has_nothing_to_say_against_a_page(tmp_path: Path, page: Path) -> None:
    ended = await run("groff", "-ww", "-man", "-Tutf8", page, home=tmp_path)
    assert ended.succeeded, ended
    assert ended.err == ""
    assert page.stem.upper() in ended.out.decode()
