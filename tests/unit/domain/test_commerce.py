"""Orders, refunds and carts: exact money, each order once."""

from datetime import timedelta
from decimal import Decimal

import pytest
from msgspec import structs

from engine.domain.activities import IMPORT
from engine.domain.rulebook import Account
from engine.domain.worth import Worth, worth_of
from tests.builders import an_activity, bought, days, minutes, rules, the_contact


def test_orders_add_up_exactly():
    contact = the_contact([bought(0.1, minutes(n), order_id=f"o{n}") for n in range(3)])

    assert contact.state.commerce.spent == Decimal("0.3")
    assert contact.state.commerce.orders == 3


def test_an_order_that_is_sent_twice_under_other_ids_counts_and_scores_once():
    once = the_contact([bought(10, order_id="o1")])
    twice = the_contact([bought(10, order_id="o1"), bought(10, minutes(1), order_id="o1")])

    assert twice.state.commerce.orders == 1
    assert twice.state.points.total == once.state.points.total


def test_refunds_and_cancellations_count_with_a_secret_key_alone():
    orders = [bought(10, order_id="a"), bought(20, order_id="b")]
    refund = {"order_id": "a", "total": 4}

    public = the_contact([*orders, an_activity("order_refunded", minutes(1), **refund)])
    secret = the_contact(
        [
            *orders,
            an_activity("order_refunded", minutes(1), **refund, trusted=True),
            an_activity("order_cancelled", minutes(2), order_id="b", trusted=True),
        ]
    )

    assert (public.state.commerce.orders, public.state.commerce.spent) == (2, Decimal(30))
    assert (secret.state.commerce.orders, secret.state.commerce.spent) == (1, Decimal(6))
    assert secret.state.commerce.refunded == Decimal(4)


def test_a_refund_that_happened_before_its_order_waits_for_it():
    refund = an_activity("order_refunded", minutes(0), order_id="a", trusted=True)

    contact = the_contact([refund, bought(10, minutes(1), order_id="a")])

    assert contact.state.commerce.spent == 0


def test_an_unknown_currency_stands_apart_and_a_declared_one_is_converted():
    settings = "account: {currency: EUR, rates: {USD: 0.5}}"
    orders = [
        bought(10, order_id="a", currency="EUR"),
        bought(8, order_id="b", currency="usd"),
        bought(900, order_id="c", currency="JPY"),
    ]

    commerce = the_contact(orders, rules(settings=settings)).state.commerce

    assert commerce.spent == Decimal(14)
    assert commerce.foreign == {"JPY": Decimal(900)}


@pytest.mark.parametrize(
    ("properties", "amount"),
    [
        ({"total": "12.10", "revenue": 9}, Decimal("12.10")),
        ({"revenue": 9}, Decimal(9)),
        (
            {"products": [{"product_id": "a", "price": 2.5, "quantity": 3}, {"sku": "b", "price": 1}]},
            Decimal("8.5"),
        ),
        ({"total": "", "revenue": 9}, Decimal(9)),
        ({"total": "12,50"}, Decimal("12.50")),
        ({"total": 104.80000000000000004}, Decimal("104.80")),
        ({"total": Decimal("104.80000000000000004")}, Decimal("104.80")),
    ],
)
def test_an_order_is_worth_its_total_else_its_revenue_else_its_products(properties, amount):
    assert worth_of(properties, Account()) == Worth(amount)


@pytest.mark.parametrize(
    ("properties", "unclear"),
    [
        ({"total": "a lot", "revenue": 9}, "a lot"),
        ({"total": -5}, "-5"),
        ({"total": "-5,00 €"}, "-5.00 €"),
        ({"total": "NaN"}, "NaN"),
        ({"total": "1e400"}, "1e400"),
        ({"products": [{"product_id": "a", "price": 2}, {"product_id": "b"}]}, "b"),
        ({"products": [{"product_id": "a", "price": 2, "quantity": "two"}]}, "a"),
        ({"products": "three shoes"}, "three shoes"),
        ({"products": [{"price": 2, "currency": "USD"}, {"price": "3 €"}]}, "5"),
    ],
)
def test_an_amount_that_cannot_be_told_is_quoted_and_not_guessed(properties, unclear):
    assert worth_of(properties, Account()) == Worth(unclear=unclear)


