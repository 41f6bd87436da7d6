"""What others call the events of a shop: Segment of both versions, and Google Analytics 4."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from engine.domain.activities import Activity
from engine.domain.activity_types import ActivityCatalog, ActivityType, folded_name
from engine.domain.rulebook import Ruleset
from engine.operations.upgrades import NAMED_TYPES
from engine.rules.language import editing
from engine.rules.ruleset import read_folder
from engine.settings import CONFIG_DIR
from engine.tracking.translate import Sender
from tests.builders import the_contact

Translated = Callable[..., Activity]

SERVER = Sender(key="key-2", trusted=True)

SEGMENT = {
    "Products Searched": "searched",
    "Product List Viewed": "category_visited",
    "Product List Filtered": "category_visited",
    "Promotion Viewed": "web_content_shown",
    "Promotion Clicked": "web_content_clicked",
    "Product Clicked": "product_visited",
    "Product Viewed": "product_visited",
    "Product Added": "added_to_cart",
    "Product Removed": "removed_from_cart",
    "Cart Viewed": "cart_viewed",
    "Checkout Started": "checkout_started",
    "Checkout Step Viewed": "checkout_step_viewed",
    "Checkout Step Completed": "checkout_step_completed",
    "Payment Info Entered": "payment_info_entered",
    "Order Updated": "order_updated",
    "Order Completed": "order_completed",
    "Order Refunded": "order_refunded",
    "Order Cancelled": "order_cancelled",
    "Coupon Entered": "coupon_entered",
    "Coupon Applied": "coupon_applied",
    "Coupon Denied": "coupon_denied",
    "Coupon Removed": "coupon_removed",
    "Product Added to Wishlist": "added_to_wishlist",
    "Product Removed from Wishlist": "removed_from_wishlist",
    "Wishlist Product Added to Cart": "added_to_cart",
    "Product Shared": "product_shared",
    "Cart Shared": "cart_shared",
    "Product Reviewed": "product_reviewed",
}
FIRST_VERSION = {
    "Searched Products": "searched",
    "Viewed Product Category": "category_visited",
    "Viewed Product": "product_visited",
    "Added Product": "added_to_cart",
    "Removed Product": "removed_from_cart",
    "Viewed Promotion": "web_content_shown",
    "Clicked Promotion": "web_content_clicked",
    "Started Order": "checkout_started",
    "Viewed Checkout Step": "checkout_step_viewed",
    "Completed Checkout Step": "checkout_step_completed",
    "Updated Order": "order_updated",
    "Completed Order": "order_completed",
    "Refunded Order": "order_refunded",
    "Cancelled Order": "order_cancelled",
}
GA4 = {
    "page_view": "page_visited",
    "search": "searched",
    "view_search_results": "searched",
    "view_item_list": "category_visited",
    "select_item": "product_visited",
    "view_item": "product_visited",
    "view_promotion": "web_content_shown",
    "select_promotion": "web_content_clicked",
    "add_to_cart": "added_to_cart",
    "remove_from_cart": "removed_from_cart",
    "view_cart": "cart_viewed",
    "begin_checkout": "checkout_started",
    "add_shipping_info": "checkout_step_completed",
    "add_payment_info": "payment_info_entered",
    "purchase": "order_completed",
    "refund": "order_refunded",
    "add_to_wishlist": "added_to_wishlist",
    "sign_up": "registered",
    "login": "logged_in",
    "generate_lead": "form_submitted",
}


def spellings(name: str) -> set[str]:
    words = name.replace("_", " ").split()
    capitals = [word.capitalize() for word in words]
    return {
        name, name.upper(), name.lower(), "_".join(words).lower(), "-".join(words), ".".join(words),
        "".join(capitals), words[0].lower() + "".join(capitals[1:]), f" {'  '.join(words)} ",
    }  # fmt: skip


@pytest.mark.parametrize(("name", "type_"), [*SEGMENT.items(), *FIRST_VERSION.items(), *GA4.items()])
def test_a_name_in_any_casing_and_with_any_separators_is_our_type(
    translated: Translated, name: str, type_: str
) -> None:
    assert {translated(event=spelt).type for spelt in spellings(name)} == {type_}


def test_no_two_shipped_types_have_the_same_name() -> None:
    shipped = editing.read(read_folder(CONFIG_DIR)["activities.yaml"])["activities"]
    names = Counter(
        folded
        for type_, entry in shipped.items()
        for folded in {folded_name(name) for name in (type_, *entry.get("segment_names", ()))}
    )

    assert [name for name, times in names.items() if times > 1] == []


def test_each_type_that_became_known_with_its_names_has_a_label_and_an_icon_of_its_own(
    ruleset: Ruleset,
) -> None:
    icons = Counter(ruleset.catalog.icon(type_) for type_ in NAMED_TYPES)

    assert set(ruleset.catalog.types()) >= NAMED_TYPES
    assert all(ruleset.catalog.label(type_) != type_ for type_ in NAMED_TYPES)
    assert set(icons.values()) == {1}


def test_a_declared_type_goes_before_another_ones_name_for_it() -> None:
    catalog = ActivityCatalog(
        [ActivityType("purchase", "Ours"), ActivityType("log_in", "A"), ActivityType("login", "B"),
         ActivityType("order_completed", "Order", segment_names=("purchase",))]
    )  # fmt: skip

    assert [catalog.type_of(name) for name in ("Purchase", "log_in", "login")] == [
        "purchase",
        "log_in",
        "login",
    ]


# The properties of GA4

SHOE = {"product_id": "s", "name": "Shoe", "category": "Shoes", "brand": "Acme", "price": 40, "quantity": 2}
SHOE_ITEM = {
    "item_id": "s", "item_name": "Shoe", "item_category": "Shoes", "item_brand": "Acme", "price": 40,
    "quantity": 2,
}  # fmt: skip
HAT, HAT_ITEM = {"product_id": "h", "price": 20}, {"item_id": "h", "price": 20}
ORDER = {
    "order_id": "o-1", "revenue": 100, "currency": "EUR", "coupon": "MAY", "tax": 5, "shipping": 3,
    "products": [SHOE, HAT],
}  # fmt: skip
PURCHASE = {
    "transaction_id": "o-1", "value": 100, "currency": "EUR", "coupon": "MAY", "tax": 5, "shipping": 3,
    "items": [SHOE_ITEM, HAT_ITEM],
}  # fmt: skip

Sent = tuple[str, dict[str, Any]]


def folded_sheet(translated: Translated, *sent: Sent) -> tuple[Any, Any]:
    """The orders and the cart after some events of the shop's server, a minute apart."""
    activities = [
        translated(
            SERVER, event=event, userId="7", messageId=f"m-{number}", properties=properties,
            timestamp=f"2026-03-01T11:{number:02}:00Z",
        )
        for number, (event, properties) in enumerate(sent)
    ]  # fmt: skip
    state = the_contact(activities).state
    return state.commerce, state.cart


