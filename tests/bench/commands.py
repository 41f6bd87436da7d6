"""`commands`: what short commands take of the processor, against a Python that imports PyMongo."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys

from tests.bench.measure import Result, Size, servers

RUNS: dict[Size, int] = {"small": 5, "full": 25}

BARE = ("-c", "import pymongo")
COMMANDS = {
    "command_help": ("-m", "workers.cli.main", "--help"),
    "command_status": ("-m", "workers.cli.main", "status"),
}


def commands(size: Size) -> list[Result]:
    """The median of user and system time; all take turns, so that a busy machine is busy for each."""
    with servers() as at:
        at.database("commands")
        at.announce("commands")
        environment = {**os.environ, "SHEETS_DATA_DIR": str(at.folder), "MONGODB_URI": ""}
        spent: dict[str, list[float]] = {name: [] for name in ("bare", *COMMANDS)}
        for _ in range(RUNS[size]):
            for name, words in {"bare": BARE, **COMMANDS}.items():
                spent[name].append(_processor_time(words, environment))
    bare = statistics.median(spent["bare"])
    return [
        Result(name, size, statistics.median(spent[name]), bare, "s of the processor; limit: import pymongo")
        for name in COMMANDS
    ]


def _processor_time(words: tuple[str, ...], environment: dict[str, str]) -> float:
    before = _children()
    subprocess.run([sys.executable, *words], env=environment, check=True, stdout=subprocess.DEVNULL)
    return _children() - before


def _children() -> float:
    """The processor's time of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
