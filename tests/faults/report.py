"""The table: every fault, how often it was tried, what was found, and how long recovery took."""

import os
import platform
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime

from tests.faults.controller_process import ROOT
from tests.faults.survival import Outcome

_LEAD = """# Reliability

What `make faults` found when it let each fault happen to the real controller process, with an embedded Kubernetes API,
registry and transparency log. An independent checker then read all runs, tags, manifests and blobs over plain HTTP, and
what is in the log, and counted:

- **lost**: a run that has vanished, was given up, or is marked signed without every signature and attestation in the
  registry; a layer of somebody else that is gone; where there is a log, a layer without its entry
- **doubled**: equal layers, one payload signed twice, one run attested twice for one image, an entry too many in
  the log
- **wrong**: a layer that no key of ours has signed, a digest nobody built, a config that does not count its layers,
  a mark that came before what it promises, somebody else's data reordered, a forbidden connection, a secret told,
  an entry that the log does not have
- **stuck**: a run that never settled, or could not be deleted

*Tries* is how often the fault struck; *recovery* is the longest time in seconds from the end of the fault until
everything was settled.
"""


def table(outcomes: Mapping[str, Outcome], seconds: float) -> str:
    """Return the document."""
    lines = [_LEAD, _measured_on(seconds), "", "| fault | tries | lost | doubled | wrong | stuck | recovery |"]
    lines.append("|---|---:|---:|---:|---:|---:|---:|")
    for name, found in outcomes.items():
        counts = " | ".join(map(str, found.findings.counts))
        lines.append(f"| {name} | {found.tries} | {counts} | {found.recovery:.1f} |")
    totals = [sum(column) for column in zip(*(found.findings.counts for found in outcomes.values()), strict=True)]
    tries = sum(found.tries for found in outcomes.values())
    lines.append(f"| **all** | **{tries}** | {' | '.join(f'**{total}**' for total in totals)} | |")
    return "\n".join(lines) + "\n"


def sentences(outcomes: Mapping[str, Outcome]) -> list[str]:
    """Return what was found, one sentence a line."""
    return [
        f"{name}: {kind}: {sentence}"
        for name, found in outcomes.items()
        for kind in ("lost", "doubled", "wrong", "stuck")
        for sentence in getattr(found.findings, kind)
    ]


def _measured_on(seconds: float) -> str:
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"
    today = datetime.now(UTC).date().isoformat()
    return f"Measured on {today} on {machine}, at commit {_commit()}, in {seconds / 60:.0f} minutes."


def _commit() -> str:
    command = ("git", "-C", str(ROOT), "rev-parse", "--short", "HEAD")
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    return found.stdout.strip() or "unknown"
