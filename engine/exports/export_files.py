"""Files of an export, written a batch of rows at a time: CSV, Excel, Parquet."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, BinaryIO, Literal, Protocol
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from engine.exports import export_cells as cells
from engine.exports.column import Column
from engine.exports.workbook_writer import (
    MAX_ROWS,
    WorkbookWriter,
    day_cell,
    moment_cells,
    number_cell,
    text_cell,
)
from engine.imports.reading.formula_escape import escape_formula

FileFormat = Literal["csv", "xlsx", "parquet"]

ROW_GROUP = 50_000
"""Rows that a Parquet file keeps together: what a reader takes at once."""

Values = Sequence[Sequence[Any]]
"""Rows, column by column."""


class TableFile(Protocol):
    """A file that rows are written into."""

    def write(self, columns: Values) -> None:
        """Write some rows.  Raises WorkbookTooLarge."""

    def close(self) -> None:
        """Finish the file; what it is written to stays open."""


@dataclass(frozen=True)
class FormatInfo:
    """A format: what a person calls it, what browsers do, and how many rows it holds."""

    label: str
    mime: str
    make: Callable[[BinaryIO, Sequence[Column], ZoneInfo], TableFile]
    most_rows: int | None = None


class _Csv:
    def __init__(self, out: BinaryIO, columns: Sequence[Column], zone: ZoneInfo) -> None:
        self._kinds, self._zone = [column.kind for column in columns], zone
        headings = io.StringIO()
        csv.writer(headings, lineterminator="\n").writerow(
            [escape_formula(column.label) for column in columns]
        )
        out.write(b"\xef\xbb\xbf" + headings.getvalue().encode())  # the mark tells Excel that it is UTF-8
        self._names = [str(number) for number in range(len(columns))]
        self._writer = pyarrow.csv.CSVWriter(
            out,
            pa.schema([(name, pa.string()) for name in self._names]),
            write_options=pyarrow.csv.WriteOptions(include_header=False),
        )

    def write(self, columns: Values) -> None:
        written = [
            cells.texts(kind, values, self._zone) for kind, values in zip(self._kinds, columns, strict=True)
        ]
        self._writer.write_batch(pa.record_batch(written, names=self._names))

    def close(self) -> None:
        self._writer.close()


class _Parquet:
    def __init__(self, out: BinaryIO, columns: Sequence[Column], _zone: ZoneInfo) -> None:
        self._schema = pa.schema([(column.label, _ARROW[column.kind]) for column in columns])
        self._kinds = [column.kind for column in columns]
        self._writer = pyarrow.parquet.ParquetWriter(out, self._schema, compression="zstd")
        self._waiting: list[pa.RecordBatch] = []
        self._rows = 0

    def write(self, columns: Values) -> None:
        arrays = [_typed(kind, values) for kind, values in zip(self._kinds, columns, strict=True)]
        batch = pa.record_batch(arrays, schema=self._schema)
        self._waiting.append(batch)
        self._rows += batch.num_rows
        if self._rows >= ROW_GROUP:
            self._flush()

    def close(self) -> None:
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        if self._waiting:
            self._writer.write_table(
                pa.Table.from_batches(self._waiting, self._schema), row_group_size=ROW_GROUP * 2
            )
        self._waiting, self._rows = [], 0


_MONEY = pa.decimal128(38, 12)
"""Twelve decimals: an amount that a rate has converted is exact, too."""

_ARROW = {
    "text": pa.string(),
    "whole": pa.int64(),
    "number": pa.float64(),
    "money": _MONEY,
    "boolean": pa.bool_(),
    "day": pa.date32(),
    "moment": pa.timestamp("ms", tz="UTC"),
    "instant": pa.timestamp("ms", tz="UTC"),
    "list": pa.list_(pa.string()),
}


def _typed(kind: str, values: Sequence[Any]) -> pa.Array:
    if kind != "money":
        return pa.array(values, _ARROW[kind])
    amounts = [n if n is None else cells.money_text(n) for n in values]
    try:
        return pa.array(amounts, pa.string()).cast(_MONEY)
    except pa.ArrowInvalid:  # more decimals than the type has, of an amount that was converted
        return pa.array([n if n is None else round(Decimal(n), 12) for n in amounts], _MONEY)


class _Workbook:
    def __init__(self, out: BinaryIO, columns: Sequence[Column], zone: ZoneInfo) -> None:
        self._kinds, self._zone = [column.kind for column in columns], zone
        widths = [20 if kind in ("text", "list", "moment", "instant") else 12 for kind in self._kinds]
        self._writer = WorkbookWriter(
            out, "Export", [escape_formula(column.label) for column in columns], widths
        )

    def write(self, columns: Values) -> None:
        self._writer.write(
            [self._cells(kind, values) for kind, values in zip(self._kinds, columns, strict=True)]
        )

    def close(self) -> None:
        self._writer.close()

    def _cells(self, kind: str, values: Sequence[Any]) -> list[str]:
        if kind == "moment":
            unset, local, _ = cells.local_times(values, self._zone)
            return moment_cells(unset.to_pylist(), local.tolist())
        if kind == "day":
            return [day_cell(day) for day in values]
        found = cells.texts(kind, values, self._zone).to_pylist()  # type: ignore[arg-type]
        make = _number_or_text if kind in ("whole", "number", "money") else text_cell
        return [make(text) for text in found]


def _number_or_text(number: str | None) -> str:
    """A number; as text if it has more digits than Excel would keep."""
    digits = 0 if number is None else len(number.lstrip("-").replace(".", "").strip("0"))
    return text_cell(number) if digits > 15 else number_cell(number)


FORMATS: Mapping[FileFormat, FormatInfo] = {
    "csv": FormatInfo("CSV", "text/csv", _Csv),
    "xlsx": FormatInfo(
        "Excel",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        _Workbook,
        most_rows=MAX_ROWS - 1,
    ),
    "parquet": FormatInfo("Parquet", "application/vnd.apache.parquet", _Parquet),
}
"""The file formats."""