@pytest.mark.parametrize(
    ("segment", "ga4"),
    [
        ([("Order Completed", ORDER)], [("purchase", PURCHASE)]),
        (
            [("Order Completed", ORDER), ("Order Refunded", {"order_id": "o-1"})],
            [("purchase", PURCHASE), ("refund", {"transaction_id": "o-1"})],
        ),
        (
            [("Order Completed", ORDER), ("Order Refunded", {"order_id": "o-1", "products": [HAT]})],
            [("purchase", PURCHASE), ("refund", {"transaction_id": "o-1", "items": [HAT_ITEM]})],
        ),
        (
            [
                ("Order Completed", ORDER),
                ("Order Refunded", {"order_id": "o-1", "total": 30, "currency": "EUR"}),
            ],
            [("purchase", PURCHASE), ("refund", {"transaction_id": "o-1", "value": 30, "currency": "EUR"})],
        ),
        (
            [("Product Added", SHOE)],
            [("add_to_cart", {"currency": "EUR", "value": 80, "items": [SHOE_ITEM]})],
        ),
        (
            [("Product Added", SHOE), ("Product Added", HAT)],
            [("view_item", {"items": [HAT_ITEM]}), ("add_to_cart", {"items": [SHOE_ITEM, HAT_ITEM]})],
        ),
        (
            [("Product Added", SHOE), ("Product Removed", {"product_id": "s", "quantity": 1})],
            [
                ("add_to_cart", {"items": [SHOE_ITEM]}),
                ("remove_from_cart", {"items": [{"item_id": "s", "quantity": 1}]}),
            ],
        ),
        ([("Cart Viewed", {"products": [SHOE, HAT]})], [("view_cart", {"items": [SHOE_ITEM, HAT_ITEM]})]),
        (
            [("Product Added", SHOE), ("Cart Viewed", {"products": []})],
            [("add_to_cart", {"items": [SHOE_ITEM]}), ("view_cart", {"items": []})],
        ),
        ([("Checkout Started", {"products": [HAT]})], [("begin_checkout", {"items": [HAT_ITEM]})]),
    ],
)
def test_ga4_makes_the_same_orders_and_cart_as_segment(
    translated: Translated, segment: list[Sent], ga4: list[Sent]
) -> None:
    ours, theirs = folded_sheet(translated, *segment), folded_sheet(translated, *ga4)

    assert ours == theirs


