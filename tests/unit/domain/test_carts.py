"""The cart: what is added and removed, and what the shop reports as a whole."""

from decimal import Decimal

import bson
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.db.codecs import CODEC
from engine.db.contact_codec import BSON_TYPES
from tests.builders import an_activity, bought, minutes, rules, the_contact

SETTINGS = "account: {currency: EUR, rates: {USD: 0.5}}"


def added(product="a", at=0, **more):
    return an_activity("added_to_cart", minutes(at), **{"product_id": product, "price": 10, **more})


def removed(product="a", at=5, **more):
    return an_activity("removed_from_cart", minutes(at), product_id=product, **more)


def viewed(at=6, type_="cart_viewed", **more):
    return an_activity(type_, minutes(at), **more)


def cart(*activities):
    return the_contact(activities, rules(settings=SETTINGS)).state.cart


def lines(*activities):
    found = cart(*activities)
    return {} if found is None else {line.product_id: line.quantity for line in found.lines}


@pytest.mark.parametrize(
    "quantity", [{}, {"quantity": None}, {"quantity": ""}, {"quantity": 3}, {"quantity": 9}]
)
def test_a_removal_without_a_quantity_or_of_all_takes_the_line(quantity):
    assert lines(added(quantity=3), added("b", 1), removed(**quantity)) == {"b": 1}


def test_a_removal_with_a_quantity_takes_that_many():
    assert lines(added(quantity=3), removed(quantity="2")) == {"a": 1}


@pytest.mark.parametrize("quantity", [0, -2])
def test_a_removal_of_nothing_removes_nothing(quantity):
    assert lines(added(quantity=3), removed(quantity=quantity)) == {"a": 3}


@pytest.mark.parametrize("type_", ["cart_viewed", "checkout_started"])
def test_a_whole_cart_replaces_what_was_known_an_empty_one_too(type_):
    shoes = [{"productId": "shoe", "price": "12,50", "quantity": 2}]

    assert lines(added(), viewed(type_=type_, products=shoes)) == {"shoe": 2}
    assert cart(added(), viewed(type_=type_, products=[])) is None


@pytest.mark.parametrize("products", [None, "", "two shoes", [{"colour": "red"}], ["shoe"]])
def test_a_report_that_cannot_be_read_changes_nothing(products):
    assert lines(added(), viewed(products=products)) == {"a": 1}


@pytest.mark.parametrize("quantity", [0, -2, "-2"])
def test_a_quantity_of_nought_or_less_is_no_line(quantity):
    assert cart(added(quantity=quantity)) is None
    assert lines(added(), added("b", 1, quantity=quantity)) == {"a": 1}
    assert cart(added(), viewed(products=[{"product_id": "a", "price": 10, "quantity": quantity}])) is None


def test_a_cart_has_the_account_s_currency_with_and_without_orders():
    assert cart(added()).currency == "EUR"
    assert cart(bought(5), added(at=1)).currency == "EUR"


def test_lines_in_other_currencies_are_converted_or_left_out_of_the_value_and_counted():
    found = cart(
        added(currency="USD"), added("b", 1, currency="JPY"), added("c", 2, price="free"), added("d", 3)
    )

    assert (found.value, found.unvalued) == (Decimal("15.00"), 2)


def test_one_product_of_two_variants_keeps_both_lines():
    variants = [{"product_id": "a", "price": 10, "variant": size} for size in ("S", "M")]

    assert cart(viewed(products=variants), added(at=7)).value == Decimal(30)
    assert cart(viewed(products=variants), removed(at=7, quantity=1)).value == Decimal(10)


NUMBERS = ("9" * 15, "9" * 34, "0." + "1" * 70, "1e-999", "-0", "1e14", 999999999999999, 1e-300, 0.1 + 0.2)
VALUES = st.sampled_from([*NUMBERS, *map(Decimal, ("9" * 15, "0." + "1" * 33))]) | st.text(max_size=8)


@settings(max_examples=200, deadline=None)
@given(
    types=st.lists(
        st.sampled_from(["added_to_cart", "removed_from_cart", "order_completed", "order_refunded"])
    ),
    data=st.data(),
)
def test_whatever_amounts_are_sent_the_contact_can_be_stored(types, data):
    sent = [
        an_activity(
            type_,
            minutes(number),
            trusted=True,
            product_id="a",
            order_id="o",
            **{name: data.draw(VALUES) for name in ("price", "quantity", "total", "currency")},
        )
        for number, type_ in enumerate(["added_to_cart", *types])
    ]

    state = the_contact(sent, rules(settings=SETTINGS)).state

    assert bson.encode(msgspec.to_builtins(state, builtin_types=BSON_TYPES), codec_options=CODEC)
