"""An Excel workbook of one sheet, written row by row in memory that does not grow.

Texts stand in the rows themselves, so that nothing has to be kept; no text is ever a formula.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, BinaryIO

from engine.errors import LimitExceeded

MAX_ROWS = 1_048_576
"""Rows that a sheet can have, its headings among them."""

MAX_COLUMNS = 16_384

MAX_CELL = 32_767
"""Characters of a cell; Excel calls a file with a longer one damaged, so that it is cut."""

MAX_SHEET = 2_000_000_000
"""Bytes of a sheet before it is packed: what every program that opens workbooks can read."""

_EPOCH = date(1899, 12, 30)
_FIRST_DAY = date(1900, 3, 1)
"""Before it Excel counts a day that never was."""

DAY, MOMENT, HEADING = 1, 2, 3
"""The styles of cells, as `_STYLES` numbers them."""

_ESCAPED = re.compile(r"[&<>\x00-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_NO_CHARACTER = re.compile("_xFFF[EF]_")
_NAMED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\n": "\n", "\t": "\t", "\0": ""}

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetViews>'
    '<sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
    '</sheetView></sheetViews><sheetFormatPr defaultRowHeight="15"/><cols>{columns}</cols><sheetData>'
)
_TAIL = "</sheetData></worksheet>"

_PARTS = {
    "[Content_Types].xml": (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        '<Override PartName="/xl/workbook.xml" ContentType='
        '"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
        '<Override PartName="/xl/styles.xml" ContentType='
        '"application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/>'
        '<Override PartName="/xl/worksheets/sheet1.xml" ContentType='
        '"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>'
    ),
    "_rels/.rels": (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="rId1" Type='
        '"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/_rels/workbook.xml.rels": (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="rId1" Type='
        '"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" '
        'Target="worksheets/sheet1.xml"/>'
        '<Relationship Id="rId2" Type='
        '"http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" '
        'Target="styles.xml"/></Relationships>'
    ),
    "xl/styles.xml": (
        '<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        '<numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/>'
        '<numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/></numFmts>'
        '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
        '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill>'
        '<fill><patternFill patternType="gray125"/></fill></fills>'
        '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
        '<cellXfs count="4"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
        '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
        '<xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
        '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/></cellXfs>'
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
    ),
}
_WORKBOOK = (
    '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>'
    '<sheet name="{name}" sheetId="1" r:id="rId1"/></sheets></workbook>'
)
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


class WorkbookTooLarge(LimitExceeded):
    """More than a workbook can hold."""


class WorkbookWriter:
    """Writes a sheet: its headings at once, then rows of cells that are XML already."""

    def __init__(self, out: BinaryIO, name: str, headings: Sequence[str], widths: Sequence[int]) -> None:
        self._rows, self._bytes = 0, 0
        self._zip = zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=3)
        for part, xml in (*_PARTS.items(), ("xl/workbook.xml", _WORKBOOK.format(name=escaped(name[:31])))):
            self._zip.writestr(part, _XML + xml)
        self._sheet = self._zip.open("xl/worksheets/sheet1.xml", "w")
        columns = "".join(
            f'<col min="{n}" max="{n}" width="{width}" customWidth="1"/>' for n, width in enumerate(widths, 1)
        )
        self._put(_HEAD.format(columns=columns))
        self.write([[text_cell(heading, HEADING)] for heading in headings])

    def write(self, columns: Sequence[Sequence[str]]) -> None:
        """Write some rows, column by column; raise WorkbookTooLarge."""
        self._rows += len(columns[0])
        if self._rows > MAX_ROWS:
            raise WorkbookTooLarge(
                f"an Excel sheet holds {MAX_ROWS - 1:,} rows besides its headings, and there are more: "
                "use CSV or Parquet, or a narrower filter"
            )
        self._put("".join([f"<row>{''.join(cells)}</row>" for cells in zip(*columns, strict=True)]))

    def close(self) -> None:
        self._put(_TAIL)
        self._sheet.close()
        self._zip.close()

    def _put(self, xml: str) -> None:
        found = xml.encode("utf-8", "replace")
        self._bytes += len(found)
        if self._bytes > MAX_SHEET:
            raise WorkbookTooLarge(
                "the sheet would be over 2 GB: use CSV or Parquet, fewer columns or a narrower filter"
            )
        self._sheet.write(found)


NOTHING = "<c/>"


def text_cell(text: str | None, style: int = 0) -> str:
    """A text: never a formula, whatever it begins with."""
    if not text:
        return NOTHING
    styled = f' s="{style}"' if style else ""
    return f'<c t="inlineStr"{styled}><is><t xml:space="preserve">{escaped(text[:MAX_CELL])}</t></is></c>'


def number_cell(number: str | None) -> str:
    """A number, written with a point."""
    return NOTHING if number is None else f"<c><v>{number}</v></c>"


def day_cell(day: date | None) -> str:
    """A day; as text where Excel knows none."""
    if day is None:
        return NOTHING
    if day < _FIRST_DAY:
        return text_cell(day.isoformat())
    return f'<c s="{DAY}"><v>{(day - _EPOCH).days}</v></c>'


def moment_cells(unset: Iterable[bool], local_ms: Iterable[Any]) -> list[str]:
    """Moments on some clock, in milliseconds since 1970."""
    return [
        NOTHING if nothing else f'<c s="{MOMENT}"><v>{int(at) // 1_000 / 86_400 + 25_569:.9f}</v></c>'
        for nothing, at in zip(unset, local_ms, strict=True)
    ]


def escaped(text: str) -> str:
    """A text within XML; what XML cannot hold as Excel writes it, `_x0007_`."""
    return _ESCAPED.sub(_escape, text) if _ESCAPED.search(text) else text


def _escape(found: re.Match[str]) -> str:
    sign = found[0]
    if sign == "_" and _NO_CHARACTER.match(found.string, found.start()):
        return "_x005F_x005F_"  # programs leave these codes as they are: our import reads them
    return _NAMED.get(sign) or ("" if sign == "\0" else f"_x{ord(sign):04X}_")
