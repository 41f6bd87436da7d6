"""Who comes on which day: always the same people on the same day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from workers.demo.arrivals import Arrivals

MONDAY = date(2026, 3, 2)


def days(number: int) -> list[date]:
    return [MONDAY - timedelta(days=back) for back in range(number)]


@pytest.mark.parametrize(("contacts", "within"), [(400, 90), (400, 1), (3, 90), (5_000, 30), (400, 7)])
def test_about_as_many_come_as_were_asked_for(contacts: int, within: int) -> None:
    arrivals = Arrivals(contacts=contacts, days=within)

    come = sum(len(arrivals.on(day)) for day in days(within))

    assert come == pytest.approx(contacts, rel=0.2, abs=1)


@pytest.mark.parametrize(("contacts", "within"), [(400, 90), (400, 1), (3, 90), (5_000, 30)])
def test_the_day_of_a_person_is_the_day_on_which_they_come(contacts: int, within: int) -> None:
    arrivals = Arrivals(contacts=contacts, days=within)

    for day in days(60):
        assert all(arrivals.day_of(number) == day for number in arrivals.on(day))


def test_nobody_is_left_out_between_two_days() -> None:
    arrivals = Arrivals(contacts=400, days=90)

    for day in days(30):
        assert arrivals.on(day).stop == arrivals.on(day + timedelta(days=1)).start


def test_more_come_at_the_weekend() -> None:
    arrivals = Arrivals(contacts=7_000, days=7)
    monday, saturday = MONDAY, MONDAY + timedelta(days=5)

    assert len(arrivals.on(saturday)) > 1.4 * len(arrivals.on(monday))