def test_an_order_without_a_word_of_its_value_says_nothing():
    assert worth_of({"order_id": "a", "total": " ", "products": []}, Account()) is None
    assert worth_of({"products": [{"product_id": "a", "price": 5, "quantity": 0}]}, Account()) is None


@pytest.mark.parametrize("total", ["a lot", -5, None, "NaN"])
def test_an_order_whose_amount_cannot_be_told_counts_and_is_in_no_sum_and_no_average(total):
    commerce = the_contact([bought(50, order_id="a"), bought(total, minutes(1), order_id="b")]).state.commerce

    assert (commerce.orders, commerce.spent, commerce.average) == (2, Decimal(50), Decimal(50))
    assert commerce.unclear == 1


def test_a_refund_whose_amount_cannot_be_told_gives_nothing_back_and_is_marked():
    refund = an_activity("order_refunded", minutes(1), order_id="a", total="half", trusted=True)

    commerce = the_contact([bought(50, order_id="a"), refund]).state.commerce

    assert (commerce.spent, commerce.refunded, commerce.unclear) == (Decimal(50), Decimal(0), 1)


def test_text_is_read_by_the_locale_of_the_account_for_sums_and_points_alike():
    settings = "account: {currency: EUR, locale: de}"
    scoring = "rules: [{id: spent, name: Spent, on: order_completed, points: {per: properties.total}}]"

    state = the_contact([bought("1.234", order_id="a")], rules(settings=settings, scoring=scoring)).state

    assert (state.commerce.spent, state.points.total) == (Decimal(1234), 1234)


def test_a_cart_holds_what_was_added_less_what_was_removed():
    contact = the_contact(
        [
            an_activity("added_to_cart", minutes(0), product_id="a", price=10, quantity=2),
            an_activity("added_to_cart", minutes(1), product_id="b", price="5.50"),
            an_activity("removed_from_cart", minutes(2), product_id="a", quantity=1),
        ]
    )

    assert contact.state.cart is not None
    assert [(line.product_id, line.quantity) for line in contact.state.cart.lines] == [("a", 1), ("b", 1)]
    assert contact.state.cart.value == Decimal("15.50")


def test_an_order_empties_the_cart():
    contact = the_contact([an_activity("added_to_cart", product_id="a", price=10), bought(10, minutes(1))])

    assert contact.state.cart is None


def test_a_cart_that_idles_is_abandoned_at_its_time():
    added = an_activity("added_to_cart", minutes(0), product_id="a", price=10)

    before = the_contact([added], until=minutes(0) + timedelta(hours=4) - timedelta(milliseconds=1))
    after = the_contact([added], until=minutes(0) + timedelta(hours=4))

    assert before.state.cart.state == "active"
    assert before.state.next_due == minutes(240)
    assert after.state.cart.state == "abandoned"


def test_a_change_wakes_an_abandoned_cart():
    added = [an_activity("added_to_cart", at, product_id="a", price=10) for at in (days(0), days(1))]

    assert the_contact(added).state.cart.state == "active"


def test_the_account_s_currency_is_a_setting_and_never_that_of_an_order():
    orders = [
        bought(10, order_id="a", currency="USD", trusted=True),
        bought(20, minutes(1), order_id="b", currency="GBP", trusted=True),
    ]

    found = [the_contact(arrived).state.commerce for arrived in (orders, orders[::-1])]

    assert [commerce.currency for commerce in found] == ["EUR", "EUR"]
    assert [commerce.foreign for commerce in found] == [{"USD": Decimal(10), "GBP": Decimal(20)}] * 2


SETTINGS = "account: {currency: EUR, rates: {USD: 0.5, KWD: 3}}"


def totals(*activities, settings=SETTINGS):
    return the_contact(activities, rules(settings=settings)).state.commerce


def refund(total, **more):
    return an_activity(
        "order_refunded", minutes(5), **{"total": total, "order_id": "a", "trusted": True, **more}
    )


