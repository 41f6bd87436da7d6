"""What payloads of Shopify and WooCommerce mean, before any database is asked."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.shops.events import Ignored, ShopEvent, UnreadableDelivery
from engine.shops.intake import decode, read
from engine.shops.orders import money, stamp
from engine.shops.platforms.registry import PLATFORMS, UnknownPlatform, platform_of
from tests.builders import NOON, minutes
from tests.shop_deliveries import (
    a_line,
    email_consent,
    encoded,
    shopify_customer,
    shopify_order,
    shopify_refund,
    woo_order,
)

SHOPIFY, WOO = PLATFORMS["shopify"], PLATFORMS["woocommerce"]


def readings(platform, topic, payload):
    return read(platform, topic, decode(encoded(payload)))


def the_order(payload, platform=SHOPIFY, topic="orders/updated"):
    return next(
        r
        for r in readings(platform, topic, payload)
        if isinstance(r, ShopEvent) and r.id.startswith("order:")
    )


@pytest.mark.parametrize(
    ("more", "total"),
    [
        ({}, "80.00"),
        ({"current_total_price": None, "total_price": "79.99"}, "79.99"),
        # an item was taken off before it was paid
        ({"current_total_price": "40.00"}, "40.00"),
        # 30 of 80 were given back
        ({"current_total_price": "50.00", "refunds": [shopify_refund("30.00")]}, "80.00"),
        # returned products without money
        ({"refunds": [shopify_refund(transactions=[])]}, "80.00"),
        # a refund that failed, or is under way
        (
            {
                "refunds": [
                    shopify_refund(transactions=[{"kind": "refund", "status": "failure", "amount": "9"}])
                ]
            },
            "80.00",
        ),
        ({"total_price": "12345678901234567.89", "current_total_price": None}, "12345678901234567.89"),
    ],
)
def test_an_order_of_shopify_is_worth_what_it_is_now_with_its_refunds_added(more, total):
    assert the_order(shopify_order(**more)).properties["total"] == Decimal(total)


def test_the_same_state_has_one_id_by_webhook_and_by_fetch():
    by_webhook, fetched = shopify_order(), shopify_order(current_total_price="80.0", total_price="80.0")
    for left_out in ("cart_token", "checkout_token", "note_attributes"):
        del fetched[left_out]

    assert the_order(by_webhook).id == the_order(fetched).id
    assert the_order(by_webhook).id != the_order(shopify_order(total="80.01")).id


PAID_IN_YEN = {
    "currency": "USD", "total_price": "67.00", "current_total_price": "33.50",
    "total_price_set": {
        "shop_money": {"amount": "67.00", "currency_code": "USD"},
        "presentment_money": {"amount": "10000", "currency_code": "JPY"},
    },
    "refunds": [shopify_refund(transactions=[{"kind": "refund", "status": "success", "amount": "5000", "currency": "JPY"}])],
}  # fmt: skip


@pytest.mark.parametrize("more", [{}, {"total_price_set": None}, {"total_price_set": {}}])
def test_a_refund_in_the_customers_currency_does_not_add_to_the_total_in_that_of_the_shop(more):
    assert the_order(shopify_order(**{**PAID_IN_YEN, **more})).properties["total"] == Decimal("67.00")


def test_an_order_carries_its_details_and_who_ordered():
    event = the_order(shopify_order())

    assert event.at == NOON and event.id.startswith(f"order:820982911946154508:{stamp(NOON)}:")
    assert {name: event.properties[name] for name in ("order_id", "shop_order_id", "coupon", "shipping", "currency")} == {
        "order_id": "#1001", "shop_order_id": "820982911946154508", "coupon": "WINTER",
        "shipping": Decimal("5.00"), "currency": "EUR",
    }  # fmt: skip
    assert event.properties["products"] == [
        {"quantity": 2, "product_id": "632910392", "sku": "BOOT-40", "name": "Boots", "variant": "40",
         "brand": "Suela", "price": Decimal("40.00")}
    ]  # fmt: skip
    assert event.traits["address"] == {"city": "Madrid", "country": "ES"}


def test_products_that_an_edit_has_removed_are_left_out():
    lines = [a_line(quantity=2), a_line(quantity=1, current_quantity=0, sku="GONE")]

    assert [line["sku"] for line in the_order(shopify_order(line_items=lines)).properties["products"]] == [
        "BOOT-40"
    ]


def test_of_a_refund_whose_payments_succeed_one_by_one_the_larger_amount_has_the_later_id():
    amounts = ["9", "30", "30.25", "100.00", "1000"]
    ids = [readings(SHOPIFY, "refunds/create", shopify_refund(amount))[0].id for amount in amounts]

    assert ids == sorted(ids)


def test_a_refund_alone_and_within_its_order_are_the_same_event():
    [alone] = readings(SHOPIFY, "refunds/create", shopify_refund())
    within = [r for r in readings(SHOPIFY, "orders/updated", shopify_order(refunds=[shopify_refund()]))
              if r.type == "order_refunded"]  # fmt: skip

    assert [r.id for r in within] == [alone.id] and alone.at == within[0].at == minutes(60)
    assert alone.properties["total"] == Decimal("30.00")


@pytest.mark.parametrize(
    ("topic", "payload", "reason"),
    [
        ("orders/create", shopify_order(test=True), "a test order"),
        ("orders/edited", {"order_edit": {"id": 1}}, "an edit"),
        ("refunds/create", shopify_refund(transactions=[]), "without money"),
        ("checkouts/update", shopify_order(completed_at="2026-03-02T12:00:00Z"), "became an order"),
        ("checkouts/create", shopify_order(email=None, contact_email=None, customer=None), "not entered"),
        ("checkouts/delete", {"id": 1}, "expired"),
        (
            "customers_email_marketing_consent/update",
            email_consent("pending", 1),
            "consent to email: pending",
        ),
    ],
)
def test_what_changes_nothing_says_why(topic, payload, reason):
    [found] = readings(SHOPIFY, topic, payload)

    assert isinstance(found, Ignored) and reason in found.reason


@pytest.mark.parametrize(
    ("platform", "topic", "payload"),
    [
        (SHOPIFY, "products/create", {"id": 1}),
        (SHOPIFY, "orders/create", []),
        (SHOPIFY, "orders/create", {}),
        (SHOPIFY, "orders/create", shopify_order(updated_at=None, created_at="soon")),
        (SHOPIFY, "orders/create", shopify_order(total_price="eighty", current_total_price="eighty")),
        (SHOPIFY, "orders/create", shopify_order(current_total_price="NaN")),
        (SHOPIFY, "orders/create", shopify_order(line_items=["x"])),
        (SHOPIFY, "refunds/create", shopify_refund(order_id=None)),
        (SHOPIFY, "customers/create", {"id": 0}),
        (SHOPIFY, "customers_email_marketing_consent/update", {"customer_id": 1}),
        (WOO, "coupon.created", {"id": 1}),
        (WOO, "order.created", {"id": 1}),
        (WOO, "order.created", woo_order(id=None)),
        (WOO, "order.deleted", woo_order()),
    ],
)
def test_what_is_not_in_the_documented_form_is_unreadable(platform, topic, payload):
    with pytest.raises(UnreadableDelivery):
        readings(platform, topic, payload)


def test_a_body_that_is_no_json_is_unreadable():
    with pytest.raises(UnreadableDelivery, match="JSON"):
        decode(b"{")


@pytest.mark.parametrize(
    ("state", "consented_at", "at"),
    [
        ("subscribed", minutes(3).isoformat(), minutes(3)),
        ("subscribed", None, minutes(0)),
        ("unsubscribed", None, minutes(9)),
    ],
)
def test_a_consent_without_a_time_lifts_no_later_refusal(state, consented_at, at):
    consent = {"state": state, "consent_updated_at": consented_at}
    found = readings(
        SHOPIFY, "customers/update", shopify_customer(updated=9, email_marketing_consent=consent)
    )

    [said] = [r for r in found if r.type.startswith("newsletter_")]
    assert (said.type, said.at) == (f"newsletter_{state}", at)


def test_woocommerce_s_times_are_of_utc_and_its_guests_have_no_number():
    event = the_order(woo_order(customer_id=0), WOO, "order.updated")

    assert (event.at, event.customer.id, event.customer.phone) == (NOON, "", "601 123 456")


@pytest.mark.parametrize(
    ("written", "amount"), [("1.234", "1.234"), (37.5, "37.5"), (0, "0"), ("", None), (None, None)]
)
def test_a_point_is_a_decimal_point(written, amount):
    assert money(written) == (None if amount is None else Decimal(amount))


@pytest.mark.parametrize("written", ["1E999999999", "1E-999999999", "9" * 40, "Infinity", "NaN", "twelve"])
def test_what_no_sum_can_hold_is_no_amount(written):
    with pytest.raises(UnreadableDelivery, match="is no amount"):
        readings(SHOPIFY, "orders/updated", shopify_order(refunds=[shopify_refund(written)]))


def test_an_unknown_platform_names_the_known_ones():
    with pytest.raises(UnknownPlatform, match="shopify"):
        platform_of("magazine")


@pytest.mark.parametrize("platform", PLATFORMS.values(), ids=PLATFORMS)
def test_each_platform_says_what_to_paste_where(platform):
    steps = platform.steps("https://collect.example/shops/x/1")

    assert steps and platform.fields
    assert platform.webhooks is None or any(
        "https://collect.example/shops/x/1" in step.paste for step in steps
    )
