"""What a scrape tells, read by Prometheus' own parser."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from chains.config.config import read_config
from chains.controller.host_errors import MOST_HOSTS, HostErrors
from chains.controller.leader_metrics import LeaderMetrics
from chains.controller.live_metrics import Readings
from chains.controller.metric_table import METRICS, write_metrics_reference
from chains.controller.metrics import Metrics
from chains.controller.queue import Lane, RunQueue
from chains.controller.shares import Shares
from chains.controller.stages import STAGES, Stages, timed
from chains.controller.turn import End, Turn
from chains.pipeline.parts import Parts, Transparency
from chains.runs.sighting import ConfigSighting, RunKey
from tests.builders import image_results, taskrun_object
from tests.controller.fakes import FakeCluster, FakeStore, denial, outage
from tests.controller.test_service import SETTINGS, OneStore, running, until

ROOT = Path(__file__).parents[2]


def scraped(metrics: Metrics) -> Mapping[str, float]:
    """Every sample by its name and labels, as `name{label=value}`."""
    found = {}
    for family in text_string_to_metric_families(metrics.text().decode()):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


class Idle:
    """A service that has a queue and nothing else."""

    def __init__(self, *troubles: str) -> None:
        self.queue = RunQueue()
        self._troubles = troubles

    def unready(self) -> tuple[str, ...]:
        return self._troubles


def key(name: str, namespace: str = "builds") -> RunKey:
    return RunKey("TaskRun", namespace, name, name)


async def test_a_signed_run_counts_under_the_names_of_tekton_chains() -> None:
    cluster, metrics = FakeCluster(SETTINGS), Metrics()
    cluster.put(taskrun_object(results=image_results()))
    async with running(cluster, FakeStore(outage()), metrics=metrics) as (_, turns):
        await until(turns, End.SIGNED)
    found = scraped(metrics)
    assert found["watcher_taskrun_sign_created_total"] == 2
    assert found["watcher_taskrun_payload_stored_total"] == 2
    assert found["watcher_taskrun_payload_uploaded_total"] == 0
    assert found["watcher_taskrun_marked_signed_total"] == 1
    assert found["watcher_pipelinerun_marked_signed_total"] == 0
    assert found["watcher_taskrun_signing_failures_total{error_type=storage}"] == 1
    assert found["chains_turns_total{end=signed,kind=TaskRun}"] == 1
    assert found["chains_turns_total{end=retry,kind=TaskRun}"] == 1
    assert found["chains_settled_after_seconds_count{kind=TaskRun}"] == 1
    assert found["chains_oldest_unsigned_seconds"] == 0


async def test_a_run_that_is_given_up_is_not_counted_as_signed() -> None:
    cluster, metrics = FakeCluster(SETTINGS), Metrics()
    cluster.put(taskrun_object(results=image_results()))
    async with running(cluster, FakeStore(denial(), denial()), metrics=metrics) as (_, turns):
        await until(turns, End.FAILED)
    found = scraped(metrics)
    assert found["watcher_taskrun_marked_signed_total"] == 0
    assert found["watcher_taskrun_signing_failures_total{error_type=storage}"] == 2


async def test_a_run_that_cannot_be_read_counts_as_payload_creation() -> None:
    metrics = Metrics()
    metrics.note(Turn(key("a"), End.FAILED, "status.startTime is no time"))
    assert scraped(metrics)["watcher_taskrun_signing_failures_total{error_type=payload_creation}"] == 1


async def test_the_queue_shows_its_depth_and_age_by_lane() -> None:
    metrics, service = Metrics(), Idle()
    metrics.follow(service)
    queue = service.queue
    for number in range(3):
        queue.add(key(f"old-{number}", f"team-{number}"), Lane.BACKLOG)
    queue.add(key("live"), Lane.LIVE)
    assert await queue.take() == key("live")
    queue.add_later(key("again"), 60.0)
    found = scraped(metrics)
    assert found["chains_queue_depth{lane=backlog}"] == 3
    assert found["chains_queue_depth{lane=live}"] == 0
    assert found["chains_queue_depth{lane=later}"] == 1
    assert found["chains_in_flight"] == 1
    assert found["chains_queue_age_seconds{lane=live}"] == 0
    assert 0 < found["chains_queue_age_seconds{lane=backlog}"] <= found["chains_oldest_unsigned_seconds"]
    assert found["chains_ready"] == 1


async def test_what_needs_no_work_any_more_is_not_the_oldest() -> None:
    queue = RunQueue()
    queue.add(key("a"), Lane.LIVE)
    assert await queue.take() == key("a")
    queue.release(key("a"))
    assert queue.waited(key("a")) is not None
    queue.forget(key("a"))
    assert (queue.waited(key("a")), queue.oldest()) == (None, 0)
    queue.add(key("a"), Lane.LIVE)
    queue.forget(key("a"))
    assert queue.waited(key("a")) is not None, "it is queued again"


async def test_a_refused_configuration_shows() -> None:
    cluster, metrics = FakeCluster(SETTINGS), Metrics()
    async with running(cluster, OneStore(FakeStore()), metrics=metrics) as (service, _):
        while service.unready():
            await asyncio.sleep(0)
        assert (scraped(metrics)["chains_config_valid"], scraped(metrics)["chains_ready"]) == (1, 1)
        cluster.settings.put_nowait(ConfigSighting({"artifacts.taskrun.format": "cobol"}))
        while scraped(metrics)["chains_config_valid"]:
            await asyncio.sleep(0)
        assert scraped(metrics)["chains_ready"] == 1, "the last good one is in force"


async def test_hosts_in_trouble_show_and_hostile_ones_do_not_flood() -> None:
    circuits = {"https://registry.example.com": "open"} | {f"https://h{n}.example.com": "closed" for n in range(1000)}
    metrics = Metrics(Readings(lambda: circuits))
    metrics.follow(Idle("no key"))
    found = scraped(metrics)
    assert found["chains_host_circuit{host=https://registry.example.com,state=open}"] == 1
    assert sum(name.startswith("chains_host_circuit") for name in found) == MOST_HOSTS
    assert found["chains_ready"] == 0


async def test_what_is_scraped_is_what_the_table_and_the_reference_say() -> None:
    errors = HostErrors()
    errors.note("log", "rekor.example.com", None)
    metrics = Metrics(Readings(lambda: {"https://r.example.com": "open"}, lambda: "SHA256:abc", errors, "1.2.3"))
    metrics.follow(Idle())
    metrics.registry.register(LeaderMetrics(Shares()))
    found = {family.name: family for family in text_string_to_metric_families(metrics.text().decode())}
    for row in METRICS:
        family = found.pop(row.name.removesuffix("_total"))
        assert (family.type, family.documentation) == (row.type, row.meaning)
        for sample in family.samples:
            assert set(sample.labels) - {"le"} == set(row.labels), row.name
    assert all(name.startswith("process_") or name.endswith("_created") for name in found)
    assert (ROOT / "docs" / "metrics.md").read_text() == write_metrics_reference(), "run make docs"


async def test_every_stage_of_a_signed_run_is_timed() -> None:
    cluster, metrics = FakeCluster(SETTINGS), Metrics()
    cluster.put(taskrun_object(results=image_results()))
    async with running(cluster, FakeStore(), metrics=metrics) as (_, turns):
        await until(turns, End.SIGNED)
    found = scraped(metrics)
    counts = {stage: found[f"chains_stage_seconds_count{{stage={stage}}}"] for stage in STAGES}
    assert counts == {"fetch": 1, "plan": 1, "sign": 2, "log": 0, "store": 2, "mark": 1}


async def test_a_log_is_timed_as_the_stores_are() -> None:
    class Log:
        async def upload(self, signed: object) -> object:
            return signed

    seconds: list[str] = []
    parts = Parts(read_config({}).config, {}, {}, transparency=Transparency(Log(), deferred=True))
    log = timed(parts, Stages(lambda stage, _: seconds.append(stage))).transparency
    assert log is not None and log.deferred
    assert await log.log.upload("payload") == "payload"
    assert seconds == ["log"]


async def test_what_became_of_runs_is_counted_by_reason() -> None:
    cluster, metrics = FakeCluster(SETTINGS), Metrics()
    cluster.put(taskrun_object("bad", uid="1", results=image_results()))
    async with running(cluster, FakeStore(denial(), denial()), metrics=metrics) as (_, turns):
        await until(turns, End.FAILED)
        cluster.put(taskrun_object("good", uid="2", results=image_results()))
        await until(turns, End.SIGNED)
    metrics.note(Turn(key("idle"), End.NOTHING_TO_SIGN))
    found = {name: value for name, value in scraped(metrics).items() if name.startswith("chains_runs_total") and value}
    assert found == {
        "chains_runs_total{kind=TaskRun,outcome=failed,reason=storage}": 1,
        "chains_runs_total{kind=TaskRun,outcome=signed,reason=stored}": 1,
        "chains_runs_total{kind=TaskRun,outcome=skipped,reason=nothing_to_sign}": 1,
    }


async def test_failed_requests_count_by_host_and_class_and_hostile_hosts_as_one() -> None:
    errors = HostErrors()
    metrics = Metrics(Readings(errors=errors))
    metrics.follow(Idle())
    for status in (None, 429, 403, 400, 503, 500):
        errors.note("registry", "https://registry.example.com", status)
    for number in range(1000):
        errors.note("registry", f"https://h{number}.example.com", None)
    errors.note("log", "rekor.example.com", 502)
    errors.note("registry", "https://registry.example.com", 429)
    found = {name: value for name, value in scraped(metrics).items() if name.startswith("chains_host_errors_total")}
    known = "system=registry"
    ours = {name: value for name, value in found.items() if "host=https://registry" in name}
    classes = {"unreachable": 1, "throttled": 2, "denied": 1, "refused": 1, "failed": 2}
    lead = "chains_host_errors_total{class="
    assert ours == {f"{lead}{c},host=https://registry.example.com,{known}}}": n for c, n in classes.items()}
    assert found[f"{lead}unreachable,host=other,{known}}}"] == 1000 - MOST_HOSTS + 1
    assert found[f"{lead}failed,host=rekor.example.com,system=log}}"] == 1
    assert len(found) == len(classes) + MOST_HOSTS - 1 + 1 + 1


async def test_the_key_in_force_shows_and_its_absence_too() -> None:
    key_ids = ["SHA256:abc"]
    metrics = Metrics(Readings(key_id=lambda: key_ids[0], version="1.2.3"))
    metrics.follow(Idle())
    loaded = scraped(metrics)
    assert loaded["chains_key_info{key_id=SHA256:abc}"] == loaded["chains_key_loaded"] == 1
    assert loaded["chains_build_info{version=1.2.3}"] == 1
    key_ids[0] = ""
    gone = scraped(metrics)
    assert gone["chains_key_loaded"] == 0
    assert not any(name.startswith("chains_key_info") for name in gone)
