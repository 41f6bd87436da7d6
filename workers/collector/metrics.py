"""What the collector counts, as text that Prometheus reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

WHAT: Mapping[str, str] = {
    "requests": "Requests answered, by HTTP status.",
    "activities_kept": "Activities kept durably, those that came again included.",
    "events_refused": "Events refused, with the reason in the answer.",
    "events_limited": "Events turned away because their key sends too many.",
}
"""Every counter, with the words that explain it."""


class Metrics:
    """Counters of this process since its start."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()

    def count(self, name: str, by: int = 1, *, labels: str = "") -> None:
        """Add to a counter of WHAT; `labels` as Prometheus writes them, `status="200"`."""
        self._counts[name, labels] += by

    def as_text(self, *, waiting: int) -> str:
        """All counters, and how many activities wait for their insert now."""
        lines = []
        for name, what in WHAT.items():
            lines += [f"# HELP sheets_collector_{name}_total {what}"]
            lines += [f"# TYPE sheets_collector_{name}_total counter"]
            counted = {labels: count for (n, labels), count in self._counts.items() if n == name} or {"": 0}
            for labels, count in sorted(counted.items()):
                lines.append(f"sheets_collector_{name}_total{'{' + labels + '}' if labels else ''} {count}")
        lines += ["# HELP sheets_collector_activities_waiting Activities that wait for their insert."]
        lines += ["# TYPE sheets_collector_activities_waiting gauge"]
        lines += [f"sheets_collector_activities_waiting {waiting}"]
        return "\n".join(lines) + "\n"
