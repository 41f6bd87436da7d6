"""What a connected shop posts: verified, kept once, and told apart from what is forged or unreadable."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.db.connection import utc_now
from engine.notices.not_understood import list_not_understood, run_again
from engine.shops import shops
from tests.builders import NOON, minutes
from tests.integration.shops.conftest import connected
from tests.shop_deliveries import (
    SECRET,
    email_consent,
    encoded,
    shopify_customer,
    shopify_headers,
    shopify_order,
    shopify_refund,
    woo_customer,
    woo_order,
)

ANA = {"email": "ana@x.example"}


def the(db, query=ANA):
    [contact] = db.contacts.find(query)
    return contact


def spent(db):
    commerce = the(db).get("commerce", {})
    return commerce.get("orders", 0), commerce.get("spent", Decimal(0))


def types(db):
    """The types of what the shop reported, without what follows from it."""
    return sorted(row["type"] for row in db.activities.find({"source": {"$regex": "^shop:"}}))


def test_an_order_makes_a_contact_with_the_order_and_its_lines(db, post, shopify):
    answer = post(shopify, "orders/create", shopify_order())

    assert (answer.status_code, answer.json()["accepted"]) == (200, 1)
    contact = the(db)
    assert contact["external_id"] == "115310627314723954"
    assert (contact["first_name"], contact["custom"]["city"]) == ("Ana", "Madrid")
    assert spent(db) == (1, Decimal("80.00"))
    [order] = contact["commerce"]["book"]
    assert (order["id"], order["also"]) == ("#1001", ["1001", "820982911946154508"])
    [activity] = db.activities.find({"type": "order_completed"})
    assert activity["happened_at"] == NOON and activity["trusted"] is True
    assert activity["properties"]["products"][0]["product_id"] == "632910392"


def test_a_forged_delivery_is_refused_counted_and_shown(db, post, shopify):
    answer = post(shopify, "orders/create", shopify_order(), secret="another")

    found = shops.find(db, shopify.id)
    assert answer.status_code == 403 and "x-shopify-hmac-sha256" in answer.text.lower()
    assert (found.refused, found.accepted, db.activities.count_documents({})) == (1, 0, 0)
    assert "is not the one" in found.refused_reason


@pytest.mark.parametrize("header", ["X-Shopify-Hmac-Sha256"])
def test_a_delivery_without_a_signature_is_refused(client, shopify, header):
    body = encoded(shopify_order())
    headers = {k: v for k, v in shopify_headers("orders/create", body).items() if k != header}

    assert client.post(f"/shops/shopify/{shopify.id}", content=body, headers=headers).status_code == 403


def test_a_delivery_of_last_week_is_refused(client, shopify):
    body = encoded(shopify_order())
    headers = shopify_headers("orders/create", body) | {"X-Shopify-Triggered-At": "2020-01-01T00:00:00Z"}

    assert client.post(f"/shops/shopify/{shopify.id}", content=body, headers=headers).status_code == 403


@pytest.mark.parametrize("path", ["shopify/nothing", "woocommerce/{id}", "magazine/{id}"])
def test_an_address_that_is_no_shop_s_is_not_found(client, shopify, path):
    body = encoded(shopify_order())

    answer = client.post(f"/shops/{path.format(id=shopify.id)}", content=body)

    assert answer.status_code == 404


def test_a_removed_shop_posts_to_nobody(db, post, shopify):
    shops.remove(db, shopify.id, now=utc_now())

    assert post(shopify, "orders/create", shopify_order()).status_code == 404


def test_both_secrets_are_accepted_while_one_replaces_the_other(db, post, shopify, sealer):
    shops.replace_secret(db, shopify.id, "webhook_secret", "the new one", sealer, keep_old=True)

    answers = [
        post(shopify, "orders/create", shopify_order(), secret=SECRET),
        post(shopify, "orders/updated", shopify_order(updated=1), secret="the new one"),
    ]
    shops.replace_secret(db, shopify.id, "webhook_secret", "the new one", sealer, keep_old=False)
    last = post(shopify, "orders/updated", shopify_order(updated=2), secret=SECRET)

    assert [answer.status_code for answer in answers] == [200, 200] and last.status_code == 403


def test_a_replay_is_answered_and_ignored_whatever_id_it_has(db, client, post, shopify):
    post(shopify, "orders/create", shopify_order())
    body = encoded(shopify_order())

    again = client.post(
        f"/shops/shopify/{shopify.id}",
        content=body,
        headers=shopify_headers("orders/create", body, id_="other"),
    )

    assert again.json() == {"success": True, "repeated": True}
    assert (shops.find(db, shopify.id).repeated, types(db)) == (1, ["order_completed"])


def test_what_is_not_understood_is_kept_and_acknowledged(db, post, shopify):
    answer = post(shopify, "orders/create", {"id": 5, "email": "ana@x.example"})

    [kept] = list_not_understood(db)
    assert (answer.status_code, answer.json()["kept_for_later"]) == (200, 1)
    assert kept.source == shopify.source and "missing" in kept.reason and kept.topic == "orders/create"


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("orders/delete", shopify_order()),
        ("customers/delete", shopify_customer()),
        ("customers/redact", {"shop_domain": "x", "customer": {"id": 1}, "data_request": {"id": 9}}),
        ("shop/redact", {"shop_domain": "x", "shop_id": 1, "customer": {"id": 1}, "orders_to_redact": []}),
    ],
)
def test_content_of_another_topic_deletes_nothing(db, post, shopify, topic, payload):
    post(shopify, "orders/create", shopify_order())

    answer = post(shopify, topic, payload)

    assert answer.json()["kept_for_later"] == 1
    assert spent(db)[0] == 1 and db.jobs.count_documents({}) == 0


def test_a_refund_that_comes_before_its_order_waits_for_it(db, post, shopify):
    first = post(shopify, "refunds/create", shopify_refund())
    waiting = list_not_understood(db)
    post(shopify, "orders/create", shopify_order())
    run_again(db, waiting[0].id, now=utc_now(), wait=30)
    post(shopify, "orders/updated", shopify_order(updated=61, total="50.00", refunds=[shopify_refund()]))

    assert first.json() == {"success": True, "accepted": 0, "kept_for_later": 1}
    assert list_not_understood(db) == []
    assert spent(db) == (1, Decimal("50.00"))
    assert the(db)["commerce"]["refunded"] == Decimal("30.00")
    assert db.conflicts.count_documents({}) == 0
    assert db.activities.count_documents({"type": "order_refunded"}) == 1


def test_an_order_cancelled_counts_no_more_and_a_deleted_one_neither(db, post, shopify):
    post(shopify, "orders/create", shopify_order())
    post(shopify, "orders/create", shopify_order(id=2, name="#1002"))
    post(shopify, "orders/cancelled", shopify_order(updated=9, cancelled_at=minutes(9).isoformat()))
    post(shopify, "orders/delete", {"id": 2})

    assert spent(db)[0] == 0
    assert db.activities.count_documents({"type": "order_cancelled"}) == 2


def test_the_browser_s_order_by_number_or_id_and_the_shop_s_are_one(db, client, post, shopify):
    from engine.accounts import keys

    token = keys.create_key(db, "write", label="browser", now=utc_now()).token
    for order_id in ("1001", "#1001", "820982911946154508"):
        event = {
            "event": "Order Completed", "anonymousId": "t-1", "timestamp": NOON.isoformat(),
            "context": {"traits": ANA}, "properties": {"order_id": order_id, "total": 1},
        }  # fmt: skip
        assert client.post("/v1/track", json=event, auth=(token, "")).status_code == 200

    post(shopify, "orders/create", shopify_order())

    assert spent(db) == (1, Decimal("80.00"))


def test_orders_and_customers_of_two_shops_are_told_apart(db, post, shopify):
    other = connected(db, "shopify", prefix="outlet-", name="Outlet")
    person = {"id": 115310627314723954, "email": "bo@x.example", "first_name": "Bo"}

    post(shopify, "orders/create", shopify_order())
    post(other, "orders/create", shopify_order(email="bo@x.example", customer=person))

    assert the(db)["external_id"] == "115310627314723954"
    assert the(db, {"email": "bo@x.example"})["external_id"] == "outlet-115310627314723954"
    assert the(db, {"email": "bo@x.example"})["commerce"]["book"][0]["id"] == "outlet-#1001"


def test_a_test_order_and_one_without_a_customer_are_left_out(db, post, shopify):
    post(shopify, "orders/create", shopify_order(test=True))
    post(shopify, "orders/create", shopify_order(id=3, email=None, contact_email=None, customer=None))

    assert db.activities.count_documents({}) == 0 and list_not_understood(db) == []
    assert shops.find(db, shopify.id).accepted == 2


def test_a_checkout_fills_the_cart_and_its_order_empties_it(db, post, shopify):
    checkout = shopify_order(updated=-5, token="k1-token", completed_at=None)
    post(shopify, "checkouts/update", checkout)
    cart = the(db)["cart"]
    post(shopify, "orders/create", shopify_order())

    assert [line["product_id"] for line in cart["lines"]] == ["632910392"]
    assert the(db).get("cart") is None


def test_a_cart_belongs_to_whoever_checks_it_out(db, post, shopify):
    post(shopify, "carts/update", {"id": "c1-token", "token": "c1-token", "line_items": [
        {"product_id": 5, "title": "Hat", "quantity": 1, "price": "9.00"}
    ], "updated_at": minutes(-9).isoformat(), "created_at": minutes(-9).isoformat()})  # fmt: skip
    post(shopify, "checkouts/update", shopify_order(updated=-5, token="k1-token", completed_at=None))

    assert db.contacts.count_documents({}) == 1
    assert db.activities.count_documents({"type": "cart_viewed"}) == 1


@pytest.mark.parametrize(
    ("said", "newsletter"),
    [
        ([("subscribed", 1)], "subscribed"),
        ([("subscribed", 1), ("unsubscribed", 5)], "unsubscribed"),
        ([("unsubscribed", 5), ("subscribed", 1)], "unsubscribed"),
        ([("unsubscribed", 1), ("subscribed", 5)], "subscribed"),
        ([("pending", 1)], "not_subscribed"),
        ([("not_subscribed", 1)], "not_subscribed"),
        ([("redacted", 1), ("invalid", 2)], "not_subscribed"),
    ],
)
def test_consent_counts_by_its_own_time(db, post, shopify, said, newsletter):
    post(shopify, "customers/create", shopify_customer())
    for state, at in said:
        post(shopify, "customers_email_marketing_consent/update", email_consent(state, at))

    assert the(db)["statuses"]["newsletter"]["state"] == newsletter


def test_a_customer_account_is_registered_changed_and_closed(db, post, shopify):
    post(shopify, "customers/create", shopify_customer())
    post(shopify, "customers/update", shopify_customer(updated=5, last_name="Gil"))
    post(shopify, "customers/disable", shopify_customer(updated=9, state="disabled"))
    post(shopify, "customers/delete", {"id": 115310627314723954})
    post(shopify, "customers/delete", {"id": 4})

    assert types(db) == ["account_closed", "account_closed", "identified", "identified", "registered"]
    assert (the(db)["last_name"], the(db)["mobile"]["address"]) == ("Gil", "+34601123456")


def test_woocommerce_counts_an_order_once_it_is_paid(db, post, woo):
    post(woo, "order.created", woo_order(status="pending", updated=0))
    cart = the(db)["cart"]
    post(woo, "order.updated", woo_order(status="processing", updated=1))
    post(woo, "order.updated", woo_order(status="completed", updated=90))

    assert cart["lines"][0]["name"] == "Boots"
    assert spent(db) == (1, Decimal("80.00")) and the(db).get("cart") is None
    assert the(db)["mobile"]["address"] == "+34601123456"
    assert types(db) == [
        "checkout_started", "order_completed", "order_updated",
    ]  # fmt: skip


def test_woocommerce_refunds_within_the_order_count_once(db, post, woo):
    refunds = [{"id": 900, "reason": "too small", "total": "-30.00"}]
    post(woo, "order.updated", woo_order())
    post(woo, "order.updated", woo_order(updated=5, refunds=refunds))
    post(woo, "order.updated", woo_order(updated=9, refunds=[*refunds, {"id": 901, "total": "-10.00"}]))

    assert spent(db) == (1, Decimal("40.00"))
    assert db.activities.count_documents({"type": "order_refunded"}) == 2
    assert db.conflicts.count_documents({}) == 0


@pytest.mark.parametrize(
    ("statuses", "orders"),
    [
        (["processing", "cancelled"], 0),
        (["processing", "cancelled", "processing"], 1),
        (["processing", "failed"], 0),
        (["pending", "failed"], 0),
        (["failed", "processing"], 1),
        (["on-hold"], 1),
        (["wc-ready-to-ship"], 1),
        (["processing", "refunded"], 1),
    ],
)
def test_woocommerce_s_status_decides_whether_an_order_counts(db, post, woo, statuses, orders):
    for number, status in enumerate(statuses):
        post(woo, "order.updated", woo_order(status=status, updated=number))

    assert spent(db)[0] == orders


def test_a_guest_s_number_is_nobody_s(db, post, woo):
    post(woo, "order.created", woo_order(customer_id=0))

    assert "external_id" not in the(db)


def test_woocommerce_tries_a_new_webhook_with_a_form(client, woo):
    answer = client.post(
        f"/shops/woocommerce/{woo.id}", content=b"webhook_id=12",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )  # fmt: skip

    assert answer.json() == {"success": True, "ping": True}


def test_woocommerce_customers_and_deletions(db, post, woo):
    post(woo, "customer.created", woo_customer())
    post(woo, "order.updated", woo_order())
    post(woo, "order.deleted", {"id": 727})
    post(woo, "customer.deleted", {"id": 25})

    assert the(db)["external_id"] == "25" and spent(db)[0] == 0


def test_a_tracker_that_the_shop_passes_on_joins_the_visits_to_the_buyer(db, client, post, shopify):
    from engine.accounts import keys

    token = keys.create_key(db, "write", label="browser", now=utc_now()).token
    client.post(
        "/v1/page", json={"anonymousId": "t-9", "timestamp": minutes(-3).isoformat()}, auth=(token, "")
    )

    post(
        shopify, "orders/create", shopify_order(note_attributes=[{"name": "_sheets_tracker", "value": "t-9"}])
    )

    assert db.contacts.count_documents({}) == 1


def test_without_a_key_for_secrets_the_shop_is_told_to_come_again(db, shopify):
    from starlette.testclient import TestClient

    from tests.integration.served import NobodyToWake
    from workers.collector.app import create_app

    with TestClient(create_app(db, NobodyToWake())) as client:
        body = encoded(shopify_order())
        answer = client.post(
            f"/shops/shopify/{shopify.id}", content=body, headers=shopify_headers("orders/create", body)
        )

    assert answer.status_code == 503


def test_the_payload_behind_a_consent_is_kept_as_evidence(db, post, shopify):
    post(shopify, "customers_email_marketing_consent/update", email_consent("unsubscribed", 5))

    [notice] = db.raw_notices.find()
    assert "single_opt_in" in notice["text"] and notice["addresses"] == ["ana@x.example"]


def test_a_refund_that_the_shop_s_server_reports_too_counts_once(db, client, post, shopify):
    from engine.accounts import keys

    token = keys.create_key(db, "secret", label="server", now=utc_now()).token
    properties = {"order_id": "1001", "refund_id": "890088186047892319", "total": "30.00"}
    event = {"event": "Order Refunded", "userId": "115310627314723954", "timestamp": minutes(60).isoformat()}
    post(shopify, "orders/create", shopify_order())
    client.post("/v1/track", json=event | {"properties": properties}, auth=(token, ""))
    post(shopify, "refunds/create", shopify_refund())

    assert spent(db) == (1, Decimal("50.00"))


def test_what_happens_within_one_second_is_no_conflict(db, post, woo, shopify):
    post(woo, "order.updated", woo_order(status="processing", updated=1))
    post(woo, "order.updated", woo_order(status="completed", updated=1))
    post(woo, "order.updated", woo_order(status="cancelled", updated=1))
    post(shopify, "customers/create", shopify_customer())
    post(shopify, "customers/update", shopify_customer(default_address={"city": "Cuenca"}))

    assert db.conflicts.count_documents({}) == 0 and spent(db)[0] == 0
    assert db.activities.count_documents({"type": "identified"}) == 2


def test_a_test_notification_connects_the_shop_and_makes_no_contact(db, client, shopify):
    body = encoded(shopify_customer(email="sample@x.example"))
    headers = shopify_headers("customers/create", body) | {"X-Shopify-Test": "true"}

    answer = client.post(f"/shops/shopify/{shopify.id}", content=body, headers=headers)

    found = shops.find(db, shopify.id)
    assert answer.json() == {"success": True, "test": True}
    assert (found.accepted, found.last_topic) == (1, "customers/create (test)")
    assert db.activities.count_documents({}) == 0
