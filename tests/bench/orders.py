"""`orders`: the order history of a shop, three orders a customer, against PyMongo writing the same documents.

The file lists the newest orders first, as exports do, and has a row for each product.  What the import has
left (contacts, activities, ledger) is then written once more into an empty database with the same indexes,
a thousand documents at a time, by the bare driver: no parsing, no matching, no fold.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

from engine.db import Db
from engine.db.connection import utc_now
from engine.domain.document import Document
from engine.imports import import_request
from engine.imports.mapping import inspection
from engine.imports.mapping.import_settings import ImportSettings
from engine.jobs import jobs
from engine.rules import versions
from tests.bench.importing import is_waiting, note_memory
from tests.bench.measure import Result, Size, chunks, servers
from tests.bench.pipeline import Herd

CUSTOMERS: dict[Size, int] = {"small": 2_000, "full": 1_000_000}
ORDERS_EACH = 3
MINUTES = 720 * 24 * 60
"""The time over which the orders were placed: two years."""

BATCH = 1_000
ALLOWED = 2.0
"""How many times as long as the bare driver an import may take."""

HEADINGS = "order number,order date,customer id,email,total,currency,status,sku,quantity,price\n"

WRITTEN = ("contacts", "activities", "ledger")


def bench_orders(size: Size) -> list[Result]:
    """Import the orders with one worker process; `BENCH_ROWS` sets another number of customers.

    A file of one order goes before, so that the start of the process is not measured.
    """
    customers = int(os.environ.get("BENCH_ROWS", CUSTOMERS[size]))
    orders = customers * ORDERS_EACH
    with servers(cache_gb=2.0) as found:
        path = found.folder / "orders.csv"
        rows = _write_file(path, customers)
        ours, same = found.database("ours"), found.database("same")
        found.announce("ours")
        with Herd(found, 1):
            first = found.folder / "first.csv"
            first.write_text(
                HEADINGS + "first,2026-01-01,first,first@example.com,1.00,EUR,completed,S1,1,1.00\n"
            )
            _imported(ours, first, "first")
            took, peaks = _imported(ours, path, "bench")
        assert ours.contacts.count_documents({}) == customers + 1
        raw = sum(_copied(ours, same, name) for name in WRITTEN)
    more: Document = {
        "orders": orders,
        "rows": rows,
        "rows_a_second": round(rows / took),
        "orders_a_second": round(orders / took),
        "raw_orders_a_second": round(orders / raw),
        **peaks,
    }
    unit = "s to import orders; limit: twice PyMongo inserting the same documents"
    return [Result("orders", size, took, raw * ALLOWED, unit, more)]


def _write_file(path: Path, customers: int) -> int:
    """Write the file; return the number of its rows."""
    source, rows = Random(17), 0
    total = customers * ORDERS_EACH
    start = utc_now().timestamp() - MINUTES * 60
    with path.open("w", encoding="utf-8") as out:
        out.write(HEADINGS)
        for number in range(total, 0, -1):
            at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(start + number * MINUTES * 60 / (total + 1)))
            customer = (number * 7_919) % customers
            lines = [
                (f"S{source.randrange(500)}", source.randrange(100, 9_900)) for _ in range(1 + number % 2)
            ]
            amount = sum(cents for _, cents in lines) / 100
            for sku, cents in lines:
                out.write(
                    f"{number},{at},c{customer},person{customer}@example.com,{amount:.2f},EUR,completed,"
                    f"{sku},1,{cents / 100:.2f}\n"
                )
                rows += 1
    return rows


def _imported(db: Db, path: Path, id_: str) -> tuple[float, dict[str, int]]:
    """Import a file and wait until all of it has taken effect: seconds, and the most memory used."""
    ruleset = versions.current(db)
    found = inspection.inspect(lambda: path.open("rb"), ruleset)
    columns = {column.heading: column.target for column in found.columns}
    readings, _ = inspection.cell_formats(found, columns, ruleset)
    wanted = ImportSettings(found.format, columns, readings, kind=found.kind)
    peaks: dict[str, int] = {}
    began = time.perf_counter()
    with path.open("rb") as stream:
        import_request.start(
            db, stream, wanted, name=path.name, id_=id_, by="b", by_name="Mia", now=utc_now()
        )
    while (job := jobs.job(db, id_)) is None or job.under_way or is_waiting(db):
        note_memory(peaks)
        time.sleep(0.1)
    took = time.perf_counter() - began
    assert job.failure is None and job.refused == 0, job
    return took, {f"mb_{name}": peak // 1024**2 for name, peak in sorted(peaks.items())}


def _copied(ours: Db, raw: Db, name: str) -> float:
    """Seconds to insert the documents of a collection."""
    seconds = 0.0
    for documents in _batches(ours, name):
        began = time.perf_counter()
        raw[name].insert_many(documents, ordered=False)
        seconds += time.perf_counter() - began
    return seconds


def _batches(db: Db, name: str) -> Iterator[list[Document]]:
    return chunks(db[name].find(), BATCH)
