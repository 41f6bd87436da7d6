"""Dates in cells: every usual notation, and the order of day and month of a column."""

from datetime import date, datetime

import pytest

from engine.imports.mapping.cell_format import Ambiguous, InvalidValue
from engine.imports.mapping.dates import detect_date_order, read_date

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
        ("2024-03-31 10:20:30.123 +0200", None, datetime.fromisoformat("2024-03-31T10:20:30.123+02:00")),
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
