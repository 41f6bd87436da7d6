"""Small files that would take all memory, or minutes, are refused in words or read in bounded time."""

import io
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from openpyxl import Workbook

from engine.imports.reading import formats, workbooks
from engine.imports.reading.problems import UnreadableFile
from engine.imports.reading.reading_probe import readable_sheets
from engine.imports.reading.table import read_table

CELLS = {
    "a declared dimension": "",
    "a prefix": '<y:c r="XFD1048576" xmlns:y="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><y:v>1</y:v></y:c>',
    "single quotes": "<c r='XFD1048576'><v>1</v></c>",
    "small letters": '<c r="xfd1048576"><v>1</v></c>',
    "a sign in an attribute": '<c z=">" r="XFD1048576"><v>1</v></c>',
}  # fmt: skip
SHEET = (
    '<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    '<dimension ref="A1:B2"/><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>email</t></is></c></row>'
    '<row r="1048576">{}</row></sheetData></worksheet>'
)


def opener(content):
    return lambda: io.BytesIO(content)


def workbook(*, stray="", sheets=("People",)):
    """A workbook of some sheets with two people each, the first with a stray cell in its last corner."""
    book = Workbook()
    book.remove(book.active)
    for name in sheets:
        sheet = book.create_sheet(name)
        for row in (["email", "name"], ["ana@example.com", "Ana"], ["leo@example.com", "Leo"]):
            sheet.append(row)
    if not stray:
        book.worksheets[0].cell(1_048_576, 16_384, "x")
    packed = io.BytesIO()
    book.save(packed)
    return _with_first_sheet(packed.getvalue(), SHEET.format(stray)) if stray else packed.getvalue()


def _with_first_sheet(packed, xml):
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(packed)) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            new.writestr(name, xml if name.endswith("sheet1.xml") else old.read(name))
    return changed.getvalue()


@pytest.mark.parametrize("stray", CELLS.values(), ids=CELLS)
def test_a_stray_cell_in_the_last_corner_is_named_and_ends_no_process(stray):
    open_ = opener(workbook(stray=stray))

    with pytest.raises(UnreadableFile, match=r"'People' spans too many cells"):
        list(read_table(open_, formats.detect(open_, sheet="")).rows)


def test_the_sheet_beside_one_that_cannot_be_read_is_read():
    open_ = opener(workbook(sheets=("Old", "People")))

    found = formats.detect(open_)

    assert found.sheet == "People"
    assert [row.cells[0] for row in read_table(open_, found).rows] == ["ana@example.com", "leo@example.com"]


def test_a_format_to_the_last_corner_is_no_cell():
    open_ = opener(workbook(stray='<c r="XFD1048576" s="0"/>'))

    assert workbooks.sheets(open_) == ["People"]
    assert list(workbooks.records(open_, "")) == [(1, ["email"], None)]


def test_a_file_of_stray_marks_is_read_in_bounded_time(monkeypatch):
    lines = []
    monkeypatch.setattr(
        "engine.imports.reading.quoting.Quoting.is_next_record", lambda *_: bool(lines.append(1))
    )
    open_ = opener(b"email,name\n" + b'y","\n' * 5_000)

    rows = list(read_table(open_, formats.detect(open_)).rows)

    assert len(rows) == 5_000
    assert all(row.problem is not None for row in rows)
    assert len(lines) < 500_000  # ten million without a bound


@pytest.mark.parametrize(
    "cells",
    [
        pa.array(["x" * 1_000_000] * 110),
        pa.DictionaryArray.from_arrays(pa.array([0] * 3_000), pa.array(["x" * 1_000_000])),
    ],
    ids=["texts", "a dictionary"],
)
def test_a_parquet_file_that_unpacks_to_gigabytes_is_refused(tmp_path, cells):
    bomb = tmp_path / "bomb.parquet"
    pq.write_table(pa.table({"email": cells}), bomb)
    assert bomb.stat().st_size < 200_000

    open_ = opener(bomb.read_bytes())
    with pytest.raises(UnreadableFile, match="unpack to more than 100 MB"):
        list(read_table(open_, formats.detect(open_)).rows)


def test_a_long_name_of_a_sheet_and_hundreds_of_sheets_cost_little():
    many = workbook(sheets=[f"Sheet {number}" for number in range(200)])

    assert readable_sheets(many, ["x" * 200_000]) == []
    assert len(readable_sheets(many, [f"Sheet {number}" for number in range(1, 200)])) == 50
