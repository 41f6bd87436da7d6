"""The past of shops that send webhooks: fetched in the form of their webhooks, so that both are one."""

import pytest

from engine.db.connection import utc_now
from engine.rules import versions
from engine.shops import shops
from engine.shops.fetching import fetch_job, shopify_api, woocommerce_api
from engine.shops.fetching.pages import Item
from engine.shops.fetching.problems import ShopRefuses, ShopUnavailable
from engine.shops.fetching.storing import store
from tests.integration.drained import drain_all
from tests.integration.shops.fetching import ACCESS, connect, contacts_of, fetch
from tests.shop_servers import fault, served
from tests.shop_servers.shopify import THROTTLED, TOKEN, Shopify, refund
from tests.shop_servers.woocommerce import KEY, SECRET, WooCommerce


@pytest.fixture
def woo():
    with served(WooCommerce()) as server:
        yield server


@pytest.fixture
def woo_shop(db, woo):
    return connect(db, "woocommerce", url=woo.url, consumer_key=KEY, secrets={"consumer_secret": SECRET})


@pytest.fixture
def shopify():
    with served(Shopify()) as server:
        yield server


@pytest.fixture
def shopify_shop(db, shopify):
    return connect(db, "shopify", url=shopify.url, secrets={"access_token": TOKEN})


def delivered(db, shop, topic, payload):
    """What a webhook with a payload comes to."""
    store(db, shops.find(db, shop.id), [Item(topic, payload)], versions.current(db), now=utc_now())
    drain_all(db)


def test_the_past_of_a_woocommerce(db, woo, woo_shop):
    woo.customer(1, "c1@x.example")
    woo.order(11, 1, total="30.50", refunds=[{"id": 5, "reason": "broken", "total": "-10.00"}])
    woo.order(12, 0, billing={"email": "gus@x.example"})

    job = fetch(db, woo_shop)

    assert (job["state"], job["total"], job["done"]) == ("done", 3, 3)
    found = contacts_of(db)
    assert (found["c1@x.example"]["external_id"], found["c1@x.example"]["commerce"]["orders"]) == ("1", 1)
    assert found["c1@x.example"]["commerce"]["refunded"] == 10
    assert found["gus@x.example"]["commerce"]["orders"] == 1
    assert db.refusals.count_documents({}) == 0


def test_a_webhook_and_the_fetch_of_a_woocommerce_order_are_one(db, woo, woo_shop):
    payload = woo.order(11, 1)
    delivered(db, woo_shop, "order.updated", payload)
    fetch(db, woo_shop)
    delivered(db, woo_shop, "order.updated", payload)

    assert contacts_of(db)["c1@x.example"]["commerce"]["orders"] == 1
    assert db.conflicts.count_documents({}) == 0


def test_no_order_is_skipped_where_another_is_deleted_meanwhile(db, woo, woo_shop, monkeypatch):
    monkeypatch.setattr(woocommerce_api, "PAGE", 2)
    for number in range(11, 17):
        woo.order(number, number)

    def delete_one(_path, query):
        if query.get("page") == "2":
            woo.tables["orders"] = [row for row in woo.tables["orders"] if row["id"] != 11]

    woo.before = delete_one
    fetch(db, woo_shop)

    ordered = db.activities.distinct("properties.order_id", {"type": "order_completed"})
    assert ordered == ["11", "12", "13", "14", "15", "16"]


def test_a_wrong_key_of_woocommerce_and_plain_permalinks_are_named(db, woo, woo_shop):
    wrong = connect(
        db, "woocommerce", prefix="b", url=woo.url, consumer_key="ck_x", secrets={"consumer_secret": SECRET}
    )
    with pytest.raises(ShopRefuses, match="Sorry, you cannot list resources"):
        ACCESS.open(db, shops.find(db, wrong.id)).check()

    woo.faults = [fault(404, "<html>Not found</html>")]
    with pytest.raises(ShopRefuses, match="Permalinks"):
        ACCESS.open(db, shops.find(db, woo_shop.id)).check()


def test_the_past_of_a_shopify(db, shopify, shopify_shop, monkeypatch):
    monkeypatch.setattr(shopify_api, "PAGES", {"customers": 2, "orders": 1})
    people = [shopify.customer(number, f"c{number}@x.example") for number in (1, 2, 3)]
    shopify.customer(4, "c4@x.example", state="SUBSCRIBED")
    shopify.order(11, people[0], total="30.50", refunds=[refund(5, "10.00")])
    shopify.order(12, people[0], total="20.00", cancelledAt="2026-02-02T10:00:00Z")
    shopify.order(13, people[1], lines=120)

    job = fetch(db, shopify_shop)

    assert (job["state"], job["total"], job["done"]) == ("done", 7, 7), job.get("failure")
    assert db.refusals.count_documents({}) == 0
    found = contacts_of(db)
    first = found["c1@x.example"]["commerce"]
    assert (found["c1@x.example"]["external_id"], first["orders"], first["refunded"]) == ("1", 1, 10)
    [large] = db.activities.find({"properties.order_id": "#13", "type": "order_completed"})
    assert len(large["properties"]["products"]) == 120, "lines beyond the first page, too"
    [consent] = db.activities.find({"type": "newsletter_subscribed"})
    assert (consent["identities"]["email"], consent["happened_at"].day) == ("c4@x.example", 15)


def test_a_webhook_and_the_fetch_of_a_shopify_order_are_one(db, shopify, shopify_shop):
    person = shopify.customer(1, "c1@x.example")
    shopify.order(11, person)
    payload = ACCESS.open(db, shops.find(db, shopify_shop.id)).page("orders", "").items[0].payload
    delivered(db, shopify_shop, "orders/create", payload)
    fetch(db, shopify_shop)

    assert contacts_of(db)["c1@x.example"]["commerce"]["orders"] == 1
    assert db.conflicts.count_documents({}) == 0


def test_shopify_is_left_alone_until_the_query_can_be_paid_for(db, shopify, shopify_shop, monkeypatch):
    shopify.customer(1, "c1@x.example")
    shopify.faults = [THROTTLED]
    with pytest.raises(ShopUnavailable) as raised:
        ACCESS.open(db, shops.find(db, shopify_shop.id)).page("customers", "")
    assert raised.value.wait == 2.0

    monkeypatch.setattr(fetch_job, "PAUSES", (0.01,))
    shopify.faults = [THROTTLED]
    assert fetch(db, shopify_shop)["state"] == "done"


def test_a_token_and_scopes_of_shopify_are_named(db, shopify, shopify_shop):
    shopify.scopes.remove("read_orders")
    with pytest.raises(ShopRefuses, match=r"Access denied for orders field.*read_orders"):
        ACCESS.open(db, shops.find(db, shopify_shop.id)).check()

    wrong = connect(db, "shopify", prefix="b", url=shopify.url, secrets={"access_token": "shpat_x"})
    with pytest.raises(ShopRefuses, match=r"Invalid API key or access token"):
        ACCESS.open(db, shops.find(db, wrong.id)).check()
