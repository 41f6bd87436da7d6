"""Cells are read as people write them, and what cannot be told is asked for, never guessed."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from engine.domain.rulebook import CustomField
from engine.imports.mapping.cell_format import CellFormat, InvalidValue
from engine.imports.mapping.values import field_value, is_blank, option, read_boolean, read_list
from engine.imports.reading.formula_escape import unescape_formula

TODAY = date(2026, 11, 25)
MADRID = ZoneInfo("Europe/Madrid")


def test_yes_and_no_are_understood_in_english_and_spanish():
    assert [read_boolean(cell) for cell in ("Yes", "SÍ", "si", "1", "verdadero")] == [True] * 5
    assert [read_boolean(cell) for cell in ("no", "FALSO", "0")] == [False] * 3
    with pytest.raises(InvalidValue, match="'maybe' is neither yes nor no"):
        read_boolean("maybe")


def test_several_values_of_a_cell_are_told_apart():
    assert read_list("a | b|c, d") == ["a", "b", "c, d"]
    assert read_list("a; b") == read_list("a, b") == read_list('["a", "b"]') == ["a", "b"]


def test_placeholders_say_nothing_where_somebody_is_named_and_are_names_elsewhere():
    assert (
        is_blank(" ")
        and is_blank(None)
        and is_blank("NULL", identity=True)
        and is_blank("\\N", identity=True)
    )
    assert not is_blank("Null")


@pytest.mark.parametrize("cell", ["NULL", "null", "\\N", "n/a", "N/A", "#N/A", "-", " - ", "(null)", "NaN"])
def test_what_databases_and_spreadsheets_write_for_no_value_is_none(cell):
    assert is_blank(cell)


@pytest.mark.parametrize(
    "cell", ['"null"', "0.0", "{{user_id}}", "\u200b", "\uff2e\uff35\uff2c\uff2c", "#N/A"]
)
def test_placeholders_of_a_file_are_those_of_events(cell):
    assert is_blank(cell, identity=True)


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
        ("31/12/1990 23:30", "date", "1990-12-31"),
        ("1990-05-31T22:00:00.000Z", "date", "1990-06-01"),
        ("1990-06-01T00:00:00Z", "date", "1990-06-01"),
        ("a|b", "list", ["a", "b"]),
    ],
)
def test_a_cell_is_kept_as_its_field_declares(cell, type_, kept):
    assert field_value(cell, type_, CellFormat(dates="dmy"), today=TODAY, zone=MADRID) == kept


def test_text_that_is_too_long_is_refused():
    with pytest.raises(InvalidValue, match="at most 1,000 characters is wanted"):
        field_value("a" * 1001, "text", CellFormat(), today=TODAY, zone=MADRID)


def test_an_option_is_taken_whatever_its_case_and_another_is_refused_with_those_there_are():
    size = CustomField("size", "Size", "text", options=("S", "M", "L"))

    assert (option("m", size), option("L", size)) == ("M", "L")
    with pytest.raises(InvalidValue, match="'XL' is not offered; one of S, M, L is wanted"):
        option("XL", size)
