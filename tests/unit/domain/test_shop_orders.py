"""Orders as connected shops report them: one by all its names, and the latest state counts."""

from decimal import Decimal
from itertools import permutations

import pytest
from msgspec import structs

from engine.domain.activities import SOURCE_LABELS, source_of
from tests.builders import an_activity, minutes, the_contact

SHOP = "shop:1"


def stated(total, at, updated, *, type_="order_completed", **more):
    """The state of an order at so many minutes past noon."""
    named = {"order_id": "#1001", "shop_order_id": "77"}
    activity = an_activity(
        type_, minutes(at), id_=f"shop:1:order:77:{updated:02d}", email="ana@x.example", trusted=True,
        total=Decimal(total), updated_at=f"2026-03-02T12:{updated:02d}:00.000Z", **{**named, **more},
    )  # fmt: skip
    return structs.replace(activity, source=SHOP)


def book(*activities):
    return the_contact(activities).state.commerce.book


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_latest_state_counts_whatever_order_they_happen_in(order):
    states = [stated("80", 0, 1), stated("120", 0, 9), stated("100", 5, 5, type_="order_updated")]

    [found] = book(*(states[number] for number in order))

    assert (found.amount, found.stated_at) == (Decimal("120"), "2026-03-02T12:09:00.000Z")


def test_an_order_is_cancelled_and_taken_up_again_by_its_latest_state():
    cancelled = stated("80", 5, 5, type_="order_updated", cancelled=True)

    assert book(stated("80", 0, 1), cancelled)[0].cancelled
    assert not book(stated("80", 0, 1), cancelled, stated("80", 9, 9, type_="order_updated"))[0].cancelled
    assert book(stated("80", 0, 1), stated("80", 3, 9, type_="order_updated", cancelled=True), cancelled)[
        0
    ].cancelled


@pytest.mark.parametrize("name", ["#1001", "1001", "77"])
def test_what_a_browser_calls_it_is_the_same_order(name):
    browser = an_activity(
        "order_completed", minutes(0), email="ana@x.example", order_id=name, total=Decimal(1)
    )

    [found] = book(browser, stated("80", 0, 1))

    assert found.amount == Decimal("80")


@pytest.mark.parametrize("name", ["outlet-#1001", "outlet-1001", "outlet-77"])
def test_what_a_page_of_a_further_shop_calls_it_is_the_same_order(name):
    browser = an_activity(
        "order_completed", minutes(0), email="ana@x.example", order_id=name, total=Decimal(1)
    )
    prefixed = {"order_id": "outlet-#1001", "shop_order_id": "outlet-77"}

    [found] = book(browser, stated("80", 0, 1, **prefixed))

    assert found.amount == Decimal("80")


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_an_order_whose_number_is_the_id_of_another_is_another(order):
    one, other = {"order_id": "1001", "shop_order_id": "1500"}, {"order_id": "1500", "shop_order_id": "2300"}
    refund = an_activity("order_refunded", minutes(7), id_="r", email="ana@x.example", trusted=True, refund_id="r1",
                         total=Decimal(10), **other)  # fmt: skip
    reported = [
        stated("80", 0, 1, **one),
        stated("50", 5, 5, **other),
        structs.replace(refund, source=SHOP),
        an_activity("order_completed", minutes(6), email="ana@x.example", order_id="1500", total=Decimal(1)),
    ]

    found = {order.shop_id: order for order in book(*(reported[number] for number in order))}

    assert {id_: (order.amount, order.refunded) for id_, order in found.items()} == {
        "1500": (Decimal(80), Decimal(0)),
        "2300": (Decimal(50), Decimal(10)),
    }


def test_two_orders_that_turn_out_to_be_one_are_united_with_their_refunds():
    by_id = an_activity("order_refunded", minutes(1), email="ana@x.example", trusted=True, order_id="77",
                        refund_id="r1", total=Decimal(30))  # fmt: skip
    by_name = an_activity("order_refunded", minutes(2), email="ana@x.example", trusted=True, order_id="1001",
                          refund_id="r2", total=Decimal(10))  # fmt: skip

    [found] = book(by_id, by_name, stated("80", 3, 3))

    assert {refund.id for refund in found.refunds} == {"r1", "r2"}
    assert found.refunded == Decimal("40") and found.counts


def test_only_a_shop_s_own_statement_has_several_names_and_a_time():
    server = an_activity("order_completed", minutes(0), email="ana@x.example", trusted=True, order_id="#1001",
                         shop_order_id="77", total=Decimal(5), updated_at="2026-03-02T12:00:00.000Z")  # fmt: skip

    [found] = book(server)

    assert (found.also, found.stated_at) == ([], None)


def test_the_source_of_what_a_shop_reports_is_named():
    row = {"source": SHOP, "trusted": True}

    assert SOURCE_LABELS[source_of(row)] == "Connected shop"
    assert SOURCE_LABELS[source_of(row | {"source": "a key", "trusted": True})] == "Server"
