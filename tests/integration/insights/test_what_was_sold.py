"""Categories, products, new customers and cohorts, on the real server: the same as pandas makes of the orders."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pandas as pd
import pytest

from engine.db.connection import utc_now
from engine.insights import cohorts, daily, daily_lines, overview
from engine.insights.overview import Period
from engine.publishing import publishing
from engine.rules import versions
from engine.rules.language import editing
from tests.builders import an_activity, bought, identified
from tests.integration.drained import drain_all, receive_and_drain

PRODUCTS = {
    "shoes": ("Shoes", "Footwear", Decimal("59.90")),
    "boots": ("Boots", "Footwear", Decimal("120.00")),
    "socks": ("Socks", None, Decimal("4.95")),
    "hat": ("A hat", "Accessories", Decimal("19.99")),
}
FIRST, LAST = date(2026, 1, 5), date(2026, 6, 30)
CENT = Decimal("0.01")


def at(day: int, minute: int) -> datetime:
    return datetime(2026, 1, 5, 8, tzinfo=UTC) + timedelta(days=day, minutes=minute)


def products(chance: random.Random) -> list[dict]:
    chosen = chance.sample(sorted(PRODUCTS), chance.randint(1, 3))
    return [
        {"product_id": id_, "name": PRODUCTS[id_][0], "category": PRODUCTS[id_][1] or "",
         "price": str(PRODUCTS[id_][2]), "quantity": chance.randint(1, 3)}
        for id_ in chosen
    ]  # fmt: skip


def value(lines: list[dict]) -> Decimal:
    return sum((Decimal(line["price"]) * line["quantity"] for line in lines), Decimal(0))


def made_up(seed: int, *, customers: int = 25) -> tuple[list, pd.DataFrame]:
    """Activities of a shop's orders, and the orders as they are in the end.

    Every kind of trouble: duplicates, corrections, refunds, cancellations, guests who turn out to be known.
    """
    chance, activities, orders = random.Random(seed), [], []
    for number in range(customers):
        email, guest = f"c{number}@x.com", f"guest{number}"
        for nth in range(chance.choice([1, 1, 2, 3, 5])):
            id_, day, who = f"{seed}-{number}-{nth}", chance.randint(0, 170), {"email": email}
            if nth == 1 and number % 3 == 0:  # bought as a guest, and identified later
                who = {"tracker": guest}
                activities.append(identified(at(176, number), tracker=guest, email=email))
            currency = chance.choice(["EUR", "EUR", None, "USD", "JPY"])
            lines, minute = products(chance), chance.randint(0, 600)
            total = value(lines).quantize(Decimal(1) if currency == "JPY" else CENT)
            total = total - 1 if chance.random() < 0.3 else total  # a discount
            named = {"order_id": id_, "trusted": True} | ({"currency": currency} if currency else {})
            placed = bought(str(total), at(day, minute), products=lines, **named, **who)
            activities.append(placed)
            if chance.random() < 0.3:
                activities.append(bought(str(total), at(day, minute), products=lines, **named, **who))
            if chance.random() < 0.2:
                lines = products(chance)
                total = value(lines).quantize(Decimal(1) if currency == "JPY" else CENT)
                activities.append(
                    an_activity("order_updated", at(day, minute + 5), total=str(total), products=lines,
                                **named, **who)
                )  # fmt: skip
            refunded, cancelled = Decimal(0), chance.random() < 0.1
            if chance.random() < 0.2:
                refunded = (total / 3).quantize(Decimal(1) if currency == "JPY" else CENT)
                activities.append(
                    an_activity("order_refunded", at(day + 2, minute), total=str(refunded), **named, **who)
                )
            if cancelled:
                activities.append(an_activity("order_cancelled", at(day + 3, minute), **named, **who))
            orders.append(
                (number, id_, at(day, minute), currency or "EUR", total - refunded, cancelled, lines)
            )
    columns = ["customer", "order", "placed", "currency", "paid", "cancelled", "lines"]
    return activities, pd.DataFrame(orders, columns=columns)


RATES = {"EUR": Decimal(1), "USD": Decimal("0.5")}


def expected(orders: pd.DataFrame) -> tuple[dict, dict, pd.DataFrame]:
    """Revenue by category; revenue and pieces by product; the orders that count."""
    counted = orders[~orders["cancelled"]].copy()
    categories, found = {}, {}
    for order in counted.itertuples():
        rate, whole, upto, given = RATES.get(order.currency), value(order.lines), Decimal(0), Decimal(0)
        for line in order.lines:
            upto += Decimal(line["price"]) * line["quantity"]
            cents = Decimal(1) if order.currency == "JPY" else CENT
            part = (order.paid * upto / whole).quantize(cents) - given
            given += part
            revenue = part * rate if rate else Decimal(0)
            name = line["category"] or None
            categories[name] = categories.get(name, Decimal(0)) + revenue
            before, pieces = found.get(line["product_id"], (Decimal(0), 0))
            found[line["product_id"]] = before + revenue, pieces + line["quantity"]
        assert given == order.paid
    rates = counted["currency"].map(lambda currency: RATES.get(currency, Decimal(0)))
    counted["revenue"] = counted["paid"] * rates
    counted["day"] = [placed.date() for placed in counted["placed"]]
    counted["month"] = counted["placed"].dt.tz_localize(None).dt.to_period("M")
    firsts = counted.groupby("customer")["placed"].transform("min")
    counted["is_new"] = counted["placed"] == firsts
    counted["cohort"] = firsts.dt.tz_localize(None).dt.to_period("M")
    return categories, found, counted


def with_rates(db):
    text = publishing.completed(db, {})["settings.yaml"].replace("Europe/Madrid", "UTC")
    texts = {"settings.yaml": editing.with_values(text, "account", {"rates": {"USD": 0.5}})}
    publishing.publish(db, publishing.completed(db, texts), by="test", message="rates", now=utc_now())
    drain_all(db)


def figures(db):
    while daily.refresh(db, clock=utc_now):
        pass
    now = datetime(2026, 6, 30, 12, tzinfo=UTC)
    cohorts.take(db, now=now)
    return overview.overview(db, Period(FIRST, LAST), now=now)


def compare(found, orders):
    categories, sold, counted = expected(orders)

    assert {row.name: row.revenue for row in found.lines.categories} == {
        k: v for k, v in categories.items() if v
    }
    assert sum(row.revenue for row in found.lines.categories) == found.now.sold.revenue
    assert {row.id: (row.revenue, row.pieces) for row in found.lines.by_revenue} == sold
    assert [row.pieces for row in found.lines.by_pieces] == sorted(
        (n for _, n in sold.values()), reverse=True
    )
    assert {row.name for row in found.lines.by_pieces} == {PRODUCTS[id_][0] for id_ in sold}
    assert found.now.new_customers == counted["is_new"].sum() == counted["customer"].nunique()
    by_customer = found.now.by_customer
    assert by_customer["returning"].sum() == (~counted["is_new"]).sum()
    assert sum(by_customer["new_revenue"]) == sum(counted[counted["is_new"]]["revenue"])
    assert sum(by_customer["returning_revenue"]) == sum(counted[~counted["is_new"]]["revenue"])
    table = counted.groupby(["cohort", "month"])
    people, spent = table["customer"].nunique(), table["revenue"].agg(lambda values: sum(values))
    for cohort, row in found.cohorts.customers.iterrows():
        for since, number in row.items():
            if number is None:
                assert cohort + since > pd.Period("2026-06", "M")
            else:
                assert number == people.get((cohort, cohort + since), 0)
                assert found.cohorts.spent.loc[cohort, since] == spent.get((cohort, cohort + since), 0)
    assert len(found.cohorts.customers) == (pd.Period("2026-06", "M") - counted["cohort"].min()).n + 1
    yen = sum(counted[counted["currency"] == "JPY"]["paid"])
    assert found.cohorts.foreign == found.now.sold.foreign == ({"JPY": yen} if yen else {})


@pytest.mark.parametrize("seed", [1, 2])
def test_all_is_as_pandas_makes_it_of_the_orders_whatever_the_order_of_arrival(db, seed):
    with_rates(db)
    activities, orders = made_up(seed)
    random.Random(seed).shuffle(activities)
    third = len(activities) // 3

    for part in (activities[:third], activities[third : 2 * third], activities[2 * third :]):
        receive_and_drain(db, part)
        found = figures(db)

    compare(found, orders)
    assert not found.now.stale


def first_orders(db):
    """The days of March with a new customer's first order."""
    while daily.refresh(db, clock=utc_now):
        pass
    march = daily.stored_days(db, date(2026, 3, 1), date(2026, 3, 31)).days
    return {day.day.day: sum(found.orders for found in day.first_orders) for day in march if day.first_orders}


