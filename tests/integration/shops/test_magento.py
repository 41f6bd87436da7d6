"""A Magento: orders with credit memos, consents without dates, tokens of integrations."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from engine.shops import shops
from engine.shops.fetching import magento_api
from tests.integration.shops.fetching import ACCESS, connect, contacts_of, fetch, poll
from tests.shop_servers import served
from tests.shop_servers.magento import TOKEN, Magento


@pytest.fixture
def shop():
    with served(Magento()) as server:
        yield server


@pytest.fixture
def connected(db, shop):
    return connect(db, "magento", url=shop.url + "/", secrets={"access_token": TOKEN})


def types(db, **query):
    return sorted(row["type"] for row in db.activities.find(query))


def test_customers_and_orders_are_fetched(db, shop, connected):
    shop.customer(1, "c1@x.example", subscribed=True)
    shop.order(11, 1, total=30.5, coupon_code="MARCH", discount_amount=-5.0)
    shop.order(12, None, customer_email="gus@x.example")

    job = fetch(db, connected)

    assert (job["state"], job["total"], job["done"]) == ("done", 3, 3)
    found = contacts_of(db)
    assert found["c1@x.example"]["external_id"] == "1"
    assert found["c1@x.example"]["commerce"]["spent"] == Decimal("30.5")
    assert found["gus@x.example"]["commerce"]["orders"] == 1
    assert found["gus@x.example"].get("external_id") is None
    [order] = db.activities.find({"properties.order_id": "000000011"})
    assert [line["sku"] for line in order["properties"]["products"]] == ["MUG-1"], "not its variant as well"
    assert (order["properties"]["discount"], order["properties"]["coupon"]) == (5, "MARCH")
    [consent] = db.activities.find({"type": "newsletter_subscribed"})
    assert consent["happened_at"] == datetime(2026, 1, 10, 10, tzinfo=UTC), "since the registration"


@pytest.mark.parametrize(
    ("state", "orders", "spent"),
    [
        ("new", 1, 30), ("processing", 1, 30), ("complete", 1, 30), ("holded", 1, 30),
        ("pending_payment", 0, 0), ("canceled", 0, 0), ("of_a_module", 1, 30),
    ],
)  # fmt: skip
def test_what_counts_as_an_order_follows_magentos_state(db, shop, connected, state, orders, spent):
    shop.customer(1, "c1@x.example")
    shop.order(11, 1, total=30, state=state)
    fetch(db, connected)

    found = contacts_of(db)["c1@x.example"]["commerce"]
    assert (found.get("orders", 0), found.get("spent", 0)) == (orders, spent)


def test_credit_memos_count_once_in_part_and_whole(db, shop, connected):
    shop.customer(1, "c1@x.example")
    shop.order(11, 1, total=30.0)
    poll(db, connected)
    shop.refund(5, 11, 12.0, "2026-02-03 10:00:00")
    poll(db, connected)
    assert contacts_of(db)["c1@x.example"]["commerce"]["refunded"] == 12

    shop.refund(6, 11, 18.0, "2026-02-04 10:00:00")
    shop.tables["orders"][0]["state"] = "closed"
    poll(db, connected)
    fetch(db, connected)

    assert contacts_of(db)["c1@x.example"]["commerce"]["refunded"] == 30
    assert types(db, type="order_refunded") == ["order_refunded"] * 2


def test_a_consent_without_a_date_counts_where_it_changes(db, shop, connected):
    shop.customer(1, "c1@x.example", subscribed=True)
    poll(db, connected)
    shop.customer(1, "c1@x.example", subscribed=True, lastname="Gil", updated_at="2026-03-01 10:00:00")
    poll(db, connected)
    assert types(db, type="newsletter_subscribed") == ["newsletter_subscribed"]

    shop.customer(1, "c1@x.example", subscribed=False, updated_at="2026-04-01 10:00:00")
    poll(db, connected)
    shop.customer(1, "c1@x.example", subscribed=True, updated_at="2026-05-01 10:00:00")
    poll(db, connected)
    acts = [
        (row["type"], row["happened_at"].month)
        for row in db.activities.find({"type": {"$regex": "newsletter"}}).sort("happened_at", 1)
    ]
    assert acts == [
        ("newsletter_subscribed", 1),
        ("newsletter_unsubscribed", 4),
        ("newsletter_subscribed", 5),
    ]


def test_pages_end_though_magento_repeats_the_last_one(db, shop, connected, monkeypatch):
    monkeypatch.setattr(magento_api, "PAGE", 2)
    for number in range(1, 5):
        shop.customer(number, f"c{number}@x.example")
    job = fetch(db, connected)

    assert (job["state"], job["done"]) == ("done", 4)


def test_check_names_what_the_integration_may_not_read(db, shop, connected):
    shop.allowed.remove("creditmemos")
    with pytest.raises(Exception, match="isn't authorized to access Magento_Sales::sales_creditmemo"):
        ACCESS.open(db, shops.find(db, connected.id)).check()
