"""A PrestaShop: its webservice with filters, and refusals in its own words."""

from __future__ import annotations

import base64
import re
from datetime import datetime, timedelta

from tests.shop_servers import ShopServer, fault

KEY = "QWERTYUIOPASDFGHJKLZXCVBNM123456"
ALL = (
    "customers", "orders", "order_slip", "order_histories", "order_states", "addresses", "countries",
    "currencies", "configurations",
)  # fmt: skip
CONFIGURED = {"PS_TIMEZONE": "Europe/Madrid", "PS_OS_CANCELED": "6", "PS_OS_REFUND": "7", "PS_OS_ERROR": "8"}
STATES = {"1": "Awaiting check payment", "2": "Payment accepted", "4": "Shipped", "6": "Canceled", "7": "Refunded", "8": "Payment error"}  # fmt: skip
NEVER = "0000-00-00 00:00:00"


class PrestaShop(ShopServer):
    def __init__(self):
        super().__init__()
        self.allowed = set(ALL)
        self.tables = {name: [] for name in ALL}
        self.tables["configurations"] = [
            {"id": number, "name": name, "value": value}
            for number, (name, value) in enumerate(CONFIGURED.items(), 1)
        ]
        self.tables["order_states"] = [
            {"id": int(id_), "name": [{"id": "1", "value": name}]} for id_, name in STATES.items()
        ]
        self.tables["currencies"] = [{"id": 1, "iso_code": "EUR"}, {"id": 2, "iso_code": "GBP"}]
        self.tables["countries"] = [{"id": 6, "iso_code": "ES"}, {"id": 17, "iso_code": "GB"}]

    def answer(self, _method, path, query, headers, _body):
        sent = base64.b64decode(headers.get("authorization", "Basic ").removeprefix("Basic ")).decode()
        if sent != f"{KEY}:":
            return fault(401, _errors(18, "Authentication key does not exist"))
        resource = path.removeprefix("/api/")
        if resource not in self.tables:
            return fault(400, _errors(19, f"Resource of type {resource!r} does not exist"))
        if resource not in self.allowed:
            words = f"Method GET is not allowed for the resource {resource} with this authentication key"
            return fault(405, _errors(26, words))
        assert query.get("output_format") == "JSON"
        rows = [row for row in self.tables[resource] if _matches(row, query)]
        if "sort" in query:
            assert query["sort"] in ("[id_ASC]", "[id_DESC]")
            rows = sorted(rows, key=lambda row: int(row["id"]), reverse=query["sort"] == "[id_DESC]")
        rows = _limited(rows, query.get("limit"))
        display = query.get("display", "[id]")
        if display != "full":
            names = display.strip("[]").split(",")
            rows = [{name: row[name] for name in names} for row in rows]
        key = "order_slips" if resource == "order_slip" else resource
        return 200, {}, {key: rows} if rows else []

    def customer(self, id_, email, **more):
        row = {
            "id": id_, "email": email, "firstname": "Ana", "lastname": "García", "newsletter": "0",
            "newsletter_date_add": NEVER, "optin": "0", "birthday": "0000-00-00", "is_guest": "0", "deleted": "0",
            "date_add": "2026-01-10 10:00:00", "date_upd": "2026-01-10 10:00:00", "company": "", "passwd": "$2y$10$hash", "secure_key": "0123", **more,
        }  # fmt: skip
        return self._put("customers", row)

    def order(self, id_, customer, *, total="30.00", state=2, **more):
        self._put("addresses", {"id": 500 + id_, "id_country": "6", "phone": "", "phone_mobile": "600 123 456", "city": "Madrid", "postcode": "28001", "firstname": "Ana", "lastname": "García", "company": ""})  # fmt: skip
        row = {
            "id": id_, "reference": f"REF{id_:06d}", "id_customer": str(customer), "id_currency": "1",
            "id_address_invoice": str(500 + id_), "id_address_delivery": str(500 + id_), "current_state": str(state),
            "total_paid": total, "total_paid_tax_incl": total, "total_paid_tax_excl": total,
            "total_products": total, "total_shipping_tax_incl": "0.000000", "total_discounts_tax_incl": "0.000000",
            "date_add": "2026-02-01 12:00:00", "date_upd": "2026-02-01 12:00:00",
            "associations": {"order_rows": [{
                "id": "1", "product_id": "7", "product_attribute_id": "0", "product_quantity": "1",
                "product_name": "Mug", "product_reference": "MUG-1", "unit_price_tax_incl": total,
            }]}, **more,
        }  # fmt: skip
        return self._put("orders", row)

    def moved(self, order, state, at):
        """An order came to another state."""
        row = next(row for row in self.tables["orders"] if row["id"] == order)
        row |= {"current_state": str(state), "date_upd": at}
        id_ = len(self.tables["order_histories"]) + 1
        self._put(
            "order_histories",
            {"id": id_, "id_order": str(order), "id_order_state": str(state), "date_add": at},
        )

    def slip(self, id_, order, total, at, **more):
        """A refund, in part or whole."""
        row = {
            "id": id_, "id_order": str(order), "total_products_tax_incl": total, "total_shipping_tax_incl": "0.00",
            "amount": total, "shipping_cost_amount": "0.00", "date_add": at, "date_upd": at, **more,
        }  # fmt: skip
        return self._put("order_slip", row)

    def _put(self, resource, row):
        self.tables[resource] = [one for one in self.tables[resource] if one["id"] != row["id"]] + [row]
        return row


def at(time, **later):
    """A time of the shop's clock, later by so much."""
    return str(datetime.fromisoformat(time) + timedelta(**later))


def _errors(code, message):
    return {"errors": [{"code": code, "message": message}]}


def _matches(row, query):
    for name, value in query.items():
        found = re.fullmatch(r"filter\[(\w+)\]", name)
        if not found:
            continue
        field = found[1]
        if field.startswith("date_"):
            assert query.get("date") == "1", "PrestaShop ignores filters of dates without date=1"
        if not _compare(str(row[field]), value, is_number=field.startswith("id") and field != "id_currency"):
            return False
    return True


def _compare(value, wanted, *, is_number):
    operator, inner = re.fullmatch(r"(>?)\[(.*)\]", wanted).groups()
    if operator:
        return int(value) > int(inner) if is_number else value > inner
    return value in inner.split("|")


def _limited(rows, limit):
    if limit is None:
        return rows
    offset, _, count = limit.rpartition(",")
    first = int(offset or 0)
    return rows[first : first + int(count)]
