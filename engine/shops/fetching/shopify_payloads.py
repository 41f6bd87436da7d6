"""What Shopify's GraphQL answers, in the form of its webhooks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Node = Mapping[str, Any]


def order_payload(node: Node, lines: Sequence[Node]) -> dict[str, Any]:
    """An order as `orders/updated` has it."""
    customer = node.get("customer")
    return {
        "id": int(node["legacyResourceId"]),
        "admin_graphql_api_id": node["id"],
        "name": node["name"],
        "created_at": node["createdAt"],
        "processed_at": node["processedAt"],
        "updated_at": node["updatedAt"],
        "cancelled_at": node.get("cancelledAt"),
        "cancel_reason": _lower(node.get("cancelReason")),
        "test": node.get("test", False),
        "financial_status": _lower(node.get("displayFinancialStatus")),
        "fulfillment_status": _lower(node.get("displayFulfillmentStatus")),
        "email": node.get("email") or "",
        "phone": node.get("phone"),
        "currency": node["currencyCode"],
        "total_price": _amount(node["totalPriceSet"]),
        "current_total_price": _amount(node.get("currentTotalPriceSet")),
        "subtotal_price": _amount(node.get("subtotalPriceSet")),
        "total_tax": _amount(node.get("totalTaxSet")),
        "total_discounts": _amount(node.get("totalDiscountsSet")),
        "total_shipping_price_set": {"shop_money": {"amount": _amount(node.get("totalShippingPriceSet"))}},
        "discount_codes": [{"code": code} for code in node.get("discountCodes") or ()],
        "customer_locale": node.get("customerLocale"),
        "billing_address": _address(node.get("billingAddress")),
        "shipping_address": _address(node.get("shippingAddress")),
        "customer": customer_payload(customer) if customer else None,
        "line_items": [_line(line) for line in lines],
        "refunds": [_refund(refund, node) for refund in node.get("refunds") or ()],
    }


def customer_payload(node: Node) -> dict[str, Any]:
    """A customer as `customers/update` has it."""
    email, phone = node.get("defaultEmailAddress") or {}, node.get("defaultPhoneNumber") or {}
    return {
        "id": int(node["legacyResourceId"]),
        "created_at": node.get("createdAt"),
        "updated_at": node.get("updatedAt"),
        "first_name": node.get("firstName"),
        "last_name": node.get("lastName"),
        "email": email.get("emailAddress"),
        "phone": phone.get("phoneNumber"),
        "tags": ", ".join(node.get("tags") or ()),
        "state": _lower(node.get("state")),
        "default_address": _address(node.get("defaultAddress")),
        "email_marketing_consent": _consent(email),
        "sms_marketing_consent": _consent(phone),
    }


def _consent(of: Node) -> dict[str, Any] | None:
    if not of.get("marketingState"):
        return None
    return {
        "state": _lower(of["marketingState"]),
        "opt_in_level": _lower(of.get("marketingOptInLevel")),
        "consent_updated_at": of.get("marketingUpdatedAt"),
    }


def _line(node: Node) -> dict[str, Any]:
    product, variant = node.get("product") or {}, node.get("variant") or {}
    return {
        "product_id": _number(product.get("legacyResourceId")),
        "variant_id": _number(variant.get("legacyResourceId")),
        "title": node.get("title"),
        "name": node.get("title"),
        "sku": node.get("sku"),
        "vendor": node.get("vendor"),
        "variant_title": node.get("variantTitle"),
        "quantity": node["quantity"],
        "current_quantity": node.get("currentQuantity", node["quantity"]),
        "price": _amount(node.get("originalUnitPriceSet")),
    }


def _refund(refund: Node, order: Node) -> dict[str, Any]:
    return {
        "id": int(refund["legacyResourceId"]),
        "order_id": int(order["legacyResourceId"]),
        "created_at": refund.get("createdAt"),
        "processed_at": refund.get("createdAt"),
        "note": refund.get("note"),
        "transactions": [
            {
                "kind": _lower(transaction["kind"]),
                "status": _lower(transaction["status"]),
                "amount": _amount(transaction["amountSet"]),
                "currency": transaction["amountSet"]["shopMoney"]["currencyCode"],
            }
            for transaction in (refund.get("transactions") or {}).get("nodes") or ()
        ],
        "refund_line_items": [],
    }


def _address(node: Node | None) -> dict[str, Any] | None:
    if not node:
        return None
    return {
        "first_name": node.get("firstName"),
        "last_name": node.get("lastName"),
        "phone": node.get("phone"),
        "company": node.get("company"),
        "city": node.get("city"),
        "zip": node.get("zip"),
        "province_code": node.get("provinceCode"),
        "country_code": node.get("countryCodeV2"),
    }


def _amount(money: Node | None) -> str | None:
    return None if not money else str(money["shopMoney"]["amount"])


def _lower(value: Any) -> str | None:
    return str(value).lower() if value else None


def _number(value: Any) -> int | None:
    return int(value) if value else None
