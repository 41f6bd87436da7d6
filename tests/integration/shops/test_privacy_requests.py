"""Data-protection requests that Shopify passes on: our archive for one, our erasure for the other."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine.db.connection import utc_now
from engine.shops import privacy_requests, shops
from engine.shops.events import Customer, PrivacyRequest
from tests.builders import acting, colleague
from tests.integration.drained import drain_all, run_jobs
from tests.shop_deliveries import shopify_customer, shopify_order

ADMIN = colleague("Ada", "admin")
PERSON = {"id": 115310627314723954, "email": "ana@x.example", "phone": None}


def request(**more):
    return {"shop_id": 954889, "shop_domain": "zapatos.myshopify.example", **more}


REDACT = request(customer=PERSON, orders_to_redact=[820982911946154508])


def test_a_redaction_erases_the_customer_once_and_says_so_in_the_audit_log(db, post, shopify):
    post(shopify, "customers/create", shopify_customer())
    post(shopify, "orders/create", shopify_order())

    post(shopify, "customers/redact", REDACT)
    post(shopify, "customers/redact", REDACT | {"orders_to_redact": []})
    run_jobs(db)

    assert db.contacts.count_documents({}) == 0 and db.activities.count_documents({}) == 0
    assert db.jobs.count_documents({"kind": "erasure"}) == 1
    [entry] = db.audit.find({"act": "received an erasure request from a shop"})
    assert (entry["by"], entry["ending"]) == (shopify.source, "done")
    assert "ana@x.example" not in str(list(db.audit.find())) + str(list(db.shop_requests.find()))
    assert privacy_requests.open_requests(acting(db, ADMIN)) == []


def test_both_who_have_the_customer_s_number_and_email_are_erased_and_nobody_else(db, post, shopify):
    with_number = shopify_customer() | {"email": "old@x.example"}
    post(shopify, "customers/create", with_number)
    for name, email in (("7", "ana@x.example"), ("8", "leo@x.example")):
        post(shopify, "customers/create", shopify_customer() | {"id": int(name), "email": email})
    assert db.contacts.count_documents({}) == 3

    post(shopify, "customers/redact", REDACT)
    run_jobs(db)

    [left] = db.contacts.find()
    assert "leo@x.example" in str(left)


def test_a_redaction_that_found_nobody_does_not_stop_that_of_another_day(db, post, shopify):
    now = utc_now()
    asked = PrivacyRequest("customer_redact", "115310627314723954", Customer(email="ana@x.example"))
    shop = shops.find(db, shopify.id)
    privacy_requests.take(db, shop, asked, now=now - timedelta(days=2))

    post(shopify, "customers/create", shopify_customer())
    privacy_requests.take(db, shop, asked, now=now)
    run_jobs(db)

    assert db.contacts.count_documents({}) == 0


def test_an_old_delivery_does_not_bring_an_erased_customer_back(db, post, shopify):
    post(shopify, "orders/create", shopify_order())
    post(shopify, "customers/redact", REDACT)
    run_jobs(db)

    post(shopify, "customers/update", shopify_customer(updated=5))
    post(shopify, "orders/updated", shopify_order(updated=5))
    drain_all(db)

    assert db.contacts.count_documents({}) == 0


def test_a_request_for_data_waits_for_an_admin_with_the_contact_s_archive(db, post, shopify):
    post(shopify, "orders/create", shopify_order())
    for _ in range(2):
        post(shopify, "customers/data_request", request(
            customer=PERSON, orders_requested=[], data_request={"id": 9999}))  # fmt: skip

    [waiting] = privacy_requests.open_requests(acting(db, ADMIN))
    [contact] = db.contacts.find()
    assert (waiting.kind, waiting.contact) == ("data_request", contact["_id"])

    privacy_requests.close(acting(db, ADMIN), waiting.id)
    assert privacy_requests.open_requests(acting(db, ADMIN)) == []


@pytest.mark.parametrize("topic", ["customers/redact", "customers/data_request"])
def test_a_request_about_nobody_here_is_recorded_and_does_nothing(db, post, shopify, topic):
    more = {"data_request": {"id": 1}} if topic.endswith("data_request") else {"orders_to_redact": []}

    answer = post(shopify, topic, request(customer={"id": 5, "email": "no@x.example"}, **more))

    assert answer.status_code == 200 and db.jobs.count_documents({}) == 0
    assert db.shop_requests.count_documents({}) == 1


def test_the_end_of_a_shop_erases_nobody_by_itself(db, post, shopify):
    post(shopify, "orders/create", shopify_order())

    post(shopify, "shop/redact", request())

    [waiting] = privacy_requests.open_requests(acting(db, ADMIN, at=utc_now()))
    assert waiting.kind == "shop_redact" and db.contacts.count_documents({}) == 1
