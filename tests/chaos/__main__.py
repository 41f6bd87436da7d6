"""`python -m tests.chaos`: kill things, and compare the end with a quiet run."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

from tests.chaos.monkey import Chaos
from tests.chaos.workload import workload


def main() -> int:
    """Run it; the last line is JSON, and the exit status 1 unless all is well."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--activities", type=int, default=20_000)
    parser.add_argument("--contacts", type=int, default=500)
    parser.add_argument("--kill-every", type=float, default=1.0, metavar="SECONDS")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    began = time.monotonic()
    load = workload(activities=options.activities, contacts=options.contacts, seed=options.seed)
    with tempfile.TemporaryDirectory(prefix="sheets-chaos-") as folder:
        verdict, toll = Chaos(Path(folder), options.kill_every, options.seed).run(load)
    for difference in verdict.differences:
        print(difference[:1_000])
    report = {
        "activities": options.activities,
        "kills": toll.workers + toll.mongods,
        "lost": verdict.lost,
        "doubled": verdict.doubled,
        "equal": verdict.equal,
        "worker_kills": toll.workers,
        "mongod_kills": toll.mongods,
        "flushes": toll.flushes,
        "seconds": round(time.monotonic() - began, 1),
    }
    print(json.dumps(report))
    return 0 if verdict.good else 1


if __name__ == "__main__":
    sys.exit(main())
