"""`export`: contacts to a file by a job, against the same values straight from MongoDB into one.

The bare way is what one would write by hand: MongoDB picks the values out, PyMongo reads them in large
batches, pyarrow writes them to a local file.  It leaves out all that makes an export one: one moment,
cells made harmless, times on the shop's clock, GridFS, being stopped, and killed at any moment.  It
is no longer the fastest way: it has MongoDB wait while it decodes (see `engine.exports.export_rows`).
"""

from __future__ import annotations

import time
from itertools import islice
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from bson.codec_options import CodecOptions

from engine.db import Db
from engine.db.connection import utc_now
from engine.exports import exporting
from engine.exports.export_files import FileFormat
from engine.exports.exporting import Export
from engine.jobs import jobs
from tests.bench.crowd import make_crowd
from tests.bench.measure import Result, Size, servers
from tests.integration.job_runs import run_next_job

CONTACTS: dict[Size, int] = {"small": 20_000, "full": 1_000_000}
ALLOWED = 1.5
"""How much longer than the bare way an export may take."""

COLUMNS = (
    "external_id", "email", "mobile_phone", "first_name", "last_name", "newsletter", "points", "orders",
    "spent", "currency", "last_seen", "custom.city",
)  # fmt: skip

_PICKED = {
    "external_id": 1, "email": 1, "mobile_phone": 1, "first_name": 1, "last_name": 1,
    "newsletter": "$statuses.newsletter.state", "points": "$points.total", "orders": "$commerce.orders",
    "spent": {"$toString": "$commerce.spent"}, "currency": "$commerce.currency", "last_seen": 1,
    "city": "$custom.city", "_id": 0,
}  # fmt: skip

_SCHEMA = pa.schema(
    [
        (
            name,
            {"points": pa.int64(), "orders": pa.int64(), "last_seen": pa.timestamp("ms")}.get(
                name, pa.string()
            ),
        )
        for name in _PICKED
        if name != "_id"
    ]
)


def bench_export(size: Size) -> list[Result]:
    """All contacts to CSV and to Parquet: seconds, and the memory of the process that writes."""
    results = []
    with servers(cache_gb=2.0) as found:
        db = found.database("crowd")
        make_crowd(db, CONTACTS[size])
        for format_ in ("csv", "parquet"):
            for number in range(2):  # the first of each is for nothing: it warms the cache, and imports
                bare = _bare(db, format_, found.folder)
                ours = _ours(db, format_, f"{format_}-{number}")
            more = {
                "contacts": CONTACTS[size],
                "a_second": round(CONTACTS[size] / ours),
                "memory_mb": round(psutil.Process().memory_info().rss / 1024**2),
            }
            unit = f"s to {format_}; limit: {ALLOWED} times bare PyMongo and pyarrow"
            results.append(Result(f"export_{format_}", size, ours, ALLOWED * bare, unit, more))
    return results


def _bare(db: Db, format_: FileFormat, folder: Path) -> float:
    began, path = time.perf_counter(), str(folder / f"bare.{format_}")
    contacts = db.get_collection("contacts", codec_options=CodecOptions())
    writer: Any = (
        pyarrow.csv.CSVWriter(path, _SCHEMA)
        if format_ == "csv"
        else pyarrow.parquet.ParquetWriter(path, _SCHEMA, compression="zstd")
    )
    with writer, contacts.aggregate([{"$project": _PICKED}], batchSize=5_000) as cursor:
        while rows := list(islice(cursor, 5_000)):
            writer.write_table(pa.Table.from_pylist(rows, schema=_SCHEMA))
    return time.perf_counter() - began


def _ours(db: Db, format_: FileFormat, id_: str) -> float:
    began = time.perf_counter()
    exporting.start(db, Export("contacts", format_, COLUMNS), id_=id_, by="b", by_name="Mia", now=utc_now())
    while run_next_job(db, clock=utc_now, stopped=lambda: False):
        pass
    took = time.perf_counter() - began
    job = jobs.job(db, id_)
    assert job is not None and job.failure is None and job.made["rows"] == job.total, job
    return took
