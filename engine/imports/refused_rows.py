"""The rows that an import refused, given back as a file like the original."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from pymongo.database import Database

from engine.imports import import_request
from engine.imports.reading.formula_escape import escape_formula
from engine.jobs.jobs import Job

LINE, REASON = "Line in the file", "Why it was refused"
"""The columns that are added; an import leaves them out again."""


def name_of(job: Job) -> str:
    """What the file of refused rows is called: after the original."""
    name = str(job.wanted["file"]).removesuffix(".gz")
    stem, point, _ = name.rpartition(".")
    return f"{stem if point and stem else name}-refused.csv"


def refused_file(db: Database[dict[str, Any]], job: Job) -> Iterator[str]:
    """The refused rows as CSV, piece by piece, in the separator of the original.

    It begins with a byte-order mark, so that spreadsheets read it as UTF-8, and no cell runs
    as a formula; mended, it can be imported as it is.
    """
    separator = import_request.settings_of(job).format.separator
    headings = import_request.headings_of(job)
    yield "\ufeff" + _line([*headings, LINE, REASON], separator)
    for line, reason, cells in import_request.refused_rows(db, job.id):
        fitting = [*cells, *[""] * (len(headings) - len(cells))][: len(headings)]
        yield _line([*map(escape_formula, fitting), str(line), escape_formula(reason)], separator)


def _line(cells: list[str], separator: str) -> str:
    written = io.StringIO()
    csv.writer(written, delimiter=separator, lineterminator="\r\n").writerow(cells)
    return written.getvalue()
