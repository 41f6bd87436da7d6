"""A WooCommerce: numbered pages, their numbers in headers, and refusals of WordPress."""

from __future__ import annotations

import base64

from tests.shop_servers import ShopServer, fault

KEY, SECRET = "ck_0123456789", "cs_0123456789"


class WooCommerce(ShopServer):
    def __init__(self):
        super().__init__()
        self.tables = {"customers": [], "orders": []}

    def answer(self, _method, path, query, headers, _body):
        name = path.removeprefix("/wp-json/wc/v3/")
        if name not in self.tables:
            return fault(404, {"code": "rest_no_route", "message": "No route was found matching the URL"})
        sent = base64.b64decode(headers.get("authorization", "Basic ").removeprefix("Basic ")).decode()
        if sent != f"{KEY}:{SECRET}":
            return fault(
                401, {"code": "woocommerce_rest_cannot_view", "message": "Sorry, you cannot list resources."}
            )
        rows = sorted(self.tables[name], key=lambda row: row["id"])
        if "modified_after" in query:
            assert query["dates_are_gmt"] == "true"
            rows = [row for row in rows if row["date_modified_gmt"] > query["modified_after"]]
        size, page = int(query["per_page"]), int(query.get("page", 1))
        pages = -(-len(rows) // size)
        more = {"X-WP-Total": str(len(rows)), "X-WP-TotalPages": str(pages)}
        return 200, more, rows[(page - 1) * size : page * size]

    def customer(self, id_, email, **more):
        row = {
            "id": id_, "email": email, "first_name": "Ana", "last_name": "García", "role": "customer",
            "date_created_gmt": "2026-01-10T10:00:00", "date_modified_gmt": "2026-01-10T10:00:00",
            "billing": {"phone": "", "country": "ES"}, "meta_data": [], **more,
        }  # fmt: skip
        self.tables["customers"].append(row)
        return row

    def order(self, id_, customer, *, total="30.00", status="completed", **more):
        row = {
            "id": id_, "number": str(id_), "status": status, "currency": "EUR", "customer_id": customer,
            "total": total, "total_tax": "0.00", "shipping_total": "0.00", "discount_total": "0.00",
            "date_created_gmt": "2026-02-01T12:00:00", "date_modified_gmt": "2026-02-01T12:00:00",
            "date_paid_gmt": "2026-02-01T12:00:00", "date_completed_gmt": None,
            "billing": {"email": f"c{customer}@x.example", "first_name": "Ana", "last_name": "García", "phone": "", "country": "ES"},
            "shipping": {}, "payment_method_title": "Card", "coupon_lines": [], "refunds": [], "meta_data": [],
            "line_items": [{"id": 1, "product_id": 7, "variation_id": 0, "name": "Mug", "sku": "MUG-1", "quantity": 1, "price": 30, "total": total}],
            **more,
        }  # fmt: skip
        self.tables["orders"].append(row)
        return row
