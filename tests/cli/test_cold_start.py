"""What starting a command imports: its own module and what that needs, and nothing for a list of commands."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from chains.cli.captions import CAPTIONS
from chains.cli.main import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
WORKDIR = ROOT / "tests" / "verify" / "captures" / "workdir"
KEY = ("--key", "k25/cosign.pub", "--insecure-ignore-tlog")
HEAVY = {"aiohttp", "asyncio", "cryptography", "kubernetes_asyncio", "msgspec", "nacl", "structlog", "yaml", "yarl"}


def imported(*arguments: str) -> set[str]:
    """The modules that `chains` imports with these arguments, however it ends."""
    command = (sys.executable, "-X", "importtime", "-m", "chains", *arguments)
    done = subprocess.run(
        command, cwd=WORKDIR, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=60, check=False
    )
    told = (line.rpartition("|") for line in done.stderr.splitlines() if line.startswith("import time:"))
    return {name.strip() for _, _, name in told}


def rooms(modules: set[str]) -> set[str]:
    """Which outside packages and which of our rooms these are of."""
    return {".".join(name.split(".")[: 2 if name.startswith("chains.") else 1]) for name in modules}


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ()])
def test_the_list_of_commands_imports_none_of_them(arguments: tuple[str, ...]) -> None:
    found = imported(*arguments)
    assert "chains.cli.main" in found
    assert not found & {*COMMANDS.values()}
    assert not rooms(found) & HEAVY


def test_a_folder_is_verified_without_what_speaks_http_or_to_a_cluster() -> None:
    found = imported("verify", "--local-image", *KEY, "save25")
    assert "chains.pipeline.verify" in found
    assert not rooms(found) & {"aiohttp", "yarl", "kubernetes_asyncio", "nacl", "structlog", "yaml"}
    assert not rooms(found) & {"chains.rekor", "chains.kube", "chains.controller", "chains.demo", "chains.formats"}


def test_an_image_is_verified_without_what_signs_logs_or_speaks_to_a_cluster() -> None:
    found = imported("verify", *KEY, "127.0.0.1:1/team/app:v1")
    assert "aiohttp" in found
    assert not rooms(found) & {"kubernetes_asyncio", "nacl", "structlog", "tenacity", "yaml", "cel", "regopy"}
    assert not rooms(found) & {"chains.rekor", "chains.kube", "chains.config", "chains.formats", "chains.wiring"}


def test_each_caption_is_its_commands_first_line() -> None:
    found = {name: importlib.import_module(module).command for name, module in COMMANDS.items()}
    shown = {name: command.get_short_help_str(200) for name, command in found.items() if not command.hidden}
    assert shown == CAPTIONS, "chains/cli/captions.py has what `chains --help` shows"
