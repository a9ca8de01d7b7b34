"""Metrics in Prometheus' words: the ten counters of Tekton Chains, and how the service itself fares."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from chains.controller.queue import Lane, RunQueue
from chains.controller.turn import End, Turn
from chains.errors import InputError
from chains.pipeline.sign import LOG, Receipt
from chains.runs.run import KINDS

MOST_HOSTS = 100
_FINAL = (End.SIGNED, End.NOTHING_TO_SIGN, End.FAILED)
_LATENCIES = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)


class Watched(Protocol):
    """What is read of a service at every scrape."""

    queue: RunQueue

    def unready(self) -> tuple[str, ...]:
        """Return why no run can be signed just now."""


class _Kind:
    """Tekton Chains' counters for one kind of run, under its names."""

    def __init__(self, kind: str, registry: CollectorRegistry) -> None:
        lead = f"watcher_{kind.lower()}"
        self.created = Counter(f"{lead}_sign_created", f"Signatures made for {kind}s.", registry=registry)
        self.uploaded = Counter(f"{lead}_payload_uploaded", f"Log entries made for {kind}s.", registry=registry)
        self.stored = Counter(f"{lead}_payload_stored", f"Payloads of {kind}s, by store.", registry=registry)
        self.marked = Counter(f"{lead}_marked_signed", f"{kind}s marked as signed.", registry=registry)
        self.failures = Counter(
            f"{lead}_signing_failures", f"What failed while {kind}s were signed.", ["error_type"], registry=registry
        )

    def note(self, turn: Turn) -> None:
        for error_type in _failures(turn):
            self.failures.labels(error_type).inc()
        if turn.end not in _FINAL:
            return
        signed = [receipt for receipt in turn.receipts if receipt.signed is not None]
        self.created.inc(len(signed))
        self.uploaded.inc(
            sum(receipt.signed is not None and receipt.signed.log_entry is not None for receipt in signed)
        )
        self.stored.inc(sum(len(receipt.stored) for receipt in signed))
        self.marked.inc(turn.end is not End.FAILED)


class Metrics:
    """Counts turns as they end, and reads the rest from the service when it is asked.

    `circuits` returns the state of each host in trouble: `closed`, `open` or `half-open`; `dropped` how many Events
    were not sent.
    """

    def __init__(
        self, circuits: Callable[[], Mapping[str, str]] = dict, dropped: Callable[[], int] = lambda: 0
    ) -> None:
        self.registry = CollectorRegistry()
        self._kinds = {kind: _Kind(kind, self.registry) for kind in KINDS}
        self._turns = Counter(
            "chains_turns", "Turns of runs, by how they ended.", ["kind", "end"], registry=self.registry
        )
        self._waited = Histogram(
            "chains_settled_after_seconds",
            "Seconds from the first sight of a finished run to its mark.",
            ["kind"],
            buckets=_LATENCIES,
            registry=self.registry,
        )
        self._repaired = Counter(
            "chains_repairs", "What was put back because another writer had dropped it.", registry=self.registry
        )
        self._valid = Gauge(
            "chains_config_valid", "1 while the last configuration seen is in force.", registry=self.registry
        )
        self._circuits = circuits
        self._dropped = dropped

    def note(self, turn: Turn, waited: float | None = None) -> None:
        """Count a turn; `waited` is how many seconds its run was known to need one."""
        self._kinds[turn.key.kind].note(turn)
        self._turns.labels(turn.key.kind, turn.end.name.lower()).inc()
        if waited is not None and turn.end in _FINAL:
            self._waited.labels(turn.key.kind).observe(waited)

    def note_repair(self) -> None:
        """Count one payload that was put back."""
        self._repaired.inc()

    def note_config(self, *, valid: bool) -> None:
        """Say whether the last configuration seen was accepted."""
        self._valid.set(valid)

    def follow(self, service: Watched) -> None:
        """Read from this service at every scrape."""
        self.registry.register(_Live(service, self._circuits, self._dropped))

    def text(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return generate_latest(self.registry)


class _Live:
    """What is true at the moment of a scrape."""

    def __init__(self, service: Watched, circuits: Callable[[], Mapping[str, str]], dropped: Callable[[], int]) -> None:
        self._service = service
        self._circuits = circuits
        self._dropped = dropped

    def collect(self) -> Iterator[Metric]:
        queue = self._service.queue
        depth = GaugeMetricFamily("chains_queue_depth", "Runs that wait for a worker.", labels=["lane"])
        age = GaugeMetricFamily("chains_queue_age_seconds", "Age of the oldest run in the lane.", labels=["lane"])
        for lane in Lane:
            depth.add_metric([lane.name.lower()], queue.depth(lane))
            age.add_metric([lane.name.lower()], queue.age(lane))
        depth.add_metric(["later"], queue.later)
        yield depth
        yield age
        yield GaugeMetricFamily("chains_in_flight", "Runs that a worker has.", value=queue.active)
        yield GaugeMetricFamily(
            "chains_oldest_unsigned_seconds", "Since when the oldest run is known to be unsigned.", value=queue.oldest()
        )
        ready = not self._service.unready()
        yield GaugeMetricFamily("chains_ready", "1 while runs can be signed.", value=ready)
        yield CounterMetricFamily(
            "chains_events_dropped", "Events that could not be sent, or came too thick.", value=self._dropped()
        )
        yield self._hosts()

    def _hosts(self) -> Metric:
        family = GaugeMetricFamily(
            "chains_host_circuit", "Hosts in trouble: 1 for the state they are in.", labels=["host", "state"]
        )
        for host, state in list(self._circuits().items())[:MOST_HOSTS]:
            family.add_metric([host, state], 1)
        return family


def _failures(turn: Turn) -> Iterable[str]:
    """Name what failed, as Tekton Chains does."""
    if turn.end is End.FAILED and not any(receipt.failures for receipt in turn.receipts):
        yield "payload_creation"
    for receipt in turn.receipts:
        for failure in receipt.failures:
            yield _error_type(receipt, failure.where, failure.error)


def _error_type(receipt: Receipt, where: str, error: Exception) -> str:
    if where == LOG:
        return "tlog"
    if where == receipt.request.signer:
        return "signing"
    return "marshal_payload" if isinstance(error, InputError) else "storage"
