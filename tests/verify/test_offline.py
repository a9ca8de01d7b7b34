"""With files and folders alone, `--offline` opens no socket at all: an audit hook ends the command that tries."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.verify.recordings import WORKDIR, recorded_registry

ROOT = Path(__file__).resolve().parents[2]
GUARD = """
import asyncio
import os
import sys

OUTSIDE = (2, 10)  # AF_INET and AF_INET6


def guard(event, arguments):
    asked = event in ("socket.connect", "socket.bind", "socket.getaddrinfo", "socket.gethostbyname")
    if asked or (event == "socket.__new__" and arguments[1] in OUTSIDE):
        print("GUARDED", event, file=sys.stderr)
        sys.stderr.flush()
        os._exit(99)


sys.modules["uvloop"] = asyncio  # its loop asks the system for names and sockets where no hook sees it
sys.addaudithook(guard)
from chains.cli.main import main

main()
"""
LOGS = {"SIGSTORE_REKOR_PUBLIC_KEY": "kx/rekor.pub"}
IGNORED = "--insecure-ignore-tlog"
SLSA = ("--type", "slsaprovenance")


def guarded(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run `chains` so that the first socket to anywhere ends it with 99."""
    return subprocess.run(
        (sys.executable, "-c", GUARD, *arguments),
        cwd=WORKDIR,
        env={"PYTHONPATH": str(ROOT), **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("arguments", "env", "code"),
    [
        (("verify", IGNORED, "--key", "k25/cosign.pub", "save25"), {}, 0),
        (("verify", IGNORED, "--key", "env://KEY", "save25"), {"KEY": (WORKDIR / "k25/cosign.pub").read_text()}, 0),
        (("verify-attestation", IGNORED, *SLSA, "--key", "k25/cosign.pub", "save25"), {}, 0),
        (("verify-attestation", IGNORED, *SLSA, "--key", "k31/cosign.pub", "saveb31"), {}, 0),
        # No entry stands beside these: online, the log would be asked.
        (("verify", "--key", "k25/cosign.pub", "save25"), LOGS, 12),
        (("verify", "--trusted-root", "tr-ok.json", "--key", "k25/cosign.pub", "save25"), {}, 12),
        (("verify", IGNORED, "--key", "https://example.com/cosign.pub", "save25"), {}, 1),
        (("verify", IGNORED, "--key", "k8s://tekton-chains/signing-secrets", "save25"), {}, 1),
    ],
)
def test_nothing_is_connected(arguments: tuple[str, ...], env: dict[str, str], code: int) -> None:
    ended = guarded(arguments[0], "--local-image", "--offline", *arguments[1:], **env)
    assert ended.returncode == code, ended.stderr


def test_the_guard_ends_a_command_that_does_connect() -> None:
    with recorded_registry("c25/app") as registry:
        ended = guarded("verify", IGNORED, "--key", "k25/cosign.pub", f"{registry.address}/c25/app:v1")
    assert ended.returncode == 99
    assert "GUARDED" in ended.stderr
    # Without --offline a folder's signature makes the log be asked.
    online = ("--local-image", "--rekor-url", "http://127.0.0.1:9", "--key", "k25/cosign.pub", "save25")
    assert guarded("verify", *online, **LOGS).returncode == 99
