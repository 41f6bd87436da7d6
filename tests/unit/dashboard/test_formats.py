"""How dates, money and counts are written, in the account's locale."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from babel import UnknownLocaleError

from dashboard import formats, wording
from dashboard.ui.chart_locale import axis_day, chart_locale

MADRID = ZoneInfo("Europe/Madrid")
NOW = datetime(2026, 3, 2, 22, 30, tzinfo=UTC)
LATE = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _restored():
    formats.write_as("en_GB")
    yield
    formats.write_as("en")


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        (timedelta(seconds=-5), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=5, seconds=50), "5 minutes ago"),
        (timedelta(minutes=59), "59 minutes ago"),
        (timedelta(hours=3, minutes=50), "3 hours ago"),
        (timedelta(hours=23, minutes=59), "23 hours ago"),
        (timedelta(days=1), "1 day ago"),
        (timedelta(days=6, hours=23), "6 days ago"),
        (timedelta(days=30), "31 Jan 2026"),
    ],
)
def test_how_long_ago(passed, words):
    assert formats.ago(NOW - passed, NOW, MADRID) == words


def test_days_are_the_accounts():
    assert formats.moment(LATE, MADRID) == "3 Mar 2026, 00:30"
    assert formats.day_heading(LATE, LATE, MADRID) == "Today"
    assert formats.day_heading(LATE - timedelta(days=1), LATE, MADRID) == "Yesterday"
    assert formats.day_heading(LATE - timedelta(days=2), LATE, MADRID) == "Sunday, 1 March 2026"


@pytest.mark.parametrize(
    ("locale", "moment", "short", "money", "count", "percent", "ago"),
    [
        ("en", "Mar 3, 2026, 12:30 AM", "Mar 3", "€1,234.50", "1,234,567", "12%", "3 hours ago"),
        ("en_GB", "3 Mar 2026, 00:30", "3 Mar", "€1,234.50", "1,234,567", "12%", "3 hours ago"),
        ("es", "3 mar 2026, 0:30", "3 mar", "1.234,50 €", "1.234.567", "12 %", "hace 3 horas"),
        ("de", "3. März 2026, 00:30", "3. März", "1.234,50 €", "1.234.567", "12 %", "vor 3 Stunden"),
    ],
)
def test_each_locale_writes_in_its_own_way(locale, moment, short, money, count, percent, ago):
    formats.write_as(locale)

    assert spaced(formats.moment(LATE, MADRID)) == moment
    assert formats.short_day(date(2026, 3, 3)) == short
    assert spaced(formats.money(Decimal("1234.5"), "EUR")) == money
    assert formats.count(1234567) == count
    assert spaced(formats.percent(0.123)) == percent
    assert spaced(formats.ago(NOW - timedelta(hours=3), NOW, MADRID)) == ago


def spaced(words):
    """With plain spaces for those that do not break."""
    return words.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")


SPOKEN = "ar_EG bg ca cs da de_CH el en_US fa fi fil fr_CA fy he hi hu id it ja ko ms nb nl pl pt_BR ro ru sv th tr uk vi zh_Hant_TW"


@pytest.mark.parametrize("locale", SPOKEN.split())
def test_every_locale_writes_everything(locale):
    formats.write_as(locale)

    written = [
        formats.moment(LATE, MADRID),
        formats.day_heading(LATE - timedelta(days=5), LATE, MADRID),
        *(formats.ago(NOW - timedelta(minutes=passed), NOW, MADRID) for passed in (1, 90, 2000)),
        formats.money(Decimal("-1234.5"), "EUR"),
        formats.signed(-5),
        formats.percent(0.5),
        formats.date_entry(),
        axis_day(),
    ]

    assert all(written)
    assert len(chart_locale()["time"]["months"]) == 12


def test_from_right_to_left_the_digits_stay_ours():
    formats.write_as("ar")

    assert formats.day(LATE, MADRID) == "3 مارس 2026"
    assert formats.count(1234) == "1,234"
    assert "1,234.50" in formats.money(Decimal("1234.5"), "EUR")


def test_a_locale_that_is_none_is_refused_and_changes_nothing():
    with pytest.raises((UnknownLocaleError, ValueError)):
        formats.write_as("klingon")

    assert str(formats.locale()) == "en_GB"


def test_money_knows_currencies_and_their_decimals():
    assert formats.money(Decimal("1234.5"), "JPY") == "JP¥1,234"
    assert formats.money(Decimal("7"), "XAU") == "7.00 XAU"
    assert formats.money(Decimal("1234.5"), None) == "1,234.50"
    assert formats.money(None, "EUR") == formats.NOTHING


def test_a_quantity_is_no_longer_than_it_must_be():
    assert formats.quantity(Decimal("2.000")) == "2"
    assert formats.quantity(Decimal("1000.25")) == "1,000.25"


@pytest.mark.parametrize(
    ("number", "words"), [(1, "+1 point"), (5, "+5 points"), (-3, "\N{MINUS SIGN}3 points")]
)
def test_points_have_their_sign(number, words):
    assert formats.points(number) == words


def test_a_word_goes_with_its_number():
    assert [wording.plural(number, "contact") for number in (0, 1, 2)] == ["contacts", "contact", "contacts"]
    assert wording.plural(2, "entry", "entries") == "entries"


@pytest.mark.parametrize(
    ("locale", "entry"), [("en", "MM/DD/YYYY"), ("es", "DD/MM/YYYY"), ("sv", "YYYY/MM/DD")]
)
def test_dates_are_typed_in_the_order_of_the_locale(locale, entry):
    formats.write_as(locale)

    assert formats.date_entry() == entry


def test_charts_write_days_and_numbers_in_the_same_way():
    formats.write_as("de")

    told = chart_locale()

    assert axis_day() == "%-d. %b"
    assert (told["number"]["decimal"], told["number"]["thousands"]) == (",", ".")
    assert told["time"]["days"][0] == "Sonntag"
    assert told["time"]["shortMonths"][4] == "Mai"


@pytest.mark.parametrize(
    ("bytes_", "says"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (3_440_000, "3.4 MB"),
        (999_600, "1 MB"),
        (123_456, "123 kB"),
        (5 * 10**13, "50,000 GB"),
    ],
)
def test_the_size_of_a_file_is_written_so_that_it_can_be_grasped(bytes_, says):
    assert formats.size(bytes_).replace("\u00a0", " ") == says
