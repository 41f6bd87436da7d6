"""Cells of files that spreadsheets open."""

import pytest

from engine.imports.reading.formula_escape import escape_formula, unescape_formula


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        ("=1", "'=1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("-2+3", "'-2+3"),
        ("\t=1", "'\t=1"),
        ("-12.50", "-12.50"),
        ("+34600111222", "+34600111222"),
        ("'=1", "''=1"),
        ("''+x", "'''+x"),
        ("'123", "''123"),
        ("'1234AB", "''1234AB"),
        ("'90s music", "'90s music"),
        ("O'Hara", "O'Hara"),
        ("'quoted'", "'quoted'"),
        ("Ana", "Ana"),
        (None, ""),
        (7, "7"),
    ],
)
def test_a_cell_that_would_run_is_made_text(cell, written):
    assert escape_formula(cell) == written
    assert unescape_formula(written) == ("" if cell is None else str(cell))


def test_an_apostrophe_by_which_another_tool_keeps_a_number_text_is_taken_off():
    written = ["'6940095185044", "'+34600111222", "'08013", "'1234AB", "'tis", "'90s music"]

    assert list(map(unescape_formula, written)) == [
        "6940095185044", "+34600111222", "08013", "1234AB", "'tis", "'90s music",
    ]  # fmt: skip
