"""`python -m tests.bench [NAME…] [--size small|full]`: one JSON line a figure."""

from __future__ import annotations

import argparse

from tests.bench.bulk import bench_bulk
from tests.bench.clv import bench_clv
from tests.bench.commands import commands
from tests.bench.export import bench_export
from tests.bench.fold import bench_fold
from tests.bench.idle import idle
from tests.bench.importing import bench_import
from tests.bench.instance import latency, startup
from tests.bench.measure import Bench
from tests.bench.merge import bench_merge
from tests.bench.orders import bench_orders
from tests.bench.pages import bench_pages
from tests.bench.people import bench_people
from tests.bench.pipeline import pipeline, pipeline_http
from tests.bench.plan import bench_plan
from tests.bench.rfm import bench_rfm
from tests.bench.rules import bench_rules
from tests.bench.segments import bench_segments

BENCHES: dict[str, Bench] = {
    "fold": bench_fold,
    "rules": bench_rules,
    "segments": bench_segments,
    "plan": bench_plan,
    "pages": bench_pages,
    "bulk": bench_bulk,
    "export": bench_export,
    "import": bench_import,
    "orders": bench_orders,
    "people": bench_people,
    "rfm": bench_rfm,
    "clv": bench_clv,
    "commands": commands,
    "startup": startup,
    "idle": idle,
    "latency": latency,
    "merge": bench_merge,
    "pipeline": pipeline,
    "pipeline_http": pipeline_http,
}


def main() -> None:
    """Run the benches that are named, or all."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHES))
    parser.add_argument("--size", choices=("small", "full"), default="small")
    options = parser.parse_args()
    unknown = set(options.names) - set(BENCHES)
    if unknown:
        parser.error(f"no bench {', '.join(sorted(unknown))}; there are {', '.join(BENCHES)}")
    for name in options.names or BENCHES:
        for result in BENCHES[name](options.size):
            print(result.line(), flush=True)


if __name__ == "__main__":
    main()
