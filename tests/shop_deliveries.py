"""Deliveries in the form of the platforms' public documentation, with data of our own."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import datetime, timedelta
from typing import Any

from tests.builders import NOON

SECRET = "a signing secret of the shop"


def iso(at: datetime) -> str:
    """As Shopify writes times: with the shop's zone."""
    return at.astimezone().isoformat(timespec="seconds")


def gmt(at: datetime) -> str:
    """As WooCommerce writes `…_gmt`: without a zone."""
    return f"{at:%Y-%m-%dT%H:%M:%S}"


def signature(body: bytes, secret: str = SECRET) -> str:
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def encoded(payload: Any) -> bytes:
    return json.dumps(payload).encode()


def shopify_headers(
    topic: str, body: bytes, *, secret: str = SECRET, id_: str = "b1946ac9"
) -> dict[str, str]:
    return {
        "X-Shopify-Topic": topic,
        "X-Shopify-Hmac-Sha256": signature(body, secret),
        "X-Shopify-Webhook-Id": id_,
        "X-Shopify-Shop-Domain": "zapatos.myshopify.example",
        "Content-Type": "application/json",
    }


def woo_headers(topic: str, body: bytes, *, secret: str = SECRET) -> dict[str, str]:
    return {
        "X-WC-Webhook-Topic": topic,
        "X-WC-Webhook-Signature": signature(body, secret),
        "X-WC-Webhook-Delivery-ID": "4f2c",
        "Content-Type": "application/json",
    }


def a_line(price: str = "40.00", quantity: int = 2, **more: Any) -> dict[str, Any]:
    return {
        "id": 11, "product_id": 632910392, "variant_id": 808950810, "sku": "BOOT-40", "title": "Boots",
        "variant_title": "40", "vendor": "Suela", "quantity": quantity, "current_quantity": quantity,
        "price": price, **more,
    }  # fmt: skip


def shopify_order(
    *, updated: float = 0, total: str = "80.00", refunds: list[Any] | None = None, **more: Any
) -> dict[str, Any]:
    """Order #1001, placed at noon, as it was so many minutes later."""
    return {
        "id": 820982911946154508,
        "name": "#1001",
        "order_number": 1001,
        "email": "ana@x.example",
        "phone": None,
        "created_at": iso(NOON),
        "processed_at": iso(NOON),
        "updated_at": iso(NOON + timedelta(minutes=updated)),
        "cancelled_at": None,
        "cancel_reason": None,
        "test": False,
        "currency": "EUR",
        "total_price": total,
        "current_total_price": total,
        "subtotal_price": "75.00",
        "total_tax": "12.00",
        "total_discounts": "5.00",
        "total_shipping_price_set": {"shop_money": {"amount": "5.00", "currency_code": "EUR"}},
        "discount_codes": [{"code": "WINTER", "amount": "5.00", "type": "fixed_amount"}],
        "financial_status": "paid",
        "fulfillment_status": None,
        "customer_locale": "es-ES",
        "cart_token": "c1-token",
        "checkout_token": "k1-token",
        "note_attributes": [],
        "customer": {
            "id": 115310627314723954, "email": "ana@x.example", "first_name": "Ana", "last_name": "García",
            "phone": None, "state": "disabled",
        },
        "billing_address": {"first_name": "Ana", "last_name": "García", "city": "Madrid", "country_code": "ES"},
        "line_items": [a_line()],
        "refunds": refunds or [],
        **more,
    }  # fmt: skip


def shopify_refund(
    amount: str = "30.00", *, at: float = 60, id_: int = 890088186047892319, **more: Any
) -> dict[str, Any]:
    return {
        "id": id_,
        "order_id": 820982911946154508,
        "created_at": iso(NOON + timedelta(minutes=at)),
        "processed_at": iso(NOON + timedelta(minutes=at)),
        "note": "too small",
        "refund_line_items": [],
        "transactions": [
            {"id": 7, "kind": "refund", "status": "success", "amount": amount, "currency": "EUR"}
        ],
        **more,
    }  # fmt: skip


def shopify_customer(*, updated: float = 0, **more: Any) -> dict[str, Any]:
    return {
        "id": 115310627314723954, "email": "ana@x.example", "first_name": "Ana", "last_name": "García",
        "phone": "+34601123456", "state": "enabled", "created_at": iso(NOON),
        "updated_at": iso(NOON + timedelta(minutes=updated)),
        "default_address": {"city": "Madrid", "country_code": "ES", "zip": "28001"}, **more,
    }  # fmt: skip


def email_consent(state: str, at: float) -> dict[str, Any]:
    return {
        "customer_id": 115310627314723954,
        "email_address": "ana@x.example",
        "email_marketing_consent": {
            "state": state,
            "opt_in_level": "single_opt_in",
            "consent_updated_at": iso(NOON + timedelta(minutes=at)),
        },
    }


def woo_order(*, status: str = "processing", updated: float = 1, **more: Any) -> dict[str, Any]:
    """Order 727, begun at noon, as it was so many minutes later."""
    return {
        "id": 727, "number": "727", "status": status, "currency": "EUR", "total": "80.00",
        "shipping_total": "5.00", "total_tax": "12.00", "discount_total": "5.00", "customer_id": 25,
        "date_created_gmt": gmt(NOON), "date_modified_gmt": gmt(NOON + timedelta(minutes=updated)),
        "date_created": gmt(NOON + timedelta(hours=1)),
        "billing": {
            "first_name": "Ana", "last_name": "García", "email": "ana@x.example", "phone": "601 123 456",
            "city": "Madrid", "postcode": "28001", "country": "ES",
        },
        "line_items": [
            {"id": 3, "name": "Boots", "product_id": 93, "variation_id": 0, "sku": "BOOT-40", "quantity": 2,
             "price": 37.5, "total": "75.00"}
        ],
        "coupon_lines": [{"id": 1, "code": "WINTER"}],
        "refunds": [],
        "meta_data": [],
        **more,
    }  # fmt: skip


def woo_customer(*, updated: float = 0, **more: Any) -> dict[str, Any]:
    return {
        "id": 25, "email": "ana@x.example", "first_name": "Ana", "last_name": "García", "username": "ana",
        "date_created_gmt": gmt(NOON), "date_modified_gmt": gmt(NOON + timedelta(minutes=updated)),
        "billing": {"phone": "601 123 456", "city": "Madrid", "country": "ES"}, **more,
    }  # fmt: skip
