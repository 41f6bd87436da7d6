"""`idle`: what a whole instance takes of the processor while nothing happens."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
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
    processes = [psutil.Process(instance.process.pid), *instance.children()]
    names = {process: _name_of(process) for process in processes}
    before = {process: _used(process) for process in processes}
    began = time.monotonic()
    time.sleep(seconds)
    passed = time.monotonic() - began
    shares = Counter[str]()
    for process, used in before.items():
        shares[names[process]] += 100 * (_used(process) - used) / passed
    return shares


def _used(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def _name_of(process: psutil.Process) -> str:
    """The server's program, or the command that one of our processes runs."""
    words = process.cmdline()
    if "workers.cli.main" in words:
        return words[words.index("workers.cli.main") + 1]
    return Path(words[0]).name
