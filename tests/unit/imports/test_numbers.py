"""Numbers in cells: decimal marks, thousands and currencies."""

from datetime import date

import pytest

from engine.imports.mapping.cell_format import Ambiguous, InvalidValue
from engine.imports.mapping.numbers import detect_decimal_mark, read_number

TODAY = date(2026, 11, 25)


@pytest.mark.parametrize(
    ("cells", "mark"),
    [
        (["1,5", "2"], ","),
        (["1.5"], "."),
        (["1.234,50"], ","),
        (["1,234.50"], "."),
        (["1.234.567"], ","),
        (["0.125"], "."),
        (["12", ""], None),
        (["1.234", "2.500"], Ambiguous("decimals", "1.234")),
        (["1,5", "2.5"], Ambiguous("decimals", "")),
    ],
)
def test_what_divides_decimals_is_told_by_the_numbers(cells, mark):
    assert detect_decimal_mark(cells) == mark


@pytest.mark.parametrize(
    ("cell", "mark", "number"),
    [
        ("1.234,50 €", None, "1234.50"),
        ("$1,234.50", None, "1234.50"),
        ("EUR 3,5", None, "3.5"),
        ("1.234", ",", "1234"),
        ("1.234", ".", "1.234"),
        ("1,234", ".", "1234"),
        ("-3", None, "-3"),
        ("1 234,5", None, "1234.5"),
        ("3.46E+10", None, "3.46E+10"),
        ("21%", None, "21"),
    ],
)
def test_numbers_are_read_as_people_write_them(cell, mark, number):
    assert read_number(cell, mark) == number


@pytest.mark.parametrize("cell", ["twelve", "1.2.3,4,5", "--3", "€", "nan", "inf"])
def test_what_is_no_number_is_refused(cell):
    with pytest.raises(InvalidValue, match="is no number"):
        read_number(cell, None)
