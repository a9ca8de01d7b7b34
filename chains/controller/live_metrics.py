"""What is true of the service and its surroundings at the moment of a scrape."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from chains.controller.host_errors import MOST_HOSTS, HostErrors
from chains.controller.metric_table import metric
from chains.controller.queue import Lane, RunQueue


class Watched(Protocol):
    """What is read of a service at every scrape."""

    queue: RunQueue

    def unready(self) -> tuple[str, ...]:
        """Return why no run can be signed just now."""


@dataclass(frozen=True, slots=True)
class Readings:
    """What is read of the outside at every scrape.

    `circuits` returns the state of each host in trouble: `closed`, `open` or `half-open`; `key_id` the key in force,
    empty when there is none; `events_dropped` how many Events were not sent.
    """

    circuits: Callable[[], Mapping[str, str]] = dict
    key_id: Callable[[], str] = str
    errors: HostErrors = field(default_factory=HostErrors)
    version: str = ""
    events_dropped: Callable[[], int] = int


class LiveMetrics:
    """Reads a service and its surroundings at every scrape."""

    def __init__(self, service: Watched, around: Readings) -> None:
        self._service = service
        self._around = around

    def collect(self) -> Iterator[Metric]:
        """Yield every metric that nothing has to count."""
        queue, key_id = self._service.queue, self._around.key_id()
        lanes = [(lane.name.lower(), lane) for lane in Lane]
        depths = [((name,), float(queue.depth(lane))) for name, lane in lanes]
        yield _gauge("chains_queue_depth", *depths, (("later",), queue.later))
        yield _gauge("chains_queue_age_seconds", *(((name,), queue.age(lane)) for name, lane in lanes))
        yield _gauge("chains_queue_still_seconds", ((), queue.still()))
        yield _gauge("chains_in_flight", ((), queue.active))
        yield _gauge("chains_oldest_unsigned_seconds", ((), queue.oldest()))
        yield _gauge("chains_ready", ((), not self._service.unready()))
        yield _gauge("chains_key_loaded", ((), bool(key_id)))
        yield _gauge("chains_key_info", *([((key_id,), 1.0)] if key_id else []))
        yield _gauge("chains_build_info", ((self._around.version,), 1.0))
        circuits = islice(self._around.circuits().items(), MOST_HOSTS)
        yield _gauge("chains_host_circuit", *((named, 1.0) for named in circuits))
        yield self._errors()
        row = metric("chains_events_dropped_total")
        yield CounterMetricFamily(row.name, row.meaning, value=self._around.events_dropped())

    def _errors(self) -> Metric:
        row = metric("chains_host_errors_total")
        family = CounterMetricFamily(row.name, row.meaning, labels=row.labels)
        for count in self._around.errors.counts():
            family.add_metric((count.system, count.host, count.error_class), count.times)
        return family


def _gauge(name: str, *samples: tuple[Iterable[str], float]) -> Metric:
    row = metric(name)
    family = GaugeMetricFamily(row.name, row.meaning, labels=row.labels)
    for labels, value in samples:
        family.add_metric(tuple(labels), value)
    return family
