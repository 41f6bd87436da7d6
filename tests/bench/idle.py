"""`idle`: what a whole instance takes of the processor while nothing happens."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import psutil

from tests.bench.measure import Result, Size
from tests.running import Running, running

IDLE_LIMIT = 5.0
"""Percent of one core, all processes of the instance together."""

SETTLES_WITHIN = 20.0
"""Seconds until what runs once after a start (the first counts, warming pages) is over."""

SECONDS: dict[Size, float] = {"small": 20.0, "full": 60.0}


def idle(size: Size) -> list[Result]:
    """The processor's time of every process of `sheets up`, no event coming and no page open."""
    with tempfile.TemporaryDirectory(prefix="sheets-bench-") as folder, running(Path(folder)) as instance:
        time.sleep(SETTLES_WITHIN)
        shares = _shares(instance, SECONDS[size])
    by_process = {name: round(share, 2) for name, share in shares.most_common()}
    return [
        Result("idle", size, shares.total(), IDLE_LIMIT, "% of one core, all processes", {"by": by_process})
    ]


def _shares(instance: Running, seconds: float) -> Counter[str]:
    """Percent of one core that each process took over so many seconds."""
    before, began = _used(instance), time.monotonic()
    time.sleep(seconds)
    after, passed = _used(instance), time.monotonic() - began
    shares = Counter[str]()
    for (pid, name), used in after.items():
        shares[name] += 100 * (used - before.get((pid, name), 0.0)) / passed
    return shares


def _used(instance: Running) -> dict[tuple[int, str], float]:
    """The processor's time that each process that runs now has taken, by its number and name."""
    found = {}
    for process in (psutil.Process(instance.process.pid), *instance.children()):
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            found[process.pid, _name_of(process)] = times.user + times.system
    return found


def _name_of(process: psutil.Process) -> str:
    """The server's program, or the command that one of our processes runs."""
    words = process.cmdline()
    if "workers.cli.main" in words:
        return words[words.index("workers.cli.main") + 1]
    return Path(words[0]).name
