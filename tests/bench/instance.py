"""`startup` and `latency`: the whole instance, as `sheets up` runs it."""

from __future__ import annotations

import json
import statistics
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

from engine.db.connection import connect
from engine.settings import Settings, locate
from tests.bench.measure import Result, Size
from tests.running import Running, running

STARTUP_LIMIT = 8.0
LATENCY_LIMIT = 1.0

RATES: dict[Size, tuple[float, float]] = {"small": (50.0, 3.0), "full": (600.0, 60.0)}
"""Events a second, and for how many seconds.  The full rate is half of what one machine
with two cores takes end to end."""


def startup(size: Size) -> list[Result]:
    """From the command to its ready line, the first time and with data there."""
    with tempfile.TemporaryDirectory(prefix="sheets-bench-") as folder:
        seconds = [_start(Path(folder)) for _ in range(2 if size == "small" else 4)]
    return [
        Result("startup", size, seconds[0], STARTUP_LIMIT, "s until ready, in a fresh folder"),
        Result(
            "startup_again", size, statistics.median(seconds[1:]), STARTUP_LIMIT, "s until ready, data there"
        ),
    ]


def _start(folder: Path) -> float:
    began = time.perf_counter()
    with running(folder):
        return time.perf_counter() - began


def latency(size: Size) -> list[Result]:
    """From the collector's answer to the contact's change, the 95th percentile."""
    rate, seconds = RATES[size]
    with (
        tempfile.TemporaryDirectory(prefix="sheets-bench-") as folder,
        running(Path(folder), "--no-dashboard") as instance,
    ):
        delays = _delays(instance, rate=rate, seconds=seconds)
    worst = statistics.quantiles(delays, n=20)[-1]
    more = {"rate": rate, "samples": len(delays), "median": round(statistics.median(delays), 3)}
    return [Result("latency", size, worst, LATENCY_LIMIT, "s, 95th percentile", more)]


def _delays(instance: Running, *, rate: float, seconds: float) -> list[float]:
    """Send in tenths of a second; each time follow one contact until it shows the event."""
    token = instance.json("keys", "create", "--kind", "write")["token"]
    located = locate(Settings(), instance.data_dir)
    db = connect(located.mongodb_uri, located.database, app="bench")
    size, delays, number = max(1, int(rate / 10)), [], 0
    _send(instance, token, [_event(-1)])
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        turn = time.perf_counter() + 0.1
        _send(instance, token, [_event(number + offset) for offset in range(size)])
        answered, last = time.perf_counter(), number + size - 1
        while db.activities.find_one({"_id": f"browser:l-{last}", "state": "applied"}, {"_id": 1}) is None:
            time.sleep(0.005)
        delays.append(time.perf_counter() - answered)
        number += size
        time.sleep(max(0.0, turn - time.perf_counter()))
    return delays


def _event(number: int) -> dict[str, Any]:
    said = {"product_id": f"p{number % 50}", "name": "Boot", "price": 60}
    who = f"visitor-{number % 997}"
    return {
        "type": "track",
        "messageId": f"l-{number}",
        "event": "Product Viewed",
        "anonymousId": who,
        "properties": said,
    }


def _send(instance: Running, token: str, events: list[dict[str, Any]]) -> None:
    body = json.dumps({"writeKey": token, "batch": events}).encode()
    with urllib.request.urlopen(f"{instance.collector}/v1/batch", body, timeout=30) as answer:
        answer.read()
