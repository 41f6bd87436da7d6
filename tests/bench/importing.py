"""`import`: a file of twelve columns, half of whose people are known, against PyMongo in two ways.

The bare way looks up by key in batches, inserts who is new, writes only what changed, and
inserts an activity for each; it has one index, and leaves out all that makes an import one: the
fold, rules that react, rows that name the same person, refusals, being stopped, taken back and killed.

`import_same_writes` holds it against a loop that writes what the import left behind: the same
documents, under the same indexes, in transactions of the same size.
"""

from __future__ import annotations

import csv
import io
import os
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import psutil
from pymongo import InsertOne, UpdateOne

from engine.db import Db, contact_codec
from engine.db.connection import utc_now
from engine.domain.document import Document
from engine.imports import import_request
from engine.imports.import_job import STEP
from engine.imports.mapping import inspection
from engine.imports.mapping.import_settings import ImportSettings
from engine.jobs import jobs
from engine.pipeline import lanes
from engine.rules import versions
from tests.bench.measure import Result, Size, chunks, servers
from tests.bench.pipeline import Herd

ROWS: dict[Size, int] = {"small": 1_000, "full": 1_000_000}
BATCH = 1_000
ALLOWED = 2.0
"""How many times as long as the bare loop an import may take."""

HEADINGS = (
    "customer id", "email", "mobile", "first name", "last name", "birthday", "newsletter", "consent date",
    "city", "country", "language", "gender",
)  # fmt: skip


