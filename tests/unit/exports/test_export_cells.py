"""Values as an export writes them."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.exports.export_cells import listed, number_text, texts
from engine.imports.mapping.numbers import detect_decimal_mark, read_number
from engine.imports.mapping.values import read_list
from engine.imports.reading.formula_escape import escape_formula, unescape_formula

MADRID = ZoneInfo("Europe/Madrid")

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)


@settings(deadline=None)
@given(st.lists(st.one_of(ANY_TEXT, st.from_regex(r"'*[=+\-@\t][0-9a.]*", fullmatch=True)), min_size=1))
def test_no_cell_runs_and_each_is_read_back_as_it_was(values):
    cells = texts("text", values, MADRID).to_pylist()

    assert cells == [escape_formula(value) for value in values]
    assert [unescape_formula(cell) for cell in cells] == values


@settings(deadline=None)
@given(st.lists(ANY_TEXT.map(str.strip).filter(bool), min_size=1, max_size=5))
def test_a_list_is_read_back_item_by_item(items):
    assert read_list(unescape_formula(escape_formula(listed(items)))) == items


@settings(deadline=None)
@given(st.one_of(st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False)))
def test_a_number_is_read_back_and_nobody_has_to_ask_what_its_point_is(number):
    text = number_text(number)

    assert float(read_number(text, None)) == number
    assert detect_decimal_mark([text]) in (".", None)


@pytest.mark.parametrize(
    ("at", "says"),
    [
        ("2026-03-29 00:59:59.999", "2026-03-29 01:59:59+01:00"),
        ("2026-03-29 01:00:00", "2026-03-29 03:00:00+02:00"),
        ("2026-10-25 00:30:00", "2026-10-25 02:30:00+02:00"),
        ("2026-10-25 01:30:00", "2026-10-25 02:30:00+01:00"),
        ("1969-12-31 23:00:00", "1970-01-01 00:00:00+01:00"),
        ("2099-07-01 00:00:00", "2099-07-01 02:00:00+02:00"),
        (None, None),
    ],
)
def test_a_moment_is_written_on_the_shops_clock_with_its_offset(at, says):
    moment, other = (
        at and datetime.fromisoformat(at),
        datetime.fromisoformat("2026-07-01"),
    )  # as MongoDB has them

    assert texts("moment", [moment], MADRID).to_pylist() == [says]
    assert texts("moment", [other, moment], MADRID).to_pylist()[1] == says


@pytest.mark.parametrize(
    ("kind", "values", "cells"),
    [
        ("money", ["49.90", "1.0E+3", None], ["49.90", "1000", None]),
        ("boolean", [True, False, None], ["yes", "no", None]),
        ("whole", [1_234, None], ["1234", None]),
        ("day", [date(2024, 2, 29), None], ["2024-02-29", None]),
        ("list", [["=a"], None], ["'=a", None]),
        ("text", ["a\0b"], ["ab"]),
        ("instant", [datetime(2026, 3, 31, 10, 15, 0, 7_000, UTC), None], ["2026-03-31T10:15:00.007Z", None]),
    ],
)
def test_each_kind_of_value_is_written_plainly(kind, values, cells):
    assert texts(kind, values, MADRID).to_pylist() == cells
