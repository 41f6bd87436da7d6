"""What is wanted of a timeline, in an address and back."""

from datetime import date

import pytest

from dashboard.sheet.activity.activity_address import parameters, read
from engine.contacts.sheet.timelines import TimelineFilter


@pytest.mark.parametrize(
    "wanted",
    [
        TimelineFilter(),
        TimelineFilter(types=("order_completed", "page_visited")),
        TimelineFilter(types=("Asked, twice & 100%", "<b>x</b>")),
        TimelineFilter(first=date(2026, 3, 1)),
        TimelineFilter(last=date(2026, 3, 1), text="trail & shoe = 50%"),
    ],
)
def test_an_address_says_the_same_again(wanted):
    assert read(parameters(wanted)) == wanted


def test_nothing_wanted_is_nothing_in_the_address():
    assert parameters(TimelineFilter(text="  ")) == {}
    assert not TimelineFilter(text="  ")


def test_what_makes_no_sense_is_left_out():
    assert read({"from": "yesterday", "to": "2026-02-31", "type": ",,", "find": "x" * 900}) == TimelineFilter(
        text="x" * 200
    )
