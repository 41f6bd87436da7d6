"""An order that waited at the payment and was cancelled was never placed."""

from __future__ import annotations

from types import SimpleNamespace

from engine.shops.intake import _placed_or_updated, read
from engine.shops.platforms.registry import PLATFORMS
from engine.shops.shops import ShopRecord
from tests.builders import NOON
from tests.shop_deliveries import woo_order

SHOP = ShopRecord("s1", "woocommerce", "Zapatos", "", NOON)


def type_of_last(*lives):
    """The type under which the last of some states is stored, each stored before the next is read."""
    stored = {}

    def find_one(query, _fields):
        lower, upper = query["_id"]["$gte"], query["_id"]["$lt"]
        of_type = query.get("type")
        found = (id_ for id_, type_ in stored.items() if lower <= id_ < upper and of_type in (None, type_))
        return next(found, None)

    db = SimpleNamespace(activities=SimpleNamespace(find_one=find_one))
    for minute, status in enumerate(lives):
        for event in read(
            PLATFORMS["woocommerce"], "order.updated", woo_order(status=status, updated=minute)
        ):
            is_state = event.id.startswith("order:")
            type_ = _placed_or_updated(db, SHOP, event).type if is_state else event.type
            stored[f"{SHOP.source}:{event.id}"] = type_
            if is_state:
                last = type_
    return last


def test_an_order_that_was_given_up_at_the_payment_is_not_completed():
    assert type_of_last("pending", "cancelled") == "order_updated"


def test_one_that_is_paid_after_all_is():
    assert type_of_last("pending", "cancelled", "processing") == "order_completed"
    assert type_of_last("pending", "processing") == "order_completed"


def test_one_that_was_placed_before_it_was_cancelled_was_completed_once():
    assert type_of_last("cancelled") == "order_completed"
    assert type_of_last("pending", "processing", "cancelled") == "order_updated"
