"""The cards for orders and cart."""

from zoneinfo import ZoneInfo

from dashboard.sheet import sheet_commerce
from engine.contacts.sheet.sheets import sheet_commerce_of
from tests.builders import an_activity, bought, minutes, the_contact

UTC = ZoneInfo("UTC")


def orders(*activities):
    state = the_contact(activities).state
    return sheet_commerce.commerce(sheet_commerce_of(state.commerce, state.cart), UTC)


def test_an_order_whose_amount_cannot_be_read_says_so_with_what_was_sent():
    card = orders(bought("a lot", order_id="a"), bought(None, minutes(1), order_id="b"))

    assert "2 orders have an unreadable amount" in card
    assert "unreadable: a lot" in card
    assert "no amount" in card


def test_a_refund_that_cannot_be_read_is_marked_on_its_order():
    refund = an_activity("order_refunded", minutes(1), order_id="a", total="half", trusted=True)

    assert "refund unreadable: half" in orders(bought(50, order_id="a"), refund)


def test_a_cart_is_worth_the_same_with_and_without_orders_and_says_what_is_left_out():
    added = an_activity("added_to_cart", minutes(1), product_id="p", name="Shoe", price=5)
    gift = an_activity("added_to_cart", minutes(2), product_id="g", name="Gift")

    for activities in ([added, gift], [bought(50, order_id="a"), added, gift]):
        state = the_contact(activities).state
        card = sheet_commerce.cart(sheet_commerce_of(state.commerce, state.cart), UTC)
        assert "€5.00" in card
        assert "1 line is not in the value" in card
