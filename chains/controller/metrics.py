"""Metrics in Prometheus' words: the ten counters of Tekton Chains, and how the service itself fares."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

from chains.controller.live_metrics import LiveMetrics, Readings, Watched
from chains.controller.metric_table import metric
from chains.controller.stages import ELSEWHERE, STAGES, Stages
from chains.controller.turn import End, Turn
from chains.errors import InputError
from chains.pipeline.sign import LOG, Receipt
from chains.runs.run import KINDS

FAILURES = ("payload_creation", "marshal_payload", "signing", "storage", "tlog")
_FINAL = (End.SIGNED, End.NOTHING_TO_SIGN, End.FAILED)


class _Kind:
    """Tekton Chains' counters for one kind of run, under its names."""

    def __init__(self, kind: str, registry: CollectorRegistry) -> None:
        lead = f"watcher_{kind.lower()}"
        self.created = _counter(f"{lead}_sign_created_total", registry)
        self.uploaded = _counter(f"{lead}_payload_uploaded_total", registry)
        self.stored = _counter(f"{lead}_payload_stored_total", registry)
        self.marked = _counter(f"{lead}_marked_signed_total", registry)
        self.failures = _counter(f"{lead}_signing_failures_total", registry)
        for error_type in FAILURES:
            self.failures.labels(error_type)

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
    """Counts turns as they end, and reads the rest from the service and its surroundings when it is asked."""

    def __init__(self, around: Readings | None = None) -> None:
        self.registry = registry = CollectorRegistry()
        self._around = around or Readings()
        self._kinds = {kind: _Kind(kind, registry) for kind in KINDS}
        self._turns = _counter("chains_turns_total", registry)
        self._cut = _counter("chains_turns_cut_total", registry)
        self._runs = _counter("chains_runs_total", registry)
        self._repaired = _counter("chains_repairs_total", registry)
        self._waited = _histogram("chains_settled_after_seconds", registry)
        self._valid = _gauge("chains_config_valid", registry)
        spent = _histogram("chains_stage_seconds", registry)
        timers = {stage: spent.labels(stage) for stage in STAGES}
        self.stages = Stages(lambda stage, seconds: timers[stage].observe(seconds))
        for kind in KINDS:
            self._begin(kind)
        ProcessCollector(registry=registry)

    def _begin(self, kind: str) -> None:
        """Let every count of a kind begin at 0, so that its first increase is seen as one."""
        self._waited.labels(kind)
        for end in End:
            self._turns.labels(kind, end.name.lower())
        for stage in (*STAGES, ELSEWHERE):
            self._cut.labels(kind, stage)
        for outcome, reason in (_SIGNED, _SKIPPED, *(("failed", error_type) for error_type in FAILURES)):
            self._runs.labels(kind, outcome, reason)

    def note(self, turn: Turn, waited: float | None = None) -> None:
        """Count a turn; `waited` is how many seconds its run was known to need one."""
        self._kinds[turn.key.kind].note(turn)
        self._turns.labels(turn.key.kind, turn.end.name.lower()).inc()
        if turn.cut:
            self._cut.labels(turn.key.kind, turn.cut).inc()
        if turn.end not in _FINAL:
            return
        self._runs.labels(turn.key.kind, *_outcome(turn)).inc()
        if waited is not None:
            self._waited.labels(turn.key.kind).observe(waited)

    def note_repair(self) -> None:
        """Count one payload that was put back."""
        self._repaired.inc()

    def note_config(self, *, valid: bool) -> None:
        """Say whether the last configuration seen was accepted."""
        self._valid.set(valid)

    def follow(self, service: Watched) -> None:
        """Read from this service at every scrape."""
        self.registry.register(LiveMetrics(service, self._around))

    def text(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return generate_latest(self.registry)


_SIGNED = ("signed", "stored")
_SKIPPED = ("skipped", "nothing_to_sign")


def _outcome(turn: Turn) -> tuple[str, str]:
    """Return what became of a run, and why, both out of few."""
    if turn.end is End.FAILED:
        return "failed", next(iter(_failures(turn)))
    return _SIGNED if turn.end is End.SIGNED else _SKIPPED


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


def _counter(name: str, registry: CollectorRegistry) -> Counter:
    row = metric(name)
    return Counter(row.name, row.meaning, row.labels, registry=registry)


def _gauge(name: str, registry: CollectorRegistry) -> Gauge:
    row = metric(name)
    return Gauge(row.name, row.meaning, row.labels, registry=registry)


def _histogram(name: str, registry: CollectorRegistry) -> Histogram:
    row = metric(name)
    return Histogram(row.name, row.meaning, row.labels, buckets=row.buckets, registry=registry)
