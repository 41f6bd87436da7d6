"""Shop events of Google Analytics 4 in our terms: `items`, `transaction_id`, `search_term` and the like.

What an event says in our own terms stands; an amount stays what was sent (`value` is read like a revenue).
Source: Google Analytics 4, recommended events for online sales.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.domain.identity.blanks import is_blank
from engine.domain.property_names import bare, value_of
from engine.domain.worth import name_of

_OF_ONE_PRODUCT = frozenset(
    {
        "product_visited", "added_to_cart", "removed_from_cart", "added_to_wishlist", "removed_from_wishlist",
        "product_shared", "product_reviewed",
    }
)  # fmt: skip
"""Types whose properties are those of a product."""

_OF_PRODUCTS = frozenset(
    {
        "category_visited", "cart_viewed", "cart_shared", "checkout_started", "checkout_step_completed",
        "payment_info_entered", "order_completed", "order_updated", "order_refunded", "order_cancelled",
    }
)  # fmt: skip
"""Types that list products."""

_TERMS = {
    "transactionid": "order_id",
    "searchterm": "query",
    "paymenttype": "payment_method",
    "shippingtier": "shipping_method",
    "itemlistid": "list_id",
}
"""Our names of an event's properties, by those of GA4 as `bare` has them."""

_PROMOTION_TERMS = {
    "promotionid": "content_id",
    "promotionname": "name",
    "creativename": "creative",
    "creativeslot": "position",
}

_ITEM_TERMS = {
    "itemid": "product_id",
    "itemname": "name",
    "itemcategory": "category",
    "itembrand": "brand",
    "itemvariant": "variant",
    "index": "position",
}


_PAGE_TERMS = {
    "pagelocation": "url",
    "pagetitle": "title",
    "pagereferrer": "referrer",
    "screenname": "name",
}

_OTHERS: Mapping[str, Mapping[str, str]] = {
    "page_visited": _PAGE_TERMS,
    "searched": _TERMS,
    "web_content_shown": _PROMOTION_TERMS,
    "web_content_clicked": _PROMOTION_TERMS,
}
"""The terms of types that concern no product."""


def in_our_terms(type_: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    """The properties of an activity, with those of GA4 under our names, too; of other types as they are.

    `items` become `products`, or, of a type that concerns one product, its own properties.
    """
    if type_ in _OF_PRODUCTS:
        return _with_products(type_, _with_terms(properties, _TERMS))
    if type_ in _OF_ONE_PRODUCT:
        return _with_product(type_, properties)
    return _with_terms(properties, _OTHERS.get(type_, {}))


def _with_terms(properties: Mapping[str, Any], terms: Mapping[str, str]) -> dict[str, Any]:
    if not terms:
        return dict(properties)
    present = {bare(name) for name, value in properties.items() if not is_blank(value)}
    lacking = {
        ours: value
        for name, value in properties.items()
        if (ours := terms.get(bare(name))) is not None and bare(ours) not in present and not is_blank(value)
    }
    return {**properties, **lacking}


def _with_products(type_: str, properties: dict[str, Any]) -> dict[str, Any]:
    items = _items_in(properties)
    if items is None:
        return properties
    products = [_product(item) for item in items]
    category = _common_category(products) if type_ == "category_visited" else {}
    return {**category, **_without_items(properties), "products": products}


def _with_product(type_: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    """A single item is the product; several are a list, and the first of those viewed is the product, too."""
    items = _items_in(properties)
    if not items or name_of(properties) is not properties:
        return dict(properties)
    products, own = [_product(item) for item in items], _without_items(properties)
    first = products[0] if isinstance(products[0], dict) else {}
    if len(products) == 1:
        return {**first, **own} if first else dict(properties)
    return {**(first if type_ == "product_visited" else {}), **own, "products": products}


def _items_in(properties: Mapping[str, Any]) -> list[Any] | None:
    """The items, unless products are listed, too."""
    listed = any(bare(name) == "products" for name in properties)
    items = None if listed else properties.get("items")
    return items if isinstance(items, list) else None


def _without_items(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in properties.items() if name != "items"}


def _product(item: Any) -> Any:
    """An item under our names; a name of ours that it has, too, stands."""
    if not isinstance(item, dict):
        return item
    present = {bare(name) for name, value in item.items() if not is_blank(value)}
    renamed = {}
    for name, value in item.items():
        ours = _ITEM_TERMS.get(bare(name), name)
        if ours == name or bare(ours) not in present:
            renamed[ours] = value
    return renamed


def _common_category(products: list[Any]) -> dict[str, Any]:
    """The category that all products share, as that of the list."""
    named = {str(value_of(product, "category")) for product in products if isinstance(product, dict)}
    return {"category": named.pop()} if len(named) == 1 and "None" not in named else {}