def test_a_late_or_cancelled_first_order_moves_the_day_of_the_new_customer(db):
    ana = {"email": "ana@x.com"}

    receive_and_drain(db, [bought("5", at(60, 0), **ana, order_id="b")])
    assert first_orders(db) == {6: 1}
    receive_and_drain(db, [bought("5", at(57, 0), **ana, order_id="a")])
    assert first_orders(db) == {3: 1}
    receive_and_drain(db, [an_activity("order_cancelled", at(70, 0), **ana, order_id="a", trusted=True)])
    assert first_orders(db) == {6: 1}


def test_of_two_orders_at_the_same_moment_one_is_the_first(db):
    receive_and_drain(db, [bought("5", at(60, 0), email="ana@x.com", order_id=id_) for id_ in "ab"])

    assert figures(db).now.new_customers == 1


def test_orders_without_lines_or_prices_are_without_a_category(db):
    receive_and_drain(
        db,
        [
            bought("5", at(60, 0), email="ana@x.com", order_id="a"),
            bought("7", at(60, 1), email="ana@x.com", order_id="b", products=[{"name": "x"}, {"name": "y"}]),
            bought(
                "n/a", at(60, 2), email="ana@x.com", order_id="c", products=[{"name": "x", "quantity": 4}]
            ),
        ],
    )

    lines = figures(db).lines

    assert [(row.name, row.revenue) for row in lines.categories] == [(None, Decimal(12))]
    assert lines.by_revenue == []
    assert [(row.id, row.pieces) for row in lines.by_pieces] == [("x", 5), ("y", 1)]


