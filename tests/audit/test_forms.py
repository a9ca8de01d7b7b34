"""SARIF, JUnit, JSON and the table: well-formed, complete, and safe with hostile text."""

import json
from xml.etree import ElementTree

import pytest

from chains.audit.document import as_json, as_lines
from chains.audit.junit import as_junit
from chains.audit.sarif import as_sarif
from chains.audit.table import Look, as_table
from chains.audit.text import printable
from chains.audit.verdict import BAD, NEUTRAL, Verdict
from tests.audit.builders import IMAGE, XSS, entry, report

EVERYTHING = report(*(entry(verdict) for verdict in Verdict))
KINDS = {"pass", "open", "informational", "notApplicable", "review", "fail"}
LEVELS = {"none", "note", "warning", "error"}


def test_sarif_has_the_structure_of_2_1_0() -> None:
    log = json.loads(as_sarif(EVERYTHING))
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-2.1.0.json")
    [run] = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert run["tool"]["driver"]["name"] == "chains"
    assert len({rule["id"] for rule in rules}) == len(rules) == len(Verdict)
    assert all(rule["shortDescription"]["text"] and rule["fullDescription"]["text"] for rule in rules)
    assert len(run["results"]) == len(EVERYTHING.entries)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"]
        # 3.27.10: where the kind is anything but "fail", the level is "none".
        assert result["kind"] in KINDS
        assert result["level"] in LEVELS
        assert result["kind"] == "fail" or result["level"] == "none"
        [location] = result["locations"]
        assert location["physicalLocation"]["artifactLocation"]["uri"] == f"oci:{IMAGE}"
        assert location["logicalLocations"][1]["fullyQualifiedName"] == "builds/TaskRun/build"
    assert run["invocations"][0]["executionSuccessful"] is False
    assert run["invocations"][0]["endTimeUtc"] == "2026-05-01T08:00:00Z"


def test_junit_counts_what_it_holds() -> None:
    root = ElementTree.fromstring(as_junit(EVERYTHING))
    [suite] = root
    cases = suite.findall("testcase")
    counted = {name: len(suite.findall(f"testcase/{name}")) for name in ("failure", "error", "skipped")}
    assert counted == {"failure": len(BAD), "error": 1, "skipped": len(NEUTRAL)}
    for element in (root, suite):
        assert element.attrib["tests"] == str(len(cases)) == str(len(Verdict))
        assert element.attrib["failures"] == str(counted["failure"])
        assert element.attrib["errors"] == str(counted["error"])
        assert element.attrib["skipped"] == str(counted["skipped"])
    assert suite.attrib["timestamp"] == "2026-05-01T08:00:00"
    assert {case.attrib["classname"] for case in cases} == {"builds.TaskRun.build"}


def test_json_lines_are_the_entries_of_the_document() -> None:
    document = json.loads(as_json(EVERYTHING))
    assert [json.loads(line) for line in as_lines(EVERYTHING).splitlines()] == document["entries"]
    assert document["schema"] == 1
    assert document["good"] is False
    assert sum(document["counts"].values()) == len(document["entries"])
    assert document["entries"][0]["attestations"][0]["build"]["tasks"][0]["steps"][0]["image"]


@pytest.mark.parametrize("text", XSS)
def test_hostile_text_breaks_no_form(text: str) -> None:
    hostile = report(entry(Verdict.REFUSED, text), text=text)
    [case] = ElementTree.fromstring(as_junit(hostile)).iter("testcase")
    assert case.attrib["name"] == printable(text)
    assert printable(text) in json.loads(as_sarif(hostile))["runs"][0]["results"][0]["message"]["text"]
    assert json.loads(as_lines(hostile))["name"] == text.encode("utf-8", "replace").decode()
    table = as_table(hostile, Look())
    assert all(sign.isprintable() or sign == "\n" for sign in table)
    assert printable(text).split()[0] in table


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_the_table_fits_the_terminal(width: int) -> None:
    table = as_table(EVERYTHING, Look(width))
    widest = max(len(verdict) for verdict in Verdict)
    rows = [line for line in table.splitlines() if line.startswith(tuple(Verdict))]
    assert len(rows) == len(Verdict)
    assert max(map(len, rows)) <= max(width, widest + 2 + 24)


def test_colours_are_for_those_who_ask() -> None:
    assert "\x1b" not in as_table(EVERYTHING, Look(80))
    assert as_table(EVERYTHING, Look(80, colours=True)).count("\x1b[31m") == len(BAD)
