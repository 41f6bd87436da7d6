"""Only a delay that tells something of an activity is worth a word."""

from datetime import UTC, datetime, timedelta

from dashboard.sheet.activity.timeline_delays import delays
from engine.contacts.sheet.timeline_rows import TimelineRow

NOW = datetime(2026, 3, 12, 12, tzinfo=UTC)


def a_row(id_, *, happened, came, derived=False):
    """An activity that happened and came in so many hours ago."""
    happened_at, received_at = NOW - timedelta(hours=happened), NOW - timedelta(hours=came)
    return TimelineRow(
        id_, "visit", "Visit", "x", happened_at, "", None, {"received_at": received_at}, derived, False, False
    )


def test_what_came_long_after_others_had_begun_to_come_is_late():
    rows = [
        a_row("today", happened=1, came=1),
        a_row("order", happened=72, came=2),
        a_row("visit", happened=71, came=71),
        a_row("before", happened=90, came=90),
    ]

    assert delays(rows) == {"order": timedelta(hours=70)}


def test_a_history_that_came_as_a_whole_has_no_late_ones():
    history = [a_row(str(n), happened=24 * n, came=3 - n / 100) for n in range(1, 40)]

    assert delays(history) == {}
    assert delays([a_row("live", happened=0.5, came=0.5), *history]) == {}


def test_what_followed_from_a_history_at_its_time_did_not_come_before_it():
    entered = a_row("entered", happened=47, came=47, derived=True)

    assert delays([entered, a_row("visit", happened=48, came=2)]) == {}


def test_up_to_an_hour_is_on_time():
    assert delays([a_row("a", happened=1, came=0.9), a_row("b", happened=1.5, came=0.6)]) == {}
