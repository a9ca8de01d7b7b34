"""What SIGTERM does to a command, also where nothing else would listen to it."""

import os
import subprocess
import sys
from pathlib import Path

from chains.cli.main import TERMINATED


def test_a_command_that_is_asked_to_end_ends_with_the_status_of_sigterm(tmp_path: Path) -> None:
    settings = tmp_path / "settings.yaml"
    os.mkfifo(settings)
    command = [sys.executable, "-m", "chains", "config", "check", str(settings)]
    # Opening waits until the command reads.
    with subprocess.Popen(command) as process, settings.open("w"):
        process.terminate()
        assert process.wait(30) == TERMINATED
