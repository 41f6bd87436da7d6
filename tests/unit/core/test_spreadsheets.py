"""Cells of files that spreadsheets open."""

import pytest

from engine.core.spreadsheets import harmless, unharmed


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
        ("O'Hara", "O'Hara"),
        ("'quoted'", "'quoted'"),
        ("Ana", "Ana"),
        (None, ""),
        (7, "7"),
    ],
)
def test_a_cell_that_would_run_is_made_text(cell, written):
    assert harmless(cell) == written
    assert unharmed(written) == ("" if cell is None else str(cell))
