"""A Shopify shop: the queries of its GraphQL Admin API that are asked, with what they cost."""

from __future__ import annotations

import json
import re

from tests.shop_servers import ShopServer, fault

TOKEN = "shpat_0123456789"
THROTTLED = fault(
    200,
    {
        "errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}],
        "extensions": {
            "cost": {
                "requestedQueryCost": 110, "actualQueryCost": None,
                "throttleStatus": {"maximumAvailable": 1000.0, "currentlyAvailable": 10, "restoreRate": 50.0},
            }
        },
    },
)  # fmt: skip


class Shopify(ShopServer):
    def __init__(self):
        super().__init__()
        self.customers, self.orders = [], []
        self.first_lines = 50
        self.scopes = {"read_orders", "read_customers"}

    def answer(self, _method, path, _query, headers, body):
        if not re.fullmatch(r"/admin/api/\d{4}-\d\d/graphql\.json", path):
            return fault(404, {"errors": "Not Found"})
        if headers.get("x-shopify-access-token") != TOKEN:
            words = "[API] Invalid API key or access token (unrecognized login or wrong password)"
            return fault(401, {"errors": words})
        asked = json.loads(body)
        query, variables = asked["query"], asked["variables"]
        if "read_orders" not in self.scopes and "orders" in query:
            words = "Access denied for orders field."
            return (
                200,
                {},
                {"errors": [{"message": words, "extensions": {"code": "ACCESS_DENIED"}}], "data": None},
            )
        if "customersCount" in query:
            counts = {
                "customersCount": {"count": len(self.customers)},
                "ordersCount": {"count": len(self.orders)},
            }
            return 200, {}, {"data": counts}
        if query.strip().startswith("query Lines"):
            return (
                200,
                {},
                {"data": {"order": {"lineItems": self._lines(variables["id"], int(variables["after"]), 50)}}},
            )
        name = "orders" if query.strip().startswith("query Orders") else "customers"
        found = _found(getattr(self, name), variables["query"])[: variables["first"]]
        if name == "orders":
            found = [{**order, "lineItems": self._lines(order["id"], 0, self.first_lines)} for order in found]
        return 200, {}, {"data": {name: {"nodes": found}}}

    def _lines(self, order, start, count):
        lines = next(one for one in self.orders if one["id"] == order)["lines"]
        more = start + count < len(lines)
        page = {"hasNextPage": more, "endCursor": str(start + count)}
        return {"nodes": lines[start : start + count], "pageInfo": page}

    def customer(self, id_, email, *, state="NOT_SUBSCRIBED", **more):
        node = {
            "legacyResourceId": str(id_), "createdAt": "2026-01-10T10:00:00Z", "updatedAt": "2026-01-10T10:00:00Z",
            "firstName": "Ana", "lastName": "García", "locale": "es", "tags": ["vip"], "state": "ENABLED",
            "defaultEmailAddress": {"emailAddress": email, "marketingState": state, "marketingOptInLevel": "SINGLE_OPT_IN", "marketingUpdatedAt": "2026-01-15T10:00:00Z" if state != "NOT_SUBSCRIBED" else None},
            "defaultPhoneNumber": None, "defaultAddress": None, **more,
        }  # fmt: skip
        self.customers.append(node)
        return node

    def order(self, id_, customer, *, total="30.00", lines=1, refunds=(), **more):
        node = {
            "id": f"gid://shopify/Order/{id_}", "legacyResourceId": str(id_), "name": f"#{id_}",
            "createdAt": "2026-02-01T12:00:00Z", "processedAt": "2026-02-01T12:00:00Z", "updatedAt": "2026-02-01T12:00:00Z",
            "cancelledAt": None, "cancelReason": None, "test": False, "displayFinancialStatus": "PAID",
            "displayFulfillmentStatus": "FULFILLED", "email": None, "phone": None, "currencyCode": "EUR",
            "discountCodes": [], "totalPriceSet": money(total), "subtotalPriceSet": money(total), "totalTaxSet": money("0.00"),
            "totalDiscountsSet": money("0.00"), "totalShippingPriceSet": money("0.00"), "billingAddress": None, "shippingAddress": None,
            "customer": customer, "refunds": list(refunds),
            "lines": [{"id": f"l{n}", "title": f"Mug {n}", "sku": f"MUG-{n}", "quantity": 1, "vendor": "Us", "product": {"legacyResourceId": str(n)}, "variant": None, "originalUnitPriceSet": money("1.00")} for n in range(1, lines + 1)],
            **more,
        }  # fmt: skip
        self.orders.append(node)
        return node


def money(amount):
    return {"shopMoney": {"amount": amount, "currencyCode": "EUR"}}


def refund(id_, amount):
    transaction = {"kind": "REFUND", "status": "SUCCESS", "amountSet": money(amount)}
    return {
        "legacyResourceId": str(id_),
        "createdAt": "2026-02-05T10:00:00Z",
        "note": "",
        "transactions": {"nodes": [transaction]},
    }


def _found(nodes, query):
    found = sorted(nodes, key=lambda node: int(node["legacyResourceId"]))
    for condition in (query or "").split(" AND ") if query else ():
        field, value = re.fullmatch(r"(id|updated_at):>'?([^']+)'?", condition).groups()
        if field == "id":
            found = [node for node in found if int(node["legacyResourceId"]) > int(value)]
        else:
            found = [node for node in found if node["updatedAt"] > value]
    return found
