"""Rows of an Excel workbook (XLSX), read by calamine in a tenth of the time that openpyxl takes.

calamine holds a sheet in memory, about 70 bytes a cell, so that its size is limited here; a ZIP bomb is
refused before it is decompressed, and a process of its own tries each sheet first (`reading_probe`).
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import islice, pairwise
from typing import Any, BinaryIO

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from engine.imports.reading.delimited import Record
from engine.imports.reading.formats import Opener
from engine.imports.reading.heading_row import ROWS, NumberedRow, looks_like_header
from engine.imports.reading.problems import UnreadableFile
from engine.imports.reading.reading_probe import readable_sheets

_NO_CHARACTER = re.compile("_x(FFF[EF])_|_x005F_(?=xFFF[EF]_)")

MAX_PACKED = 200 * 1024**2
"""Bytes of a workbook as it is sent."""

MAX_PART = 300 * 1024**2
"""Bytes of a sheet, or of the workbook's texts, once decompressed: some 400,000 rows of twelve columns."""

MAX_RATIO = 300
"""The compression ratio that a part of over a megabyte may have; real ones have 10 to 100."""

SMALL = 1024**2


def sheets(open_: Opener) -> list[str]:
    """Return the names of a workbook's sheets.  Raises UnreadableFile."""
    return list(_opened(_packed(open_)).sheet_names)


def proposed_sheet(open_: Opener, sheet: str | None = None) -> tuple[str, list[NumberedRow]]:
    """Return the sheet that seems to hold the data, empty for the first, and its first rows.

    It is the first visible one with headings above addresses, else the one with most addresses and cells;
    or the given one.  Raises UnreadableFile.
    """
    packed = _packed(open_)
    workbook = _opened(packed)
    names = list(workbook.sheet_names)
    if sheet is not None:
        return sheet, _first_rows(workbook, packed, [sheet or names[0]])[0] if sheet or names else []
    visible = [
        one.name
        for one in workbook.sheets_metadata
        if one.typ == SheetTypeEnum.WorkSheet and one.visible == SheetVisibleEnum.Visible
    ] or names
    best, rank = ("", list[NumberedRow]()), (-1, -1)
    for name, rows in zip(visible, _first_rows(workbook, packed, visible), strict=True):
        found = "" if name == names[0] else name, rows
        if len(visible) == 1 or _has_people(rows):
            return found
        if _rank(rows) > rank:
            best, rank = found, _rank(rows)
    return best


def _first_rows(workbook: CalamineWorkbook, packed: bytes, names: Sequence[str]) -> list[list[NumberedRow]]:
    """The first rows of some sheets that are not blank; none if a sheet cannot be read."""
    readable = readable_sheets(packed, names)
    return [_first_rows_of(workbook, name) if name in readable else [] for name in names]


def _first_rows_of(workbook: CalamineWorkbook, name: str) -> list[NumberedRow]:
    try:
        rows = enumerate(workbook.get_sheet_by_name(name).iter_rows(), start=1)
    except (CalamineError, ValueError):
        return []
    texts = ((line, [text_of(cell) for cell in row]) for line, row in rows)
    return list(islice((one for one in texts if any(one[1])), ROWS))


def _has_people(rows: Sequence[NumberedRow]) -> bool:
    """Whether a row of several headings stands right above one with an address."""
    return any(
        looks_like_header(row) and sum(map(bool, row)) > 1 and any(map(_is_address, after))
        for (_, row), (_, after) in pairwise(rows)
    )


def _rank(rows: Sequence[NumberedRow]) -> tuple[int, int]:
    addresses = sum(any(map(_is_address, row)) for _, row in rows)
    return addresses, sum(filled for _, row in rows if (filled := sum(map(bool, row))) > 1)


def _is_address(cell: str) -> bool:
    return "@" in cell and " " not in cell.strip()


def records(open_: Opener, sheet: str) -> Iterator[Record]:
    """Yield the rows of a sheet (empty: the first) except blank ones, each with its number in the sheet."""
    packed = _packed(open_)
    workbook = _opened(packed)
    names = workbook.sheet_names
    if sheet and sheet not in names:
        raise UnreadableFile(f"there is no sheet {sheet!r}; the workbook has: {', '.join(names)}")
    if not names:
        raise UnreadableFile("the workbook has no sheet")
    if not readable_sheets(packed, [sheet or names[0]]):
        raise UnreadableFile(
            f"the sheet {sheet or names[0]!r} spans too many cells to be read, probably by a stray one far "
            "from the others (Ctrl+End leads to it): delete its row and column, or save the sheet as CSV"
        )
    try:
        found = workbook.get_sheet_by_name(sheet or names[0])
    except CalamineError as error:
        raise UnreadableFile(f"the sheet cannot be read: {error}") from None
    for line, row in enumerate(found.iter_rows(), start=1):
        cells = [text_of(cell) for cell in row]
        if any(cells):
            yield line, cells, None


def text_of(cell: Any) -> str:
    """Return a cell as text: dates in ISO 8601, whole numbers without decimals."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else _number(cell)
    if isinstance(cell, datetime):
        midnight = cell.time() == time()
        return cell.date().isoformat() if midnight else cell.isoformat(sep=" ", timespec="seconds")
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    text = str(cell)
    return _NO_CHARACTER.sub(_no_character, text) if "_xFFF" in text else text


def _no_character(found: re.Match[str]) -> str:
    """What an export wrote for U+FFFE and U+FFFF, which XML cannot hold, or for the text of such a code."""
    return chr(int(found[1], 16)) if found[1] else "_"


def _number(cell: float) -> str:
    text = repr(cell)
    return format(Decimal(text), "f") if "e-" in text else text


def _packed(open_: Opener) -> bytes:
    with closing(open_()) as stream:
        packed = stream.read(MAX_PACKED + 1)
    if len(packed) > MAX_PACKED:
        raise UnreadableFile(f"the workbook is over {MAX_PACKED // 1024**2} MB: save it as CSV")
    _refuse_bomb(io.BytesIO(packed))
    return packed


def _opened(packed: bytes) -> CalamineWorkbook:
    try:
        return CalamineWorkbook.from_filelike(io.BytesIO(packed))
    except CalamineError as error:
        raise UnreadableFile(f"the workbook cannot be read: {error}") from None


def _refuse_bomb(packed: BinaryIO) -> None:
    try:
        parts = zipfile.ZipFile(packed).infolist()
    except zipfile.BadZipFile as error:
        raise UnreadableFile(
            f"the workbook is damaged ({error}): save it again, or as CSV, and upload that"
        ) from None
    names = {part.filename for part in parts}
    if "mimetype" in names and "content.xml" in names:
        raise UnreadableFile("this is an OpenDocument file: save it as CSV or as .xlsx and import that")
    if "xl/workbook.xml" not in names:
        raise UnreadableFile("this is a ZIP archive, no workbook: unpack it and import the files in it")
    for part in parts:
        large = part.file_size > SMALL
        if large and part.file_size > MAX_RATIO * max(part.compress_size, 1):
            raise UnreadableFile(
                f"the workbook's part {part.filename} would unpack to {part.file_size // 1024**2:,} MB "
                f"from {part.compress_size // 1024:,} KB: no real spreadsheet does that"
            )
        if part.file_size > MAX_PART:
            raise UnreadableFile(
                f"the workbook's part {part.filename} has {part.file_size // 1024**2:,} MB, over the limit "
                f"of {MAX_PART // 1024**2} MB: save it as CSV, which has none"
            )