def bench_import(size: Size) -> list[Result]:
    """Import so many rows with one worker process; `BENCH_ROWS` sets another number."""
    rows = int(os.environ.get("BENCH_ROWS", ROWS[size]))
    with servers(cache_gb=2.0) as found:
        ours, bare, same = (found.database(name) for name in ("ours", "bare", "same"))
        found.announce("ours")
        with Herd(found, 1):
            _imported(ours, _file(rows // 2, city="Roma"), "known")
            for name in ("bare", "same"):
                ours.contacts.aggregate([{"$out": {"db": name, "coll": "known"}}])
            content, began = _file(rows, city="Lugo"), utc_now()
            took, peaks = _imported(ours, content, "bench")
        limits = {"bare": _bare(bare, content), "same": _same_writes(ours, same, content, began)}
    more = {"rows": rows, "rows_a_second": round(rows / took)}
    unit = "s to import; limit: twice "
    return [
        _result("import", size, took, limits["bare"], unit + "a bare PyMongo loop", {**more, **peaks}),
        _result(
            "import_same_writes", size, took, limits["same"], unit + "PyMongo with the same writes", more
        ),
    ]


def _result(name: str, size: Size, took: float, raw: float, unit: str, more: Document) -> Result:
    return Result(name, size, took, raw * ALLOWED, unit, {**more, "of_raw": round(raw / took, 3)})


def _file(rows: int, *, city: str) -> bytes:
    """People by number; of each second one the city is the given one, else it never changes."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADINGS)
    for n in range(rows):
        town = city if n % 2 else "Madrid"
        writer.writerow(
            (
                f"c{n}", f"person{n}@example.com", f"+346{n:08d}", "Ana", f"Ruiz {n}", "1990-03-31", "yes",
                "2026-01-31", town, "ES", "es", "female",
            )
        )  # fmt: skip
    return out.getvalue().encode()


def _imported(db: Db, content: bytes, id_: str) -> tuple[float, Document]:
    """Import a file and wait until all of it has taken effect: seconds, and the most memory used."""
    ruleset = versions.current(db)
    found = inspection.inspect(lambda: io.BytesIO(content), ruleset)
    columns = {column.heading: column.target for column in found.columns}
    readings, _ = inspection.cell_formats(found, columns, ruleset)
    wanted = ImportSettings(format=found.format, columns=columns, readings=readings)
    peaks: dict[str, int] = {}
    began = time.perf_counter()
    import_request.start(
        db, io.BytesIO(content), wanted, name="b.csv", id_=id_, by="b", by_name="Mia", now=utc_now()
    )
    while (job := jobs.job(db, id_)) is None or job.under_way or is_waiting(db):
        note_memory(peaks)
        time.sleep(0.1)
    took = time.perf_counter() - began
    assert job.failure is None and job.refused == 0, job
    return took, {f"mb_{name}": peak // 1024**2 for name, peak in sorted(peaks.items())}


def is_waiting(db: Db) -> bool:
    return lanes.backlog_exceeds(db, 0)


def note_memory(peaks: dict[str, int]) -> None:
    """The most that the worker and the scheduler have held."""
    for process in psutil.Process().children(recursive=True):
        try:
            name = next((word for word in process.cmdline() if word in ("worker", "scheduler")), None)
            if name is not None:
                peaks[name] = max(peaks.get(name, 0), process.memory_info().rss)
        except psutil.Error:
            continue


def _bare(db: Db, content: bytes) -> float:
    """The loop that one would write by hand."""
    db.contacts.drop()
    db.known.aggregate([{"$out": "contacts"}])
    db.contacts.create_index("keys", unique=True)
    began = time.perf_counter()
    for batch in chunks(csv.DictReader(io.StringIO(content.decode())), BATCH):
        _write(db, batch)
    return time.perf_counter() - began


def _write(db: Db, batch: list[dict[str, str]]) -> None:
    keys = [f"x:{row['customer id']}" for row in batch]
    known = {
        key: row
        for row in db.contacts.find({"keys": {"$in": keys}}, {"keys": 1, "custom": 1, "last_name": 1})
        for key in row["keys"]
    }
    new, changes, acts = [], [], []
    for key, row in zip(keys, batch, strict=True):
        there = known.get(key)
        if there is None:
            new.append(_contact(key, row))
        elif there.get("custom", {}).get("city") != row["city"]:
            changes.append(UpdateOne({"_id": there["_id"]}, {"$set": {"custom.city": row["city"]}}))
        else:
            continue
        acts.append({"_id": f"b-{key}", "type": "contact_imported", "stream": key, "traits": row})
    for collection, documents in ((db.contacts, new), (db.activities, acts)):
        if documents:
            collection.insert_many(documents, ordered=False)
    if changes:
        db.contacts.bulk_write(changes, ordered=False)


def _same_writes(ours: Db, raw: Db, content: bytes, began: datetime) -> float:
    """Seconds to look up and write what an import that `began` then has left of each of its steps."""
    for known in chunks(raw.known.find(), BATCH):
        raw.contacts.insert_many(known)
    seconds = 0.0
    for rows in chunks(csv.DictReader(io.StringIO(content.decode())), STEP):
        keys = [f"x:{row['customer id']}" for row in rows]
        left = _left_of(ours, raw, keys, began)
        start = time.perf_counter()
        list(raw.contacts.find({"keys": {"$in": keys}}))
        with raw.client.start_session() as session, session.start_transaction():
            for name, writes in left.items():
                if writes:
                    raw[name].bulk_write(writes, session=session)
        seconds += time.perf_counter() - start
    return seconds


def _left_of(ours: Db, raw: Db, keys: Sequence[str], began: datetime) -> dict[str, list[Any]]:
    """What an import wrote of the people with some keys, by collection."""
    there = {row["_id"]: row for row in raw.contacts.find({"keys": {"$in": keys}})}
    now = {row["_id"]: row for row in ours.contacts.find({"keys": {"$in": keys}})}
    new = [id_ for id_ in now if id_ not in there]
    streams = {"$in": [*keys, *(f"c:{id_}" for id_ in new)]}
    theirs = {"stream": streams, "$or": [{"stream": {"$regex": "^c:"}}, {"received_at": {"$gte": began}}]}
    changed = [id_ for id_, row in there.items() if row["v"] != now[id_]["v"]]
    return {
        "activities": [InsertOne(row) for row in ours.activities.find(theirs)],
        "contacts": [
            *(InsertOne(now[id_]) for id_ in new),
            *(UpdateOne({"_id": id_}, contact_codec.difference(there[id_], now[id_])) for id_ in changed),
        ],
        "ledger": [InsertOne(row) for row in ours.ledger.find({"contact": {"$in": new}})],
    }


def _contact(key: str, row: dict[str, str]) -> Document:
    keys = [key, f"e:{row['email']}", f"p:{row['mobile']}"]
    custom = {name: row[name] for name in ("city", "country", "language", "gender")}
    return {
        "_id": f"n{key}",
        "keys": keys,
        "email": row["email"],
        "external_id": row["customer id"],
        "mobile_phone": row["mobile"],
        "first_name": row["first name"],
        "last_name": row["last name"],
        "birth_date": row["birthday"],
        "custom": custom,
        "statuses": {"newsletter": {"state": "subscribed", "since": row["consent date"]}},
        "first_seen": utc_now(),
    }
