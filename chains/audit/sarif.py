"""The report as SARIF 2.1.0, for whatever collects findings."""

from typing import Any
from urllib.parse import quote

import msgspec

from chains.audit.report import Report, moment_text
from chains.audit.text import printable
from chains.audit.verdict import BAD, MEANINGS, NEUTRAL, Entry, Verdict

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"

Json = dict[str, Any]


def as_sarif(report: Report) -> str:
    """Return the report as one SARIF log: a rule a verdict, a result an entry, those that pass among them."""
    verdicts = list(Verdict)
    run = {
        "tool": {
            "driver": {
                "name": "chains",
                "semanticVersion": report.version,
                "rules": [_rule(verdict) for verdict in verdicts],
            }
        },
        "invocations": [{"executionSuccessful": not report.unknown, "endTimeUtc": moment_text(report.moment)}],
        "results": [_result(entry, verdicts.index(entry.verdict)) for entry in report.entries],
        "columnKind": "unicodeCodePoints",
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return msgspec.json.format(msgspec.json.encode(log), indent=2).decode() + "\n"


def rule_of(verdict: Verdict) -> str:
    """Return the name of a verdict as SARIF's rules have it."""
    return verdict.name.lower()


def _rule(verdict: Verdict) -> Json:
    return {
        "id": rule_of(verdict),
        "name": verdict.name.capitalize(),
        "shortDescription": {"text": str(verdict)},
        "fullDescription": {"text": MEANINGS[verdict]},
        "defaultConfiguration": {"level": _level(verdict)},
    }


def _result(entry: Entry, index: int) -> Json:
    why = "; ".join(entry.why) or MEANINGS[entry.verdict]
    return {
        "ruleId": rule_of(entry.verdict),
        "ruleIndex": index,
        "kind": _kind(entry.verdict),
        "level": _level(entry.verdict),
        "message": {"text": printable(f"{entry.name}: {entry.verdict}: {why}")},
        "locations": [_location(entry)],
    }


def _location(entry: Entry) -> Json:
    named = [{"fullyQualifiedName": printable(entry.name), "kind": "resource"}]
    if entry.run is not None:
        key = entry.run.key
        named.append({"fullyQualifiedName": printable(f"{key.namespace}/{key.kind}/{key.name}"), "kind": "resource"})
    uri = f"oci:{quote(str(entry.image or entry.name), safe='/:@')}"
    return {"physicalLocation": {"artifactLocation": {"uri": uri}}, "logicalLocations": named}


def _kind(verdict: Verdict) -> str:
    if verdict in BAD:
        return "fail"
    if verdict in NEUTRAL:
        return "notApplicable"
    return "pass" if verdict is Verdict.VERIFIED else "open"


def _level(verdict: Verdict) -> str:
    """Return how bad it is; SARIF has `none` for all that is no failure."""
    return "error" if verdict in BAD else "none"
