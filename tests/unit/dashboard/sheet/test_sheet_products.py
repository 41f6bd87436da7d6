"""The card of products: escaped, few at once, empty states."""

from zoneinfo import ZoneInfo

from dashboard.sheet import sheet_commerce, sheet_products
from engine.contacts.sheet.products import SheetProducts, tallied
from engine.contacts.sheet.sheets import sheet_commerce_of
from engine.domain.order_lines import order_lines
from engine.domain.rulebook import Account
from tests.builders import an_activity, bought, days, minutes, the_contact

UTC = ZoneInfo("UTC")


def seen(*products):
    rows = [
        {"_id": str(n), "type": "product_visited", "happened_at": days(n), "properties": properties}
        for n, properties in enumerate(products)
    ]
    return tallied([], rows)


def test_without_products_it_says_so():
    assert "No products bought or seen yet." in sheet_products.products(SheetProducts(), UTC)


def test_names_links_and_pictures_are_escaped_and_only_links_by_http_are_followed():
    found = seen(
        {"product_id": "a", "name": "<script>alert(1)</script>", "url": 'https://x.test/"onclick="x'},
        {"product_id": "b", "name": "B", "url": "javascript:alert(1)", "image_url": "https://x.test/<i>.png"},
    )

    card = sheet_products.products(found, UTC)

    assert "<script>" not in card
    assert 'onclick="x' not in card
    assert "javascript:" not in card
    assert 'src="https://x.test/&lt;i&gt;.png"' in card
    assert 'loading="lazy" referrerpolicy="no-referrer"' in card
    assert 'rel="noopener noreferrer"' in card


def test_without_any_picture_there_is_no_room_for_one():
    assert "cs-pic" not in sheet_products.products(seen({"product_id": "a"}), UTC)
    assert (
        sheet_products.products(
            seen({"product_id": "a", "image_url": "http://x.test/a"}, {"sku": "b"}), UTC
        ).count("cs-pic")
        == 2
    )


def test_of_many_products_few_show_at_once():
    card = sheet_products.products(seen(*({"product_id": f"p{n}"} for n in range(200))), UTC)

    assert "195 more products" in card


def orders(*activities):
    state = the_contact(activities).state
    lines = [
        ({"id": order.id, "placed_at": order.placed_at}, order_lines(found.properties, Account()))
        for order in state.commerce.book
        for found in activities
        if found.id == order.lines_in
    ]
    return sheet_commerce.commerce(sheet_commerce_of(state.commerce, state.cart), UTC, tallied(lines, []))


def test_an_order_says_what_became_of_it_and_unfolds_its_lines():
    shoes = {"product_id": "s", "name": "Shoes", "price": 40, "quantity": 2}
    card = orders(
        bought(80, order_id="a", products=[shoes], trusted=True),
        bought(10, days(10), order_id="b", trusted=True),
        bought(20, days(20), order_id="c", trusted=True),
        an_activity("order_refunded", days(21), order_id="b", trusted=True),
        an_activity("order_cancelled", days(21), order_id="c", trusted=True),
    )

    assert card.count("<details") == 1
    assert "Shoes" in card
    assert ">completed<" in card
    assert ">refunded<" in card
    assert ">cancelled<" in card
    assert "days between orders" in card


def test_orders_of_one_day_are_under_a_day_apart():
    assert "under 1" in orders(bought(1, order_id="a"), bought(1, minutes(5), order_id="b"))
