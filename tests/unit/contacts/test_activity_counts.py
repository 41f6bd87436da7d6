"""Activities over the time, in bars that fit."""

from datetime import date, timedelta

from engine.contacts.sheet.activity_counts import NOTHING, Counts, TypeCount, periods

SEEN, BOUGHT = TypeCount("seen", "Seen", "👀", 3), TypeCount("bought", "Bought", "📦", 1)


def counted(**days):
    """`counted(d2026_03_02={"seen": 1})`."""
    found = {date.fromisoformat(day.removeprefix("d").replace("_", "-")): of for day, of in days.items()}
    return Counts([SEEN, BOUGHT], found, whole=True)


def test_a_few_days_have_a_bar_each_also_the_empty_ones():
    unit, bars = periods(counted(d2026_03_02={"seen": 2}, d2026_03_04={"seen": 1, "bought": 1}))

    assert unit == "day"
    assert [(bar.first, bar.last, bar.count) for bar in bars] == [
        (date(2026, 3, 2), date(2026, 3, 2), 2),
        (date(2026, 3, 3), date(2026, 3, 3), 0),
        (date(2026, 3, 4), date(2026, 3, 4), 2),
    ]


def test_some_months_have_a_bar_for_each_week_from_monday_on():
    unit, bars = periods(counted(d2026_03_04={"seen": 1}, d2026_03_08={"seen": 1}, d2026_06_01={"bought": 1}))

    assert unit == "week"
    assert (bars[0].first, bars[0].last, bars[0].count) == (date(2026, 3, 2), date(2026, 3, 8), 2)
    assert (bars[-1].first, bars[-1].count, len(bars)) == (date(2026, 6, 1), 1, 14)


def test_years_have_a_bar_for_each_month():
    unit, bars = periods(counted(d2024_01_31={"seen": 1}, d2026_02_01={"seen": 5}))

    assert unit == "month"
    assert (bars[0].first, bars[0].last) == (date(2024, 1, 1), date(2024, 1, 31))
    assert (bars[1].first, bars[1].last) == (date(2024, 2, 1), date(2024, 2, 29))
    assert (bars[-1].first, bars[-1].count, len(bars)) == (date(2026, 2, 1), 5, 26)


def test_only_the_wanted_types_are_counted_over_the_whole_time():
    _, bars = periods(counted(d2026_03_02={"seen": 2}, d2026_03_03={"bought": 1}), ["bought"])

    assert [bar.count for bar in bars] == [0, 1]


def test_nothing_has_no_bars():
    assert periods(NOTHING) == ("day", [])


def test_a_contact_of_a_century_has_no_more_bars_than_months():
    first = date(1970, 1, 1)
    _, bars = periods(
        Counts([SEEN], {first + timedelta(days=400 * n): {"seen": 1} for n in range(52)}, whole=True)
    )

    assert sum(bar.count for bar in bars) == 52
    assert len(bars) < 700
