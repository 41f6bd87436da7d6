"""Cells are read as people write them, and what cannot be told is asked for, never guessed."""

from datetime import date, datetime

import pytest

from engine.domain.rulebook import CustomField
from engine.imports.mapping.cell_format import Ambiguous, CellFormat, InvalidValue
from engine.imports.mapping.dates import detect_date_order, read_date
from engine.imports.mapping.numbers import detect_decimal_mark, read_number
from engine.imports.mapping.values import field_value, is_blank, option, read_boolean, read_list, read_phone
from engine.imports.reading.formula_escape import unescape_formula

TODAY = date(2026, 11, 25)


@pytest.mark.parametrize(
    ("cells", "order"),
    [
        (["31/03/2024", "04/05/2024"], "dmy"),
        (["03/31/2024", "04/05/2024"], "mdy"),
        (["3-4-24", "25-4-24"], "dmy"),
        (["2024-03-31", "2024-04-05"], None),
        (["", "hello"], None),
        (["04/05/2024", "06/07/2024"], Ambiguous("dates", "04/05/2024")),
        (["31/03/2024", "03/31/2024", "1/2/2024"], Ambiguous("dates", "31/03/2024")),
    ],
)
def test_the_order_of_dates_is_told_by_the_days_after_the_twelfth(cells, order):
    assert detect_date_order(cells) == order


@pytest.mark.parametrize(
    ("cell", "order", "day"),
    [
        ("2024-03-31", None, date(2024, 3, 31)),
        ("2024/3/1", None, date(2024, 3, 1)),
        ("31/03/2024", "dmy", date(2024, 3, 31)),
        ("03/31/2024", "mdy", date(2024, 3, 31)),
        ("04.05.2024", "dmy", date(2024, 5, 4)),
        ("04/05/2024", "mdy", date(2024, 4, 5)),
        ("31/03/2024", "mdy", date(2024, 3, 31)),
        ("1/2/90", "dmy", date(1990, 2, 1)),
        ("1/2/26", "dmy", date(2026, 2, 1)),
        ("1/2/27", "dmy", date(1927, 2, 1)),
        ("Mar 3, 2026", None, date(2026, 3, 3)),
        ("3 March 2026", None, date(2026, 3, 3)),
        ("3 de marzo de 2026", None, date(2026, 3, 3)),
        ("29/02/2024", "dmy", date(2024, 2, 29)),
        ("2024-03-31T10:20:30Z", None, datetime.fromisoformat("2024-03-31T10:20:30+00:00")),
        ("2024-03-31 10:20:30.123 +0200", None, datetime.fromisoformat("2024-03-31T10:20:30+02:00")),
        ("31/03/2024 22:15", "dmy", datetime.fromisoformat("2024-03-31T22:15")),
        ("3/4/2024 12:05 AM", "mdy", datetime.fromisoformat("2024-03-04T00:05")),
    ],
)
def test_dates_are_read_as_people_and_tools_write_them(cell, order, day):
    assert read_date(cell, order, today=TODAY) == day


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("31/02/2024", "there is no such day"),
        ("32/01/2024", "there is no such day"),
        ("2023-02-29", "there is no such day"),
        ("45382", "how a spreadsheet keeps a date"),
        ("03/31", "lacks the year"),
        ("soon", "is no date; write it as 2026-03-31"),
        ("31/03/2024 25:00", "there is no such time"),
        ("31/03/2024 late", "is no time of day"),
        ("3 Foo 2024", "is no date"),
    ],
)
def test_what_is_no_date_is_refused_with_what_to_do(cell, says):
    with pytest.raises(InvalidValue, match=says):
        read_date(cell, "dmy", today=TODAY)


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


def test_yes_and_no_are_understood_in_english_and_spanish():
    assert [read_boolean(cell) for cell in ("Yes", "SÍ", "si", "1", "verdadero")] == [True] * 5
    assert [read_boolean(cell) for cell in ("no", "FALSO", "0")] == [False] * 3
    with pytest.raises(InvalidValue, match="'maybe' is neither yes nor no"):
        read_boolean("maybe")


def test_several_values_of_a_cell_are_told_apart():
    assert read_list("a | b|c, d") == ["a", "b", "c, d"]
    assert read_list("a; b") == read_list("a, b") == read_list('["a", "b"]') == ["a", "b"]


@pytest.mark.parametrize("cell", ["3.46E+10", "3,46E+10", "3.46001E+11", "+3.46e+10"])
def test_a_phone_that_a_spreadsheet_rounded_is_refused_with_what_to_do(cell):
    with pytest.raises(
        InvalidValue, match="its digits are lost: in the original, give the column the format Text"
    ):
        read_phone(cell)


def test_placeholders_say_nothing_where_somebody_is_named_and_are_names_elsewhere():
    assert (
        is_blank(" ")
        and is_blank(None)
        and is_blank("NULL", identity=True)
        and is_blank("\\N", identity=True)
    )
    assert not is_blank("Null")


def test_the_apostrophe_against_formulas_is_taken_off_and_others_stay():
    assert [unescape_formula(cell) for cell in ("'=1+1", "'+34600", "'s-Hertogenbosch", "O'Neill")] == [
        "=1+1", "+34600", "'s-Hertogenbosch", "O'Neill",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("cell", "type_", "kept"),
    [
        (" Roma ", "text", "Roma"),
        ("1.234,5", "number", 1234.5),
        ("sí", "boolean", True),
        ("31/12/1990 10:00", "date", "1990-12-31"),
        ("a|b", "list", ["a", "b"]),
    ],
)
def test_a_cell_is_kept_as_its_field_declares(cell, type_, kept):
    assert field_value(cell, type_, CellFormat(dates="dmy"), today=TODAY) == kept


def test_text_that_is_too_long_is_refused():
    with pytest.raises(InvalidValue, match="at most 1,000 characters is wanted"):
        field_value("a" * 1001, "text", CellFormat(), today=TODAY)


def test_an_option_is_taken_whatever_its_case_and_another_is_refused_with_those_there_are():
    size = CustomField("size", "Size", "text", options=("S", "M", "L"))

    assert (option("m", size), option("L", size)) == ("M", "L")
    with pytest.raises(InvalidValue, match="'XL' is not offered; one of S, M, L is wanted"):
        option("XL", size)
