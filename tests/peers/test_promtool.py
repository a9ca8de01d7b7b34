"""Prometheus' own tool judges the scrape of a real controller, the alert rules and the dashboard's queries."""

import shutil
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.controller.alone import alone
from tests.manifests.monitoring import MONITORING, OF_REPLICAS, alerts, queries, selected
from tests.peers.programs import run

pytestmark = pytest.mark.peers
TESTS = Path(__file__).with_name("rules_test.yaml")


async def test_the_scrape_of_a_real_controller_is_well_formed_and_has_what_is_asked_for(tmp_path: Path) -> None:
    async with alone(tmp_path) as (_, session), session.get("/metrics") as answer:
        scrape = await answer.read()
    checked = await run("promtool", "check", "metrics", home=tmp_path, feed=scrape)
    assert (checked.succeeded, checked.out, checked.err) == (True, b"", ""), checked
    told = {sample.name for family in text_string_to_metric_families(scrape.decode()) for sample in family.samples}
    asked = {name for query in (*queries(), *(alert["expr"] for alert in alerts())) for name in selected(query)}
    # These have no series before a key is loaded, a registry fails, and replicas share the runs.
    assert asked - told <= {"chains_key_info", "chains_host_circuit", *OF_REPLICAS}


async def test_the_alerts_fire_when_they_should_and_only_then(tmp_path: Path) -> None:
    checked = await run("promtool", "check", "rules", MONITORING / "rules.yaml", home=tmp_path)
    assert checked.succeeded, checked
    tested = await run("promtool", "test", "rules", TESTS, home=tmp_path)
    assert tested.succeeded, tested


async def test_every_alert_is_seen_to_fire_and_to_stay_quiet() -> None:
    fires, quiet = set(), set()
    for test in yaml.safe_load(TESTS.read_text())["tests"]:
        for expected in test["alert_rule_test"]:
            (fires if expected["exp_alerts"] else quiet).add(expected["alertname"])
    assert fires == quiet == {alert["alert"] for alert in alerts()}


async def test_an_alert_that_comes_too_late_is_noticed(tmp_path: Path) -> None:
    folder = tmp_path / "config" / "monitoring"
    folder.mkdir(parents=True)
    (tmp_path / "tests" / "peers").mkdir(parents=True)
    shutil.copy(TESTS, tmp_path / "tests" / "peers")
    rules = (MONITORING / "rules.yaml").read_text()
    (folder / "rules.yaml").write_text(rules.replace("> 600", "> 6000"))
    tested = await run("promtool", "test", "rules", tmp_path / "tests" / "peers" / TESTS.name, home=tmp_path)
    assert not tested.succeeded
    assert "ChainsOldestUnsigned" in tested.out.decode() + tested.err


async def test_every_query_of_the_dashboard_is_promql(tmp_path: Path) -> None:
    rules = [{"record": f"panel:{number}", "expr": query} for number, query in enumerate(queries())]
    (tmp_path / "queries.yaml").write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    checked = await run("promtool", "check", "rules", "queries.yaml", home=tmp_path)
    assert checked.succeeded, checked
    assert f"{len(rules)} rules found" in checked.out.decode() + checked.err
