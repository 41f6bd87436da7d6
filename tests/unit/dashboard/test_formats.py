"""How dates, money and counts are written."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from dashboard import formats

MADRID = ZoneInfo("Europe/Madrid")
NOW = datetime(2026, 3, 2, 22, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        (timedelta(seconds=-5), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=5), "5 min ago"),
        (timedelta(hours=3), "3 h ago"),
        (timedelta(days=1), "1 day ago"),
        (timedelta(days=6), "6 days ago"),
        (timedelta(days=30), "31 Jan 2026"),
    ],
)
def test_how_long_ago(passed, words):
    assert formats.ago(NOW - passed, NOW, MADRID) == words


def test_days_are_the_accounts():
    late = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)

    assert formats.moment(late, MADRID) == "3 Mar 2026, 00:30"
    assert formats.day_heading(late, late, MADRID) == "Today"
    assert formats.day_heading(late - timedelta(days=1), late, MADRID) == "Yesterday"


def test_money_has_its_currency_and_two_decimals():
    assert formats.money(Decimal("1234.5"), "EUR") == "1,234.50 EUR"
    assert formats.money(None, "EUR") == formats.NOTHING


@pytest.mark.parametrize(
    ("number", "words"), [(1, "+1 point"), (5, "+5 points"), (-3, "\N{MINUS SIGN}3 points")]
)
def test_points_have_their_sign(number, words):
    assert formats.points(number) == words
