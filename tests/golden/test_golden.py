"""Payloads equal to those that a real Tekton Chains controller produced, under six configurations."""

import base64
import binascii
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chains.config.config import read_config
from chains.pipeline.plan import plan_run
from chains.runs.run import Run, parse_run

CASES = sorted(Path(__file__).parent.glob("*/*.json"))
# Lists whose order Tekton Chains leaves to chance.
UNORDERED = {"subject", "materials", "resolvedDependencies", "byproducts"}
# Where we read what Tekton Chains cannot: docs/compatibility.md says how and why.
DIFFERENT = {"image-id-forms", "url-with-digest", "docker-scheme", "url-with-scheme"}
# What a child run carries only after it was signed; its own signature cannot be made again.
CHANGING = {"annotations", "finalizers", "generation", "managedFields", "resourceVersion"}


def normal(value: Any) -> Any:
    """A payload with chance-ordered lists sorted, and the child runs inside it without what signing left on them."""
    if isinstance(value, dict):
        return {name: in_order(name, normal(whole_run(name, item))) for name, item in value.items()}
    return [normal(item) for item in value] if isinstance(value, list) else value


def in_order(name: str, value: Any) -> Any:
    return (
        sorted(value, key=lambda item: msgspec.json.encode(item, order="sorted"))
        if name in UNORDERED and value
        else value
    )


def whole_run(name: str, value: Any) -> Any:
    if name != "content" or not isinstance(value, str):
        return value
    try:
        found = msgspec.json.decode(base64.b64decode(value, validate=True))
    except (binascii.Error, msgspec.DecodeError):
        return value
    if not isinstance(found, dict) or "metadata" not in found:
        return value
    metadata = {key: item for key, item in found["metadata"].items() if key not in CHANGING}
    return {"metadata": metadata, "spec": found["spec"], "status": found["status"]}


def planned(case: dict[str, Any]) -> dict[str, list[Any]]:
    config = read_config(case["config"]).config
    runs = [parse_run(msgspec.json.encode(found)) for found in case["objects"]]
    return {
        str(run): [msgspec.json.decode(r.payload.body) for r in plan_run(run, config, of(run, runs)).requests]
        for run in runs
    }


def of(run: Run, runs: list[Run]) -> list[Run]:
    known = {found.name: found for found in runs if found.kind == "TaskRun"}
    return [known[child.name] for child in run.children if child.name in known]


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_payloads_are_those_of_tekton_chains(path: Path) -> None:
    case = msgspec.json.decode(path.read_bytes())
    have = planned(case)
    if path.stem in DIFFERENT:
        assert all(have[run] for run in case["expected"])
        return
    for run, expected in case["expected"].items():
        wanted = [normal(payload) for payload in expected["payloads"].values()]
        found = [normal(payload) for payload in have[run]]
        # Tekton Chains keeps one claim for each digest; the same digest may have several names here.
        digests = [claim["critical"]["image"] for claim in wanted if "critical" in claim]
        found = [p for p in found if p in wanted or "critical" not in p or p["critical"]["image"] not in digests]
        assert in_order("subject", found) == in_order("subject", wanted)


def test_all_recorded_cases_are_here() -> None:
    assert len(CASES) == 6 * 85
