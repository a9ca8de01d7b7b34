"""The log of the service, as a pod writes it."""

import json
import subprocess
import sys

from tests.cli.command import ROOT

SAY = """
import structlog
from chains.cli.logs import log_to_stderr
log_to_stderr("info")
log = structlog.get_logger()
log.debug("too quiet")
log.info("signed", run="TaskRun builds/a", why=None)
try:
    password = "h" + "unter2"
    raise ValueError("broken")
except ValueError:
    log.exception("fault")
"""


def test_a_line_is_one_object_that_begins_with_when_how_bad_and_what() -> None:
    said = subprocess.run(
        [sys.executable, "-c", SAY], capture_output=True, text=True, timeout=60, check=True, cwd=ROOT
    ).stderr
    signed, fault = (json.loads(line) for line in said.splitlines())
    assert list(signed) == ["timestamp", "level", "event", "run"]
    assert (signed["level"], signed["event"], signed["run"]) == ("info", "signed", "TaskRun builds/a")
    assert fault["exception"][0]["exc_value"] == "broken"
    assert "hunter2" not in said
