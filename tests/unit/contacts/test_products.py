"""Products of a contact, counted over its orders and views."""

from decimal import Decimal

from engine.contacts.sheet.products import tallied
from engine.domain.order_lines import order_lines
from engine.domain.rulebook import Account
from tests.builders import days

SHOES = {"product_id": "s", "name": "Shoes", "category": "Footwear", "price": 40, "quantity": 2}


def viewed(at, type_="product_visited", **properties):
    return {"_id": f"v{at}", "type": type_, "happened_at": days(at), "properties": properties}


def an_order(id_, at, *products, **more):
    lines = order_lines({"products": list(products)}, Account())
    return {"id": id_, "placed_at": days(at), **more}, lines


def test_pieces_and_orders_are_counted_and_cancelled_ones_are_not():
    found = tallied(
        [an_order("c", 3, SHOES, cancelled=True), an_order("b", 2, SHOES), an_order("a", 1, SHOES)], []
    )

    [shoes] = found.bought
    assert (shoes.bought, shoes.orders, shoes.last_bought) == (Decimal(4), 2, days(2))
    assert [line.name for line in found.lines["c"]] == ["Shoes"]


def test_the_latest_name_link_and_picture_hold_whoever_says_them():
    views = [
        viewed(3, product_id="s", name="New shoes"),
        viewed(2, "added_to_cart", product_id="s", url="https://shop.test/s", name="Old"),
        viewed(1, "cart_viewed", products=[{"product_id": "s", "image_url": "https://cdn.test/s.png"}]),
    ]

    found = tallied([an_order("a", 1, {"product_id": "s"})], views)

    [shoes] = found.bought
    assert (shoes.name, shoes.url, shoes.image) == (
        "New shoes",
        "https://shop.test/s",
        "https://cdn.test/s.png",
    )
    assert (shoes.seen, shoes.last_seen) == (1, days(3))
    assert found.lines["a"][0].name == "New shoes"


def test_categories_that_were_bought_go_before_those_that_were_only_seen():
    views = [viewed(n, "category_visited", category="Sale") for n in range(3)]

    found = tallied([an_order("a", 1, SHOES)], [*views, viewed(4, product_id="s", category="Footwear")])

    assert [(c.name, c.bought, c.seen) for c in found.categories] == [("Footwear", 2, 1), ("Sale", 0, 3)]


def test_what_cannot_be_read_is_bought_without_a_number_of_pieces():
    found = tallied([an_order("a", 1, {"name": "Hat", "quantity": "some", "price": "?"})], [])

    assert [(p.name, p.bought, p.orders) for p in found.bought] == [("Hat", 0, 1)]
    assert (found.lines["a"][0].quantity, found.lines["a"][0].price) == (None, None)