def test_the_items_of_ga4_are_lines_of_the_cart(translated: Translated) -> None:
    _, cart = folded_sheet(translated, ("add_to_cart", {"currency": "EUR", "items": [SHOE_ITEM, HAT_ITEM]}))

    assert {line.product_id: (line.quantity, line.price) for line in cart.lines} == {
        "s": (2, 40),
        "h": (1, 20),
    }
    assert cart.value == 100


@pytest.mark.parametrize("events", [("Order Completed", "purchase"), ("purchase", "Order Completed")])
def test_an_order_in_both_specifications_counts_once(translated: Translated, events: tuple[str, str]) -> None:
    properties = {"Order Completed": ORDER, "purchase": PURCHASE}

    commerce, _ = folded_sheet(translated, *((event, properties[event]) for event in events))

    assert (commerce.orders, commerce.spent) == (1, 100)


@pytest.mark.parametrize(
    ("event", "sent", "kept"),
    [
        ("view_item", {"value": 40, "items": [SHOE_ITEM]}, {"value": 40, **SHOE}),
        ("search", {"search_term": "boots"}, {"search_term": "boots", "query": "boots"}),
        (
            "view_item_list",
            {"item_list_id": "new", "items": [SHOE_ITEM]},
            {"item_list_id": "new", "list_id": "new", "category": "Shoes", "products": [SHOE]},
        ),
        (
            "add_payment_info",
            {"payment_type": "card", "items": [HAT_ITEM]},
            {"payment_type": "card", "payment_method": "card", "products": [HAT]},
        ),
        (
            "add_shipping_info",
            {"shipping_tier": "Ground"},
            {"shipping_tier": "Ground", "shipping_method": "Ground"},
        ),
        (
            "view_promotion",
            {"promotion_id": "p", "promotion_name": "Sale"},
            {"promotion_id": "p", "content_id": "p", "promotion_name": "Sale", "name": "Sale"},
        ),
        (
            "page_view",
            {"page_location": "https://x.com/a"},
            {"page_location": "https://x.com/a", "url": "https://x.com/a"},
        ),
        # What is said in our own terms stands.
        ("purchase", {"order_id": "1", "transaction_id": "2"}, {"order_id": "1", "transaction_id": "2"}),
        ("purchase", {"products": [HAT], "items": [SHOE_ITEM]}, {"products": [HAT], "items": [SHOE_ITEM]}),
        ("add_to_cart", {**HAT, "items": [HAT_ITEM]}, {**HAT, "items": [HAT_ITEM]}),
        # What is no list of items, and other events, stay as they are.
        ("purchase", {"items": "two"}, {"items": "two"}),
        ("add_to_cart", {"items": ["shoe"]}, {"items": ["shoe"]}),
        ("Level Reached", {"items": [HAT_ITEM]}, {"items": [HAT_ITEM]}),
    ],
)
def test_the_properties_of_ga4_are_read_in_our_terms(
    translated: Translated, event: str, sent: dict[str, Any], kept: dict[str, Any]
) -> None:
    assert translated(event=event, properties=sent).properties == kept
