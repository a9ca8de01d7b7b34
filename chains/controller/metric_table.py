"""The table of every metric: name, type, labels, and what it tells; the scrape and its reference are made from it."""

from dataclasses import dataclass
from typing import Literal

_LATENCIES = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)
_STAGES = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


@dataclass(frozen=True, slots=True)
class MetricRow:
    """One metric; `buckets` are a histogram's upper bounds in seconds."""

    name: str
    type: Literal["counter", "gauge", "histogram"]
    labels: tuple[str, ...]
    meaning: str
    buckets: tuple[float, ...] = ()


def _counter(name: str, meaning: str, *labels: str) -> MetricRow:
    return MetricRow(name, "counter", labels, meaning)


def _gauge(name: str, meaning: str, *labels: str) -> MetricRow:
    return MetricRow(name, "gauge", labels, meaning)


def _of_tekton_chains(kind: str) -> tuple[MetricRow, ...]:
    """Return the five counters that Tekton Chains has for a kind of run, under its names."""
    lead = f"watcher_{kind.lower()}"
    return (
        _counter(f"{lead}_sign_created_total", f"Signatures made for {kind}s, attestations and images."),
        _counter(f"{lead}_payload_uploaded_total", f"Entries that the transparency log has for {kind}s."),
        _counter(f"{lead}_payload_stored_total", f"Payloads of {kind}s stored, counted once a store."),
        _counter(f"{lead}_marked_signed_total", f"{kind}s marked as signed."),
        _counter(
            f"{lead}_signing_failures_total",
            f"What failed while {kind}s were signed: payload_creation, marshal_payload, signing, storage or tlog.",
            "error_type",
        ),
    )


METRICS: tuple[MetricRow, ...] = (
    *_of_tekton_chains("TaskRun"),
    *_of_tekton_chains("PipelineRun"),
    _counter(
        "chains_runs_total",
        "Runs by outcome (signed, failed, skipped) and reason: stored; what failed, named as in "
        "watcher_taskrun_signing_failures_total; nothing_to_sign.",
        *("kind", "outcome", "reason"),
    ),
    _counter("chains_turns_total", "Turns of runs, by how they ended; a run may take several.", "kind", "end"),
    _counter(
        "chains_turns_cut_total",
        "Turns cut off because they had not ended after four minutes, by the stage that they were in: one of those of "
        "chains_stage_seconds, or elsewhere. The next turn goes on from there.",
        *("kind", "stage"),
    ),
    _counter("chains_repairs_total", "Payloads put back because another writer had dropped them."),
    _counter("chains_events_dropped_total", "Events that could not be sent, or came too thick."),
    _counter(
        "chains_host_errors_total",
        "Failed requests by system (registry, log, api), host and class: unreachable, throttled (429), denied (401 or "
        "403), refused (other 4xx), failed (5xx). Hosts beyond the first hundred of a system count as `other`.",
        *("system", "host", "class"),
    ),
    MetricRow(
        "chains_settled_after_seconds",
        "histogram",
        ("kind",),
        "Seconds from the first sight of a finished run to its mark.",
        _LATENCIES,
    ),
    MetricRow(
        "chains_stage_seconds",
        "histogram",
        ("stage",),
        "Seconds that a stage took, whether it worked or not: fetch, plan, sign, log, store, mark. Each payload of a "
        "run is signed, logged and stored apart.",
        _STAGES,
    ),
    _gauge(
        "chains_queue_depth",
        "Runs that wait: for a worker (live, retry, backlog), or for the time of their next try (later).",
        "lane",
    ),
    _gauge("chains_queue_age_seconds", "For how long the oldest run of the lane is known to need work.", "lane"),
    _gauge("chains_queue_still_seconds", "For how long runs have waited and no worker has taken or ended one."),
    _gauge("chains_in_flight", "Runs that a worker has."),
    _gauge("chains_oldest_unsigned_seconds", "For how long the oldest run of all is known to be unsigned."),
    _gauge("chains_ready", "1 while runs can be signed, as /readyz says."),
    _gauge("chains_config_valid", "1 while the last configuration seen is in force."),
    _gauge("chains_key_loaded", "1 while there is a key to sign with."),
    _gauge("chains_key_info", "The key in force: 1, and its id.", "key_id"),
    _gauge(
        "chains_leader",
        "1 while this replica writes for the bucket; over all replicas their sum is the number of buckets.",
        "bucket",
    ),
    _counter(
        "chains_leader_transitions_total",
        "How often this replica gained the bucket, lost it, or gave it up by choice (change: gained, lost, given).",
        *("bucket", "change"),
    ),
    _gauge("chains_build_info", "The version that runs: 1, and its number.", "version"),
    _gauge(
        "chains_host_circuit",
        "Registries and logs in trouble: 1 for the state they are in (closed, open, half-open), or the worst state of "
        "their repositories; at most a hundred.",
        *("host", "state"),
    ),
)


def metric(name: str) -> MetricRow:
    """Return the row of that name."""
    return next(row for row in METRICS if row.name == name)


_HEAD = """# Metrics

<!-- Generated from the table of metrics by `make docs`; edit chains/controller/metric_table.py instead. -->

The controller answers `/metrics` in Prometheus' text format on the port of its probes (8080, `--health-port`), beside
`/healthz` and `/readyz`. The ten counters that begin with `watcher_` have the names they have in Tekton Chains; all
counters are there from the start, at 0. No label holds anything that a run says, but for `host`, of which there are
at most a hundred. Besides these there are `process_*`, as Prometheus' clients have them, and where replicas share the
runs through Leases `chains_leader` and `chains_leader_transitions_total`. Alert rules and a dashboard
are in `config/monitoring/`.

| metric | type | labels | what it tells |
|---|---|---|---|
"""


def write_metrics_reference() -> str:
    """Return the reference of every metric, as Markdown."""
    return _HEAD + "".join(
        f"| `{row.name}` | {row.type} | {', '.join(f'`{name}`' for name in row.labels)} | {row.meaning} |\n"
        for row in METRICS
    )
