"""The page of the operators names every metric that our processes count, and no other."""

import re
from pathlib import Path

from prometheus_client import generate_latest

from workers.collector.metrics import Metrics
from workers.tasks.metrics import WorkerMetrics

PAGE = Path(__file__).parent.parent.parent / "docs" / "run-it-for-real.md"


def test_every_metric_is_documented():
    registries = Metrics(waiting=lambda: 0).registry, WorkerMetrics().registry
    declared = [
        name for of in registries for name in re.findall(rb"# TYPE (sheets_\w+)", generate_latest(of))
    ]

    documented = re.findall(r"^\| `(sheets_\w+)", PAGE.read_text(), re.MULTILINE)

    assert sorted(documented) == sorted(name.decode() for name in declared)