def test_an_average_divides_by_the_orders_that_are_in_the_sum():
    commerce = totals(bought(50, order_id="a"), bought(9000, minutes(1), order_id="b", currency="JPY"))

    assert (commerce.orders, commerce.summed, commerce.average) == (2, 1, Decimal(50))
    assert commerce.foreign == {"JPY": Decimal(9000)}


def test_no_order_in_the_sum_has_no_average():
    assert totals(bought(9000, order_id="b", currency="JPY")).average is None


@pytest.mark.parametrize(
    ("order", "given_back", "spent", "refunded", "foreign"),
    [
        ({"currency": "EUR"}, {"currency": "USD", "total": 100}, "50", "50", {}),
        ({}, {"currency": "USD", "total": 100}, "50", "50", {}),
        ({"currency": "USD"}, {"total": 20}, "40", "10", {}),
        ({"currency": "USD"}, {"currency": "EUR", "total": 10}, "40", "10", {}),
        ({"currency": "EUR"}, {"currency": "USD", "total": 1000}, "0", "100", {}),
        ({"currency": "EUR"}, {"total": None}, "0", "100", {}),
        ({"currency": "USD"}, {"total": None, "currency": "EUR"}, "0", "50", {}),
        ({"currency": "JPY"}, {"total": 30}, "0", "0", {"JPY": 70}),
        ({"currency": "EUR"}, {"currency": "JPY", "total": 900}, "100", "0", {"JPY": -900}),
    ],
)
def test_a_refund_counts_in_its_own_currency_else_the_order_s(order, given_back, spent, refunded, foreign):
    commerce = totals(bought(100, order_id="a", **order), refund(**given_back))

    assert (commerce.spent, commerce.refunded) == (Decimal(spent), Decimal(refunded))
    assert commerce.foreign == foreign


@pytest.mark.parametrize("currency", ["US$", "EURO", "€uros", "$", 7, "a.b", "XXQ"])
def test_what_is_no_currency_stands_apart_under_its_own_name(currency):
    commerce = totals(bought(10, order_id="a", currency=currency))

    assert (commerce.spent, commerce.summed) == (0, 0)
    assert commerce.foreign == {str(currency): Decimal(10)}


@pytest.mark.parametrize(
    ("total", "spent", "foreign"),
    [
        ("12,50 €", "12.50", {}),
        ("US$ 12.50", "6.25", {}),
        ("12.50 GBP", "0", {"GBP": Decimal("12.50")}),
        ("$12.50", "0", {"$": Decimal("12.50")}),
    ],
)
def test_a_sign_beside_an_amount_says_its_currency_where_nothing_else_does(total, spent, foreign):
    commerce = totals(bought(total, order_id="a"))

    assert (commerce.spent, commerce.foreign) == (Decimal(spent), foreign)


def test_products_say_the_currency_of_an_order_that_does_not():
    shoes = [{"product_id": name, "price": "10,00 US$"} for name in "ab"]

    assert totals(an_activity("order_completed", order_id="a", products=shoes)).spent == Decimal(10)


def test_a_sign_that_contradicts_the_currency_makes_an_amount_that_cannot_be_told():
    commerce = totals(bought("12.50 €", order_id="a", currency="USD"))

    assert (commerce.orders, commerce.spent, commerce.unclear) == (1, 0, 1)


def test_money_has_the_digits_of_its_currency():
    yen = "account: {currency: JPY}"

    assert totals(bought("10.0004", order_id="a", currency="KWD")).spent == Decimal("30.00")
    assert str(totals(bought(100, order_id="a"), bought(201, order_id="b"), settings=yen).average) == "150"


# Corrections


def updated(total, at=None, **more):
    return an_activity("order_updated", at or minutes(5), **{"total": total, "order_id": "a", **more})


@pytest.mark.parametrize("trusted", [True, False])
@pytest.mark.parametrize("again", [updated, bought])
def test_an_order_can_be_corrected_and_is_counted_and_scored_once(again, trusted):
    first = bought(50, order_id="a", trusted=trusted)
    correction = again(30, minutes(1), order_id="a", trusted=trusted)

    alone, corrected = the_contact([first]).state, the_contact([correction, first]).state

    assert (corrected.commerce.orders, corrected.commerce.spent) == (1, Decimal(30))
    assert corrected.commerce.last_order_at == first.happened_at
    assert corrected.points.total == alone.points.total


