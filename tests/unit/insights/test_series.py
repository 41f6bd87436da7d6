"""The overview's tables: one row a day, money exact."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from engine.insights import series
from engine.insights.census import Census
from engine.insights.daily import Day, FirstOrders, Sales
from engine.rules.ruleset import compile_ruleset, read_folder
from engine.settings import CONFIG_DIR

MONDAY, TUESDAY, WEDNESDAY = date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 4)


@pytest.fixture(scope="module")
def account():
    shipped = compile_ruleset(read_folder(CONFIG_DIR)).account
    return replace(shipped, currency="EUR", rates={"USD": Decimal("0.5")})


def sold(currency, orders, amount, *, refunded="0", cancelled=0, unclear=0):
    return Sales(currency, orders, Decimal(amount), Decimal(refunded), cancelled, unclear)


def test_a_day_adds_up_what_can_be_converted_to_the_cent(account):
    days = [Day(MONDAY, [sold("EUR", 2, "0.30"), sold("USD", 1, "0.20"), sold(None, 1, "0.10")])]

    by_day = series.sales_by_day(series.sales(days, account), MONDAY, TUESDAY)

    assert by_day["revenue"].tolist() == [Decimal("0.500"), Decimal(0)]
    assert by_day["orders"].tolist() == [4, 0]
    assert [day.date() for day in by_day.index] == [MONDAY, TUESDAY]


def test_a_currency_without_a_rate_is_counted_as_an_order_and_stands_apart(account):
    days = [
        Day(MONDAY, [sold("JPY", 1, "9000")]),
        Day(TUESDAY, [sold("JPY", 1, "1000"), sold("EUR", 1, "5")]),
    ]
    table = series.sales(days, account)

    assert series.unconverted(table) == {"JPY": Decimal(10000)}
    assert series.total(table["revenue"]) == Decimal(5)
    assert series.sales_by_day(table, MONDAY, TUESDAY)["orders"].tolist() == [1, 2]


def test_a_refund_is_converted_at_the_rate_of_its_order(account):
    table = series.sales([Day(MONDAY, [sold("USD", 1, "90", refunded="10")])], account)

    assert series.total(table["given_back"]) == Decimal("5.0")


def test_nothing_sold_is_a_row_of_nought_for_each_day(account):
    table = series.sales([Day(MONDAY)], account)

    assert series.sales_by_day(table, MONDAY, TUESDAY)["revenue"].tolist() == [Decimal(0), Decimal(0)]
    assert series.unconverted(table) == {}


def census(**days):
    return Census(
        at=datetime(2026, 3, 4, tzinfo=UTC), took=timedelta(0), contacts=0, identified=0, buyers=0, returning=0,
        carts={}, cart_value={}, statuses={}, points=[], segments={}, custom={}, seen={},
        **{"appeared": {}, "appeared_identified": {}, **days},
    )  # fmt: skip


def test_growth_starts_with_those_who_came_before_and_misses_no_day():
    counted = census(appeared={date(2026, 2, 1): 5, WEDNESDAY: 3}, appeared_identified={WEDNESDAY: 1})

    table = series.growth(counted, MONDAY, WEDNESDAY)

    assert table["contacts"].tolist() == [5, 5, 8]
    assert table["identified"].tolist() == [0, 0, 1]
    assert table["anonymous"].tolist() == [0, 0, 2]


def test_growth_of_nobody_is_nought():
    assert series.growth(census(), MONDAY, TUESDAY)["contacts"].tolist() == [0, 0]


def test_moves_are_counted_by_the_state_that_was_reached():
    days = [Day(MONDAY, moved={("newsletter", "subscribed"): 2, ("sms", "subscribed"): 7}), Day(TUESDAY)]

    table = series.moves(days, "newsletter", ["subscribed", "unsubscribed"])

    assert table["subscribed"].tolist() == [2, 0]
    assert table["unsubscribed"].tolist() == [0, 0]


def test_an_average_divides_by_the_orders_whose_amount_is_in_the_revenue(account):
    days = [Day(MONDAY, [sold("EUR", 3, "100", unclear=1), sold("JPY", 4, "9000")])]

    assert series.average(series.sales(days, account), account) == Decimal("50.00")
    assert series.average(series.sales([Day(MONDAY)], account), account) is None


def test_orders_are_those_of_new_or_of_returning_customers(account):
    first = [FirstOrders("EUR", 1, Decimal("0.10")), FirstOrders("JPY", 1, Decimal(900))]
    days = [Day(MONDAY, [sold("EUR", 3, "0.30"), sold("JPY", 1, "900")], first_orders=first), Day(TUESDAY)]

    table = series.by_customer(days, series.sales(days, account), account)

    assert table["new"].tolist() == [2, 0]
    assert table["returning"].tolist() == [2, 0]
    assert table["new_revenue"].tolist() == [Decimal("0.10"), Decimal(0)]
    assert table["returning_revenue"].tolist() == [Decimal("0.20"), Decimal(0)]


def test_a_long_period_is_divided_into_weeks_from_monday(account):
    sunday = MONDAY - timedelta(days=1)
    days = [Day(sunday + timedelta(days=n), [sold("EUR", 1, "1")]) for n in range(50)]

    table = series.by_customer(days, series.sales(days, account), account)

    assert table["returning"].tolist() == [1, *[7] * 7]
    assert [day.date() for day in table.index[:2]] == [MONDAY - timedelta(days=7), MONDAY]
    assert table["returning_revenue"].sum() == 50
