"""The products of orders: which activity has them, and what each line's part is."""

from decimal import Decimal
from itertools import permutations

import pytest

from engine.domain.order_lines import divided, order_lines
from engine.domain.rulebook import Account
from tests.builders import an_activity, bought, minutes, the_contact

EUROS = Account(currency="EUR")
SHOES = {"product_id": "s", "name": "Shoes", "category": "Footwear", "price": "40.00", "quantity": 2}
SOCKS = {"sku": "k", "price": 10, "category": ["Basics", "Sale"]}


def lines(*products, **more):
    return order_lines({"products": list(products), **more}, EUROS)


def parts(amount, *products, currency="EUR", **more):
    return divided(Decimal(amount), lines(*products, **more), currency)


def test_a_line_has_what_the_shop_sends():
    shoes, socks = lines(
        {**SHOES, "url": "https://shop.test/s", "imageUrl": "http://cdn.test/s.jpg"}, SOCKS, currency="usd"
    )

    assert (shoes.product.name, shoes.product.category, shoes.quantity) == ("Shoes", "Footwear", Decimal(2))
    assert (shoes.product.url, shoes.product.image) == ("https://shop.test/s", "http://cdn.test/s.jpg")
    assert (socks.product.id, socks.product.category, socks.price) == ("k", "Basics", Decimal(10))
    assert {shoes.currency, socks.currency} == {"USD"}


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "data:text/html,x", "//cdn.test/x", "https://a b", "", 7, "x" * 3000]
)
def test_only_links_by_http_are_links(link):
    [line] = lines({**SHOES, "url": link, "image_url": link})

    assert (line.product.url, line.product.image) == (None, None)


def test_what_is_no_line_is_left_out_and_what_cannot_be_read_is_unset():
    found = lines(
        {"price": 3}, "text", None, {**SHOES, "quantity": 0}, {**SHOES, "quantity": "many", "price": "?"}
    )

    assert [(line.quantity, line.price) for line in found] == [(None, None)]


def test_an_amount_is_divided_in_proportion_to_the_last_cent():
    thirds = [{"product_id": n, "price": 1} for n in "abc"]

    assert parts("90", SHOES, SOCKS) == [Decimal(80), Decimal(10)]
    assert parts("45", SHOES, SOCKS) == [Decimal(40), Decimal(5)]
    assert parts("100", *thirds) == [Decimal("33.33"), Decimal("33.34"), Decimal("33.33")]
    assert parts("100", *thirds, currency="JPY") == [Decimal(33), Decimal(34), Decimal(33)]
    assert sum(parts("0.01", *thirds)) == Decimal("0.01")


def test_where_the_parts_are_not_known_nothing_is_guessed():
    assert parts("9", SHOES, {"product_id": "x"}) is None
    assert parts("9", SHOES, {"product_id": "x", "price": "?"}) is None
    assert parts("9", SHOES, {**SOCKS, "currency": "USD"}) is None
    assert parts("9", {**SHOES, "price": 0}, {**SOCKS, "price": 0}) is None
    assert parts("9") is None
    assert parts("9", {"product_id": "x"}) == [Decimal(9)]


def lines_in(activities):
    [order] = the_contact(activities).state.commerce.book
    return order.lines_in


def test_a_correction_has_the_lines_if_it_lists_any():
    placed = bought(10, minutes(0), order_id="a", products=[SHOES], trusted=True)
    silent = an_activity("order_updated", minutes(1), order_id="a", total=9, trusted=True)
    again = an_activity("order_updated", minutes(2), order_id="a", products=[SOCKS], trusted=True)

    assert lines_in([placed, silent]) == placed.id
    assert lines_in([placed, silent, again]) == again.id


def test_a_browser_does_not_replace_the_lines_of_the_shop_in_any_order():
    shop = bought(10, minutes(1), order_id="a", products=[SHOES], trusted=True)
    browser = bought(10, minutes(0), order_id="a", products=[SOCKS], trusted=False)
    later = an_activity("order_updated", minutes(2), order_id="a", products=[SOCKS], trusted=False)

    assert {lines_in(list(some)) for some in permutations([shop, browser, later])} == {shop.id}
