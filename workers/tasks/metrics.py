"""A worker's Prometheus metrics, documented in docs/run-it-for-real.md."""

from __future__ import annotations

from typing import get_args

import structlog
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    start_http_server,
)

from engine.jobs.jobs import Job, JobState
from engine.operations import pulses
from engine.pipeline.batch import Applied
from engine.pipeline.outbox import Outcome
from workers.tasks.drain import Observer

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Bounds of what a batch takes: one activity takes a hundredth of a second, five hundred a tenth."""


log = structlog.get_logger()


class WorkerMetrics(Observer):
    """Counters of this process since its start, beside its processor time and memory.

    `url` is where they are read, once they are served.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.url: str | None = None
        self._by_lane: list[Counter] = []
        disable_created_metrics()  # type: ignore[no-untyped-call]  # when each counter began tells nothing
        ProcessCollector(registry=self.registry)
        self._applied = self._of_lanes("activities_applied", "Activities applied by the lanes.")
        self._failed = self._of_lanes("activities_failed", "Activities set aside with the reason.")
        self._erased = self._of_lanes("activities_erased", "Activities of erased people, not kept.")
        self._due = self._of_lanes("contacts_due", "Contacts brought up to the present or to newer rules.")
        self._again = self._of_lanes("components_folded_again", "Components whose whole history was folded.")
        self._merged = self._of_lanes("contacts_merged", "Contacts that merged into another.")
        self._conflicts = self._of_lanes(
            "batch_conflicts", "Batches retried after a concurrent change of a contact."
        )
        self._leases = self._of_lanes("leases_lost", "Lanes that another worker took over.")
        self._seconds = Histogram(
            "sheets_worker_batch_seconds",
            "Seconds from the reading of a batch to its commit.",
            buckets=SECONDS,
            registry=self.registry,
        )
        self._calls = self._counter("webhook_calls", "Calls of webhooks, by what became of them.", "outcome")
        for outcome in get_args(Outcome):
            self._calls.labels(outcome)
        self._jobs = self._counter("jobs", "Jobs that ended here, by kind and state.", "kind", "state")

    def show_lanes(self, lanes: int) -> None:
        """Initialise the metrics of each lane with 0.  Idempotent."""
        for counter in self._by_lane:
            for lane in range(lanes):
                counter.labels(lane)

    def batch(self, lane: int, applied: Applied, *, seconds: float) -> None:
        self._seconds.observe(seconds)
        for counter, number in (
            (self._applied, applied.applied),
            (self._failed, len(applied.failed)),
            (self._erased, applied.erased),
            (self._due, applied.due),
            (self._again, applied.folded_again),
            (self._merged, applied.merged),
        ):
            if number:
                counter.labels(lane).inc(number)

    def conflict(self, lane: int) -> None:
        self._conflicts.labels(lane).inc()

    def lease_lost(self, lane: int) -> None:
        self._leases.labels(lane).inc()

    def call(self, outcome: Outcome) -> None:
        """A webhook was called."""
        self._calls.labels(outcome).inc()

    def job(self, job: Job, state: JobState) -> None:
        """A job ended."""
        self._jobs.labels(job.kind, state.value).inc()

    def serve(self, host: str, port: int) -> None:
        """Answer `GET /metrics` in a thread of its own, on a port that is free if 0 is given.

        A port that is taken is logged; the worker continues.
        """
        try:
            server, _ = start_http_server(port, host, self.registry)
        except OSError as error:
            log.error("metrics are not served: give another --metrics-port", port=port, error=str(error))
            return
        self.url = pulses.metrics_address(host, server.server_port)

    def _of_lanes(self, name: str, what: str) -> Counter:
        counter = self._counter(name, what, "lane")
        self._by_lane.append(counter)
        return counter

    def _counter(self, name: str, what: str, *labels: str) -> Counter:
        return Counter(f"sheets_worker_{name}", what, labels, registry=self.registry)
