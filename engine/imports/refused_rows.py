"""The refused rows of imports: stored with the reason, listed in the history, returned as a file to fix.

So are the rows that were imported without some of their cells (`LEFT_OUT`).
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pymongo import ReplaceOne

from engine.db import Db
from engine.domain.document import Document
from engine.imports import import_request
from engine.imports.import_request import cursor_at
from engine.imports.reading.formula_escape import escape_formula
from engine.imports.reading.problems import ERASED
from engine.imports.rows.row_batch import Refusal
from engine.jobs.jobs import Job, Refused
from engine.pipeline import tombstones
from engine.rules import versions

LINE = "Line in the file"
"""The first column that the file adds; an import leaves out what is added."""


@dataclass(frozen=True)
class Listing:
    """A list of rows: what its file is called, the heading of the reasons, and the mark of its ids."""

    name: str
    reason: str
    mark: str = ""


REFUSED = Listing("refused", "Why it was refused")
LEFT_OUT = Listing("left-out", "What was left out", "+")

MAX_STORED = 1_000_000
"""Characters of a refused row that are stored."""

MAX_REASON = 2_000
"""Characters of a reason that are stored."""


def store(db: Db, job: str, refusals: Iterable[Refusal], *, of: Listing = REFUSED) -> None:
    """Store rows of an import in a list; a row that is stored already is replaced."""
    writes = [
        ReplaceOne({"_id": row["_id"]}, row, upsert=True)
        for row in (_document(db, job + of.mark, refusal) for refusal in refusals)
    ]
    if writes:
        db.import_refusals.bulk_write(writes, ordered=False)


def rows_of(
    db: Db, job: str, *, of: Listing = REFUSED, limit: int = 0
) -> Iterator[tuple[int, str, list[str]]]:
    """Return the rows of a list of an import: line, reason and cells, in the order of the file."""
    found = db.import_refusals.find({"_id": _of_job(job, of)}).sort("_id", 1).limit(limit)
    return ((row["line"], row["reason"], row["cells"]) for row in found)


def refusals(db: Db, job: str, *, limit: int = 100) -> list[Refused]:
    """Return the refused rows of an import by line, each with the reason."""
    return [Refused(reason, line=line) for line, reason, _ in rows_of(db, job, limit=limit)]


def count(db: Db, job: str, *, of: Listing) -> int:
    """Return how many rows a list of an import has."""
    return db.import_refusals.count_documents({"_id": _of_job(job, of)})


def delete(db: Db, job: str) -> None:
    """Delete the lists of an import."""
    for of in (REFUSED, LEFT_OUT):
        db.import_refusals.delete_many({"_id": _of_job(job, of)})


# As a file


def file_name(job: Job, *, of: Listing = REFUSED) -> str:
    """Return the name of the file of a list: that of the original with `-refused` or `-left-out`."""
    name = str(job.wanted["file"]).removesuffix(".gz")
    stem, point, _ = name.rpartition(".")
    return f"{stem if point and stem else name}-{of.name}.csv"


def file_lines(db: Db, job: Job, *, of: Listing = REFUSED) -> Iterator[str]:
    """Return the rows of a list as the lines of a CSV file with the separator of the original.

    It starts with a byte-order mark, so that spreadsheets read it as UTF-8, and formulas are escaped.
    Once its cells are fixed, it can be imported as it is.
    """
    separator = import_request.settings_of(job).format.separator
    headings = import_request.headings_of(job)
    yield "\ufeff" + _csv_line([*headings, LINE, of.reason], separator)
    for line, reason, cells in rows_of(db, job.id, of=of):
        fitting = [*cells, *[""] * (len(headings) - len(cells))][: len(headings)]
        yield _csv_line([*map(escape_formula, fitting), str(line), escape_formula(reason)], separator)


def _csv_line(cells: list[str], separator: str) -> str:
    written = io.StringIO()
    csv.writer(written, delimiter=separator, lineterminator="\r\n").writerow(cells)
    return written.getvalue()


# As a document


def _document(db: Db, job: str, refusal: Refusal) -> Document:
    cells = [cell or "" for cell in refusal.row.cells]
    if _is_erased(db, refusal, cells):
        cells = []
    if sum(map(len, cells)) > MAX_STORED:
        cells = [cell[: MAX_STORED // len(cells)] for cell in cells]
    return {
        "_id": f"{job}/{cursor_at(refusal.line)}",
        "line": refusal.line,
        "kinds": sorted({problem.kind for problem in refusal.problems}),
        "reason": "; ".join(problem.message for problem in refusal.problems)[:MAX_REASON],
        "cells": cells,
    }


def _is_erased(db: Db, refusal: Refusal, cells: list[str]) -> bool:
    """Whether a row is about a person who was erased, whatever it was refused for."""
    if any(problem.kind == ERASED for problem in refusal.problems):
        return True
    if not tombstones.any_exist(db):
        return False
    region = versions.current(db).account.default_region
    return tombstones.names_erased(db, json.dumps(cells), region=region)


def _of_job(job: str, of: Listing) -> Document:
    return {"$gte": f"{job}{of.mark}/", "$lt": f"{job}{of.mark}0"}
