"""The collector's Prometheus metrics, documented in docs/run-it-for-real.md."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)


class Metrics:
    """Counters of this process since its start.

    Parameters:
      waiting(callable): How many activities wait for their insert now.
    """

    def __init__(self, waiting: Callable[[], int]) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # when each counter began tells nothing
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.requests = self._counter("requests", "Requests answered, by HTTP status.", "status")
        self.api_requests = self._counter(
            "api_requests",
            "Requests to the API answered, by operation and HTTP status.",
            "operation",
            "status",
        )
        self.kept = self._counter("activities_kept", "Activities kept durably, also those that came again.")
        self.refused = self._counter("events_refused", "Events refused, with the reason in the answer.")
        self.limited = self._counter(
            "events_limited", "Events turned away because their key or address sends too many."
        )
        self.beyond_ceiling = self._counter(
            "new_contacts_refused", "Events refused because their key has created its day's new contacts."
        )
        self.without_consent = self._counter(
            "events_without_consent",
            "Events of browsers that were not kept, as no category of consent is given.",
        )
        self.not_understood = self._counter(
            "notices_not_understood",
            "Events of sending services and returned mails that were not understood, and are kept.",
        )
        self.forged = self._counter(
            "webhooks_forged", "Webhooks refused because their service or shop did not sign them.", "provider"
        )
        self.choices = self._counter(
            "preference_choices", "Subscriptions that contacts changed, by the way in which they did.", "by"
        )
        self.invalid_links = self._counter(
            "preference_links_invalid", "Requests with a link that was cut, changed or forged."
        )
        Gauge(
            "sheets_collector_activities_waiting",
            "Activities that wait for their insert.",
            registry=self.registry,
        ).set_function(waiting)

    def as_text(self) -> bytes:
        """All of them, as Prometheus reads them."""
        return generate_latest(self.registry)

    def _counter(self, name: str, what: str, *labels: str) -> Counter:
        return Counter(f"sheets_collector_{name}", what, labels, registry=self.registry)
