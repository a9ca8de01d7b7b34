"""Running the command line as a user does."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def chains(
    *arguments: str | Path, stdin: str = "", env: Mapping[str, str] | None = None, cwd: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    """Run `chains` with the arguments and return what it printed and its exit code."""
    return subprocess.run(
        [sys.executable, "-m", "chains", *map(str, arguments)],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=cwd,
        env={**os.environ, "NO_COLOR": "1", "PYTHONPATH": str(ROOT), **(env or {})},
    )


def refused(result: subprocess.CompletedProcess[str]) -> str:
    """Return the one sentence of a refusal; fail when it was none, or a traceback."""
    assert result.returncode != 0, result.stdout
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    sentence, _, again = result.stderr.strip().partition("\nerror during command execution: ")
    assert sentence.startswith(("chains: ", "Error: ")), sentence
    assert again in ("", sentence.removeprefix("Error: "))  # the auditor's commands refuse as cosign does
    assert "\n" not in sentence
    return sentence