def test_the_latest_correction_by_time_of_happening_holds():
    orders = [bought(50, order_id="a"), updated(40, minutes(2)), updated(30, minutes(1))]

    assert totals(*orders).spent == totals(*orders[::-1]).spent == Decimal(40)


def test_a_browser_does_not_correct_an_order_of_the_server():
    assert totals(bought(50, order_id="a", trusted=True), updated(1)).spent == Decimal(50)
    assert totals(bought(50, order_id="a"), updated(40, minutes(1), trusted=True), updated(1)).spent == 40


def test_a_correction_replaces_only_what_it_says():
    commerce = totals(
        bought(50, order_id="a", currency="USD"), updated(None, note="sent"), updated(30, minutes(6))
    )

    assert commerce.spent == Decimal(15)


def test_an_update_without_its_order_does_not_count_and_waits_for_it():
    assert totals(updated(50)).orders == 0
    assert totals(updated(50, minutes(1)), bought(None, minutes(2), order_id="a")).spent == Decimal(50)


def test_a_correction_leaves_the_cart_alone():
    added = an_activity("added_to_cart", minutes(1), product_id="p", price=5)

    contact = the_contact([bought(10, order_id="a"), added, bought(20, minutes(2), order_id="a")])

    assert contact.state.cart is not None


@pytest.mark.parametrize("name", ["orderId", "orderID", "OrderId", "order-id", "Order ID"])
def test_an_order_id_is_known_in_every_spelling(name):
    order = an_activity("order_completed", total=50, **{name: "a"})

    assert totals(order, refund(20)).spent == Decimal(30)


@pytest.mark.parametrize("placeholder", ["null", "undefined", "", "0"])
def test_orders_with_a_placeholder_for_an_id_are_orders_of_their_own(placeholder):
    orders = [bought(n, minutes(n), order_id=placeholder) for n in (1, 2)]

    assert (totals(*orders).orders, totals(*orders).spent) == (2, Decimal(3))


def test_a_number_is_the_same_order_however_it_is_written():
    assert totals(bought(50, order_id=7), refund(20, order_id=7.0), refund(10, order_id="7")).spent == 20


# What a file knows of orders


def of_a_file(type_, at, **more):
    activity = an_activity(type_, at, email="ana@x.com", trusted=True, **more)
    return structs.replace(activity, source=IMPORT)


def live(type_, at, **more):
    return an_activity(type_, at, email="ana@x.com", trusted=True, **more)


@pytest.mark.parametrize(
    ("single", "in_all", "refunded"), [(["5", "15"], "20", 20), (["5"], "20", 20), (["5", "15"], "8", 20)]
)
def test_a_statement_of_all_refunds_counts_none_of_them_twice(single, in_all, refunded):
    refunds = [
        live("order_refunded", days(n + 1), order_id="1", total=amount, refund_id=f"r{n}")
        for n, amount in enumerate(single)
    ]
    known = [
        live("order_completed", days(0), order_id="1", total="100"),
        of_a_file("order_refunded", days(0), order_id="1", total=in_all, refunded_in_all=True),
        *refunds,
    ]

    for activities in (known, known[::-1]):
        commerce = the_contact(activities).state.commerce
        assert (commerce.refunded, commerce.spent) == (refunded, 100 - refunded)


@pytest.mark.parametrize("order_id", ["#1001", "1001", "45001"])
def test_an_order_of_a_file_is_known_by_its_number_and_by_the_id_behind_it(order_id):
    known = [
        of_a_file("order_completed", days(0), order_id="#1001", shop_order_id="45001", total="10"),
        live("order_completed", days(0.1), order_id=order_id, total="10"),
        live("order_refunded", days(1), order_id="1001", total="4"),
    ]

    for activities in (known, known[::-1]):
        commerce = the_contact(activities).state.commerce
        assert (commerce.orders, commerce.spent) == (1, 6)


def test_a_server_s_order_goes_by_its_id_alone():
    commerce = the_contact(
        [
            live("order_completed", days(0), order_id="1", shop_order_id="2", total="10"),
            live("order_completed", days(1), order_id="2", total="10"),
        ]
    ).state.commerce

    assert commerce.orders == 2
