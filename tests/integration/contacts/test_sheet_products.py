"""The products of a sheet, on the real server: after merges, splits, corrections, and for many activities."""

import time
from decimal import Decimal

from engine.accounts.permissions import Permission
from engine.contacts.merging import merge_service
from engine.contacts.sheet import products as sheet_products
from engine.contacts.sheet import sheet_service
from engine.domain.activities import ActivityId
from tests.builders import acting, an_activity, bought, colleague, days, identified, imported, minutes
from tests.integration.drained import drain_all, receive_and_drain, the_id

SHOES = {"product_id": "s", "name": "Shoes", "category": "Footwear", "price": 40, "quantity": 2}
HAT = {"sku": "h", "name": "Hat", "price": 10}


def products_of(db, key):
    return sheet_products.products(db, the_id(db, key))


def names(found):
    return {product.name: product.bought for product in found.bought}


def test_after_a_merge_the_products_of_both_are_there(db):
    receive_and_drain(
        db,
        [
            bought(80, minutes(0), tracker="laptop", order_id="a", products=[SHOES]),
            an_activity(
                "product_visited", minutes(1), tracker="laptop", product_id="s", url="https://x.test/s"
            ),
            bought(10, minutes(2), email="ana@x.com", order_id="b", products=[HAT], trusted=True),
            identified(minutes(3), tracker="laptop", email="ana@x.com"),
        ],
    )

    found = products_of(db, "ana@x.com")

    assert names(found) == {"Shoes": Decimal(2), "Hat": Decimal(1)}
    assert found.by_id["s"].url == "https://x.test/s"
    assert [product.seen for product in found.seen] == [1]


def test_an_undone_merge_leaves_each_its_own_products(db):
    receive_and_drain(
        db,
        [
            bought(80, minutes(0), email="ana@x.com", order_id="a", products=[SHOES], trusted=True),
            bought(10, minutes(1), email="eva@x.com", order_id="b", products=[HAT], trusted=True),
        ],
    )
    mia, ana, eva = acting(db, colleague(role="admin")), the_id(db, "ana@x.com"), the_id(db, "eva@x.com")
    merge_service.merge(mia, ana, eva, id_=ActivityId("m1"))
    drain_all(db)
    assert names(products_of(db, "eva@x.com")) == {"Shoes": Decimal(2), "Hat": Decimal(1)}

    merge_service.undo_merge(mia, eva, id_=ActivityId("u1"), reason="two sisters")
    drain_all(db)

    assert names(products_of(db, "ana@x.com")) == {"Shoes": Decimal(2)}
    assert names(products_of(db, "eva@x.com")) == {"Hat": Decimal(1)}


def test_a_correction_and_a_file_say_what_was_bought(db):
    receive_and_drain(
        db,
        [
            bought(80, minutes(0), email="ana@x.com", order_id="a", products=[SHOES], trusted=True),
            an_activity(
                "order_updated", minutes(1), email="ana@x.com", order_id="a", products=[HAT], trusted=True
            ),
            imported(minutes(2), "order_completed", email="ana@x.com", order_id="b", total=1, products=[HAT]),
        ],
    )

    found = products_of(db, "ana@x.com")

    assert names(found) == {"Hat": Decimal(2)}
    assert found.lines.keys() == {"a", "b"}


def test_a_contact_of_which_nothing_is_known_has_none(db):
    receive_and_drain(db, [identified(email="ana@x.com")])

    assert products_of(db, "ana@x.com") == sheet_products.SheetProducts()
    assert sheet_products.products(db, "nobody") == sheet_products.SheetProducts()


def test_of_very_many_views_the_latest_are_counted_and_it_stays_quick(db):
    receive_and_drain(db, [identified(email="ana@x.com", tracker="t")])
    template = db.activities.find_one({"tracker": "t"})
    rows = [
        {**template, "_id": f"many{n}", "type": "product_visited", "happened_at": days(1 + n / 10_000),
         "properties": {"product_id": f"p{n % 300}", "name": f"Product {n % 300}"}}
        for n in range(20_000)
    ]  # fmt: skip
    db.activities.insert_many(rows)
    began = time.perf_counter()

    found = products_of(db, "ana@x.com")

    assert time.perf_counter() - began < 1
    assert sum(product.seen for product in found.seen) <= sheet_products.VIEWS
    assert len(found.seen) == sheet_products.SHOWN
    assert not found.all_views


def test_a_viewer_who_sees_no_personal_data_gets_no_links(db, monkeypatch):
    monkeypatch.setattr(sheet_service, "masks", lambda actor: not actor.may(Permission.EDIT_CONTACTS))
    receive_and_drain(
        db,
        [
            an_activity(
                "product_visited", email="ana@x.com", product_id="s", name="For ana@x.com",
                url="https://x.test/?ana", image_url="https://x.test/s.png",
            )
        ],
    )  # fmt: skip

    seen = sheet_service.products(acting(db, colleague(role="viewer")), the_id(db, "ana@x.com")).seen[0]

    assert "ana" not in seen.name
    assert (seen.url, seen.image) == (None, None)
    assert sheet_service.products(acting(db, colleague()), the_id(db, "ana@x.com")).seen[0].url is not None
