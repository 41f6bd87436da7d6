"""A Magento 2: search criteria, and the last page again for one beyond it."""

from __future__ import annotations

import re

from tests.shop_servers import ShopServer, fault

TOKEN = "abcdefghijklmnopqrstuvwxyz012345"
PATHS = {"/rest/all/V1/customers/search": "customers", "/rest/all/V1/orders": "orders", "/rest/all/V1/creditmemos": "creditmemos"}  # fmt: skip
ACL = {"customers": "Magento_Customer::customer", "orders": "Magento_Sales::actions_view", "creditmemos": "Magento_Sales::sales_creditmemo"}  # fmt: skip
_FILTER = re.compile(
    r"searchCriteria\[filter_groups\]\[(\d+)\]\[filters\]\[0\]\[(field|condition_type|value)\]"
)


class Magento(ShopServer):
    def __init__(self):
        super().__init__()
        self.allowed = set(ACL)
        self.tables = {name: [] for name in ACL}

    def answer(self, _method, path, query, headers, _body):
        if path not in PATHS:
            return fault(404, {"message": "Request does not match any route."})
        name = PATHS[path]
        if headers.get("authorization") != f"Bearer {TOKEN}" or name not in self.allowed:
            words = "The consumer isn't authorized to access %resources."
            return fault(401, {"message": words, "parameters": {"resources": ACL[name]}})
        key = "id" if name == "customers" else "entity_id"
        rows = [row for row in self.tables[name] if self._matches(row, query, key)]
        rows = sorted(rows, key=lambda row: row[key])
        size, page = int(query["searchCriteria[pageSize]"]), int(query["searchCriteria[currentPage]"])
        page = min(page, max(1, -(-len(rows) // size)))
        return (
            200,
            {},
            {"items": rows[(page - 1) * size : page * size], "search_criteria": {}, "total_count": len(rows)},
        )

    def _matches(self, row, query, key):
        filters = {}
        for name, value in query.items():
            if found := _FILTER.fullmatch(name):
                filters.setdefault(found[1], {})[found[2]] = value
        for one in filters.values():
            field = key if one["field"] == "entity_id" else one["field"]
            value, wanted = row[field], one["value"]
            if one["condition_type"] == "gt" and not value > type(value)(wanted):
                return False
            if one["condition_type"] == "in" and str(value) not in wanted.split(","):
                return False
        return True

    def customer(self, id_, email, *, subscribed=None, **more):
        row = {
            "id": id_, "email": email, "firstname": "Ana", "lastname": "García", "created_at": "2026-01-10 10:00:00",
            "updated_at": "2026-01-10 10:00:00", "addresses": [], "extension_attributes": {"is_subscribed": bool(subscribed)}, **more,
        }  # fmt: skip
        return self._put("customers", row, "id")

    def order(self, id_, customer, *, total=30.0, state="processing", **more):
        row = {
            "entity_id": id_, "increment_id": f"{id_:09d}", "state": state, "status": state, "customer_id": customer,
            "customer_is_guest": 0 if customer else 1, "customer_email": f"c{customer}@x.example",
            "grand_total": total, "subtotal": total, "tax_amount": 0, "shipping_amount": 0, "discount_amount": 0,
            "order_currency_code": "EUR", "created_at": "2026-02-01 12:00:00", "updated_at": "2026-02-01 12:00:00",
            "billing_address": {"telephone": "600123456", "country_id": "ES", "city": "Madrid", "postcode": "28001"},
            "items": [
                {"item_id": 1, "product_id": 7, "sku": "MUG-1", "name": "Mug", "qty_ordered": 1, "price": total, "price_incl_tax": total},
                {"item_id": 2, "parent_item_id": 1, "product_id": 8, "sku": "MUG-1-RED", "name": "Mug", "qty_ordered": 1, "price": 0},
            ], **more,
        }  # fmt: skip
        if not customer:
            del row["customer_id"]
        return self._put("orders", row, "entity_id")

    def refund(self, id_, order, amount, at):
        row = {"entity_id": id_, "order_id": order, "grand_total": amount, "order_currency_code": "EUR", "created_at": at, "updated_at": at}  # fmt: skip
        found = next(row for row in self.tables["orders"] if row["entity_id"] == order)
        found |= {"total_refunded": found.get("total_refunded", 0) + amount, "updated_at": at}
        return self._put("creditmemos", row, "entity_id")

    def _put(self, name, row, key):
        self.tables[name] = [one for one in self.tables[name] if one[key] != row[key]] + [row]
        return row
