"""The table and the plot of what was measured."""

import os
import platform
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tests.bench.plot import plot
from tests.bench.scenarios import Figures
from tests.bench.stages import ROOT

_HEAD = """# Performance

What `make bench` measured: the service as a process of its own, the servers in others, all on one machine. Every run
is a TaskRun of about 8 KB that built one image; its attestation and the image's signature are stored and read back.

*Floor* is what one client reaches that sends the fewest requests any signer needs for such a run, and does nothing
else. Latency is from the first sight of a finished run in a watch to its mark in the same watch.
"""
_COLUMNS = (
    "measurement | runs/s | CPU ms/run | peak MiB | registry requests/run | API requests/run | p50 s | p99 s | ready s"
)


@dataclass(frozen=True)
class Row:
    """One measurement."""

    name: str
    figures: Figures


@dataclass
class Report:
    """Everything that was measured; the floor as runs/s and CPU milliseconds, each before and after the service."""

    glances: dict[str, float]
    rows: list[Row] = field(default_factory=list)
    floor: tuple[tuple[float, float], tuple[float, float]] | None = None
    curve: list[tuple[int, float, float]] = field(default_factory=list)
    crowd: tuple[int, float, float] | None = None

    def add(self, row: Row) -> None:
        """Note one measurement."""
        self.rows.append(row)

    def text(self) -> str:
        """Return the document."""
        count = _COLUMNS.count("|")
        lines = [_HEAD, _measured_on(), "", f"| {_COLUMNS} |", "|---|" + "---:|" * count]
        lines += [_line(row) for row in self.rows]
        lines += ["", *self._floor_lines(), *self._other_lines(), "", "![runs/s and memory](performance.svg)"]
        return "\n".join(lines) + "\n"

    def _floor_lines(self) -> list[str]:
        if self.floor is None:
            return []
        (before, after), (cpu, _) = self.floor
        mean = (before + after) / 2
        share = self.rows[0].figures.runs_per_second / mean
        return [
            f"Floor on the real servers: {before:.1f} runs/s before and {after:.1f} after the service was measured, "
            f"{cpu:.1f} ms CPU a run in the client. The service reaches **{100 * share:.0f} %** of their mean.",
            "",
        ]

    def _other_lines(self) -> list[str]:
        events = ", ".join(f"{cost:.1f} µs for a run that is {state}" for state, cost in self.glances.items())
        lines = [f"An event that needs no work costs {events}."]
        if self.crowd is not None:
            there, requests, milliseconds = self.crowd
            lines.append(
                f"One more attestation of a digest that has {there} costs {requests:.0f} registry requests and took "
                f"{milliseconds:.0f} ms: the manifest and the config that count every layer are read and written whole."
            )
        return lines


def write(report: Report, folder: Path) -> None:
    """Write the document and its plot into a folder."""
    (folder / "performance.md").write_text(report.text())
    (folder / "performance.svg").write_text(plot(report.curve))


def _line(row: Row) -> str:
    found = row.figures
    cells = [
        row.name,
        f"{found.runs_per_second:.1f}",
        f"{found.cpu_ms:.2f}",
        f"{found.peak_mib:.0f}",
        f"{found.registry_requests:.2f}",
        f"{found.api_requests:.2f}",
        *(f"{value:.2f}" if value is not None else "" for value in (found.p50, found.p99, found.ready)),
    ]
    return f"| {' | '.join(cells)} |"


def _measured_on() -> str:
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"
    command = ("git", "-C", str(ROOT), "rev-parse", "--short", "HEAD")
    commit = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip() or "unknown"
    return f"Measured on {datetime.now(UTC).date().isoformat()} on {machine}, at commit {commit}."