def test_days_of_an_older_shape_are_computed_again(db):
    receive_and_drain(db, [bought("5", at(60, 0), email="ana@x.com", products=[{"name": "x"}])])
    figures(db)
    db.daily_lines.delete_many({})
    db.installation.update_one({"_id": "daily_zone"}, {"$unset": {"shape": ""}})

    assert [row.id for row in figures(db).lines.by_revenue] == ["x"]


def test_a_month_is_its_days_and_days_outside_the_period_are_left_out(db):
    zone = versions.current(db).account
    placed = [date(2026, 1, 31), date(2026, 2, 1), date(2026, 2, 28), date(2026, 3, 1)]
    receive_and_drain(
        db,
        [
            bought("5", datetime(d.year, d.month, d.day, 12, tzinfo=UTC), email="ana@x.com", order_id=str(d),
                   products=[{"name": "x"}])
            for d in placed
        ],
    )  # fmt: skip
    figures(db)

    def pieces(first, last):
        return [int(row.pieces) for row in daily_lines.sold_lines(db, first, last, zone).by_pieces]

    assert pieces(date(2026, 2, 1), date(2026, 2, 28)) == [2]
    assert pieces(date(2026, 1, 31), date(2026, 2, 28)) == [3]
    assert pieces(date(2026, 2, 2), date(2026, 2, 28)) == [1]
    assert pieces(date(2026, 1, 1), date(2026, 3, 31)) == [4]
    assert pieces(date(2026, 3, 2), date(2026, 3, 31)) == []
    assert set(daily_lines._rows_of(date(2026, 1, 31), date(2026, 3, 1))) == {
        "2026-01-31",
        "2026-02",
        "2026-03-01",
    }
