"""The alert rules and the dashboard in `config/monitoring/`, and what their expressions ask for."""

import json
import re
from typing import Any

import yaml

from tests.manifests.builders import CONFIG

MONITORING = CONFIG / "monitoring"
# Prometheus adds these to whatever it scrapes from a pod.
OF_THE_TARGET = {"namespace", "pod"}
# What a controller tells besides where replicas share the runs through Leases.
OF_REPLICAS = {"chains_leader": {"bucket"}, "chains_leader_transitions_total": {"bucket", "change"}}
_VARIABLES = {"$namespace": ".*", "$__rate_interval": "5m"}
_SELECTOR = re.compile(r"\b((?:chains|watcher|process)_\w+)(?:\{([^}]*)\})?")
_LABELS = re.compile(r"\b(?:by|on) \(([^)]*)\)")


def alerts() -> list[dict[str, Any]]:
    """Every alert rule."""
    (group,) = yaml.safe_load((MONITORING / "rules.yaml").read_text())["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


def dashboard() -> dict[str, Any]:
    """The dashboard as Grafana reads it."""
    found: dict[str, Any] = json.loads((MONITORING / "dashboard.json").read_text())
    return found


def queries() -> list[str]:
    """Every query of the dashboard as Prometheus gets it, its variables filled in."""
    found = [target["expr"] for panel in dashboard()["panels"] for target in panel["targets"]]
    for name, value in _VARIABLES.items():
        found = [query.replace(name, value) for query in found]
    return found


def selected(expression: str) -> dict[str, set[str]]:
    """Return the metrics that an expression reads, each with the labels that it is selected by."""
    found: dict[str, set[str]] = {}
    for name, matchers in _SELECTOR.findall(expression):
        found.setdefault(name, set()).update(re.findall(r"(\w+)\s*=", matchers))
    return found


def grouped(expression: str) -> set[str]:
    """Return the labels that an expression groups or matches by."""
    return {label.strip() for labels in _LABELS.findall(expression) for label in labels.split(",")}
