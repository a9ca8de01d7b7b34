"""Metrics of an election: which buckets this replica holds, and how often they came and went."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from chains.controller.metric_table import METRICS
from chains.controller.shares import CHANGES, Shares

_MEANINGS = {row.name: row.meaning for row in METRICS}


class LeaderMetrics:
    """What is true of the shares at the moment of a scrape; there are at most ten buckets."""

    def __init__(self, shares: Shares) -> None:
        self._shares = shares

    def collect(self) -> Iterator[Metric]:
        """Yield the families."""
        buckets = range(self._shares.leadership.buckets)
        leads = GaugeMetricFamily("chains_leader", _MEANINGS["chains_leader"], labels=["bucket"])
        for bucket in buckets:
            leads.add_metric([f"{bucket:02d}"], self._shares.leadership.leads(bucket))
        yield leads
        changes = CounterMetricFamily(
            "chains_leader_transitions", _MEANINGS["chains_leader_transitions_total"], labels=["bucket", "change"]
        )
        for bucket in buckets:
            for change in CHANGES:
                changes.add_metric([f"{bucket:02d}", change], self._shares.changes[bucket, change])
        yield changes
