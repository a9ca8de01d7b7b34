"""What a check of `chains doctor` found, and how it is printed."""

from dataclasses import dataclass
from enum import Enum

import click

from chains.cli.terminal import printable


class Verdict(Enum):
    """Whether what was looked at is as it must be; `UNKNOWN` is what could not be looked at."""

    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what was looked at, how it is, why, and what helps."""

    check: str
    verdict: Verdict
    why: str
    helps: str = ""


_SIGNS = {Verdict.GOOD: "ok", Verdict.WARNING: "WARN", Verdict.BAD: "BAD", Verdict.UNKNOWN: "?"}


def print_findings(findings: list[Finding]) -> None:
    """Print one row a check, and below it what helps."""
    width = max(len(found.check) for found in findings)
    for found in findings:
        click.echo(f"{_SIGNS[found.verdict]:<5} {found.check:<{width}}  {printable(' '.join(found.why.split()))}")
        if found.helps:
            click.echo(f"{'':<5} {'':<{width}}  helps: {printable(found.helps)}")


def rows(findings: list[Finding]) -> list[dict[str, str]]:
    """Return the findings for JSON."""
    return [
        {"check": each.check, "verdict": each.verdict.value, "why": each.why, "helps": each.helps} for each in findings
    ]
