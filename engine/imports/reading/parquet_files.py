"""Rows of a Parquet file, streamed batch by batch.

PyArrow is imported where it is used: a worker that reads no such file starts without it.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from typing import Any

from engine.imports.reading.delimited import Record
from engine.imports.reading.formats import Opener
from engine.imports.reading.formula_escape import escape_formula
from engine.imports.reading.problems import UnreadableFile
from engine.imports.reading.reading_probe import MAX_BATCH, is_readable_parquet
from engine.imports.reading.workbooks import text_of

BATCH = 2_000
"""Rows in memory at a time."""

MAX_ROW_GROUP = 1024**3
"""Bytes of a row group once decompressed: its pages are read one after the other, but it is one piece."""


def records(open_: Opener) -> Iterator[Record]:
    """Yield the headings and the rows, numbered as in a CSV file.  Raises UnreadableFile."""
    import pyarrow.parquet as pq
    from pyarrow.lib import ArrowException

    with tempfile.TemporaryFile() as copy:  # the end of the file is read first
        with closing(open_()) as stream:
            shutil.copyfileobj(stream, copy)
        if not is_readable_parquet(copy, batch=BATCH):
            raise UnreadableFile(
                f"{BATCH:,} rows of the Parquet file unpack to more than {MAX_BATCH // 1024**2} MB: "
                "leave the column of long texts out, or save the file as CSV"
            )
        try:
            file = pq.ParquetFile(copy)
            _refuse_large(file.metadata)
            yield 1, list(file.schema_arrow.names), None
            line = 1
            for batch in file.iter_batches(batch_size=BATCH):
                for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                    line += 1
                    yield line, list(map(_text, row)), None
        except (ArrowException, OSError) as error:
            raise UnreadableFile(f"the Parquet file cannot be read: {error}") from None


def _refuse_large(metadata: Any) -> None:
    for number in range(metadata.num_row_groups):
        if metadata.row_group(number).total_byte_size > MAX_ROW_GROUP:
            raise UnreadableFile(
                f"a row group has over {MAX_ROW_GROUP // 1024**3} GB: write the file with smaller ones"
            )


def _text(cell: Any) -> str:
    """A cell as text, in the notation of other files, though no spreadsheet runs it.

    What looks like a formula is escaped, a number whose point could divide thousands gets a nought, and
    items that hold a separator are JSON.
    """
    if cell is None:
        return ""
    if isinstance(cell, str):
        return escape_formula(cell)
    if isinstance(cell, float):
        text = text_of(cell)
        return f"{text}0" if len(text.partition(".")[2]) == 3 else text
    if isinstance(cell, list):
        return escape_formula(_listed(cell))
    if isinstance(cell, datetime) and cell.tzinfo is not None:
        return cell.isoformat(sep=" ", timespec="milliseconds" if cell.microsecond else "seconds")
    if isinstance(cell, bytes):
        return cell.decode("utf-8", errors="replace")
    return text_of(cell)


def _listed(items: list[Any]) -> str:
    texts = [item if isinstance(item, str) else _text(item) for item in items]
    is_plain = all(
        text and text == text.strip() and not any(mark in text for mark in "|;,") for text in texts
    )
    if not texts or (is_plain and not texts[0].startswith("[")):
        return "|".join(texts)
    return json.dumps(texts, ensure_ascii=False)
