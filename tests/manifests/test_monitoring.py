"""The alerts and the dashboard ask for what the controller tells, and every alert has its entry in the runbook."""

import re

import pytest
import yaml

from chains.controller.metric_table import METRICS
from tests.manifests.builders import ROOT, documents, manifest, pod
from tests.manifests.monitoring import (
    MONITORING,
    OF_REPLICAS,
    OF_THE_TARGET,
    alerts,
    dashboard,
    grouped,
    queries,
    selected,
)

EXPRESSIONS = [*queries(), *(alert["expr"] for alert in alerts())]


def labels_by_series() -> dict[str, set[str]]:
    """Every series that a scrape has, with its labels."""
    found = {"process_resident_memory_bytes": set(), "process_cpu_seconds_total": set(), **OF_REPLICAS}
    for row in METRICS:
        if row.type == "histogram":
            found |= {f"{row.name}_{part}": {*row.labels, "le"} for part in ("bucket", "count", "sum")}
        else:
            found[row.name] = set(row.labels)
    return found


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_every_expression_asks_for_series_and_labels_that_are_told(expression) -> None:
    told = labels_by_series()
    asked = selected(expression)
    assert asked
    for name, matched in asked.items():
        assert matched <= told[name] | OF_THE_TARGET
    assert grouped(expression) <= OF_THE_TARGET.union(*(told[name] for name in asked))


def test_every_metric_but_few_is_on_the_dashboard_or_alerted_on() -> None:
    asked = {name for expression in EXPRESSIONS for name in selected(expression)}
    told = {f"{row.name}_bucket" if row.type == "histogram" else row.name for row in METRICS}
    assert {name for name in told - asked if name.startswith("chains_")} == {
        "chains_build_info",
        "chains_events_dropped_total",  # nothing that is signed depends on them
    }


def test_every_panel_has_a_place_a_title_and_a_sentence() -> None:
    panels = dashboard()["panels"]
    assert len(panels) >= 12
    places = {(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels}
    assert len(places) == len(panels) == len({panel["id"] for panel in panels})
    assert all(panel["title"] and panel["description"].endswith(".") and panel["targets"] for panel in panels)


def test_the_operators_rules_are_those_of_the_rules_file() -> None:
    (rule,) = documents(MONITORING / "prometheus-rule.yaml")
    assert rule["spec"] == yaml.safe_load((MONITORING / "rules.yaml").read_text())


def test_the_pod_monitor_finds_the_pod_and_its_port() -> None:
    (monitor,) = documents(MONITORING / "pod-monitor.yaml")
    labels = {**pod()["metadata"]["labels"]}
    assert monitor["spec"]["selector"]["matchLabels"].items() <= labels.items()
    (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
    (container,) = manifest("Deployment", "tekton-chains-controller")["spec"]["template"]["spec"]["containers"]
    assert endpoint["port"] in {port["name"] for port in container["ports"]}


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: alert["alert"])
def test_every_alert_has_a_severity_a_sentence_and_an_entry_in_the_runbook(alert) -> None:
    assert alert["labels"]["severity"] in ("critical", "warning", "info")
    assert alert["annotations"]["description"].endswith(".")
    page, _, anchor = alert["annotations"]["runbook"].partition("#")
    headings = re.findall(r"^#+ (.+)$", (ROOT / page).read_text(), re.MULTILINE)
    assert anchor in {heading.lower().replace(" ", "-") for heading in headings}
