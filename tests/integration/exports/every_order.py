"""A shop in which everything has happened to orders that can: made-up customers, and their activities."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from msgspec import structs

from engine.contacts.contact_lookup import find_contact
from engine.contacts.merging import merge_service
from engine.db import Db
from engine.db.connection import utc_now
from engine.domain.activities import Activity, ActivityId
from engine.publishing import publishing
from engine.rules import versions
from tests.builders import acting, an_activity, bought, colleague, days, identified
from tests.integration.drained import drain_all, receive_and_drain

SETTINGS = """account:
  name: My shop
  time_zone: Europe/Madrid
  locale: es
  currency: EUR
  rates: {USD: "0.9137", GBP: "1.1571"}
lifetime_value: {horizon: 365d, discount: 10, customers: 20, history: 30d, last_order: 3650d, with_three: 1}
"""


def with_settings(db: Db) -> None:
    """Publish the rates of two currencies."""
    texts = publishing.completed(db, {"settings.yaml": SETTINGS})
    publishing.publish(db, texts, by="ana", message="rates", now=utc_now())
    drain_all(db)


def fill(db: Db) -> None:
    """Receive all that has happened, and merge two of the customers."""
    version = versions.current_number(db)
    receive_and_drain(db, [structs.replace(one, ruleset=version) for one in activities()])
    one, other = (find_contact(db, f"{name}@x.com") for name in ("merged", "other"))
    merge_service.merge(
        acting(db, colleague()), one, other, id_=ActivityId("the-merge"), reason="same person"
    )
    drain_all(db)


def activities() -> Iterator[Activity]:
    yield from _of_many()
    yield from _corrected()
    yield from _refunded()
    yield from _in_currencies()
    yield from _unreadable()
    yield from _from_browsers()
    for name, total in (("merged", "20.10"), ("other", "30.25")):
        yield identified(days(0), email=f"{name}@x.com", trusted=True, traits={"first_name": name.title()})
        yield _order(name, f"m-{name}", total, 5)
    yield an_activity("Called the shop", days(8), id_="=call", email="merged@x.com", trusted=True,
                      note="=1+1\nsecond line", minutes=2.5, tags=["a", {"b": None}])  # fmt: skip


def _order(who: str, number: str, total: Any, day: float, **more: Any) -> Activity:
    more = {"currency": "EUR", "trusted": True, **more}
    return bought(total, days(day) + timedelta(milliseconds=7), email=f"{who}@x.com", order_id=number, **more)


def _change(type_: str, who: str, number: str, day: float, **more: Any) -> Activity:
    return an_activity(type_, days(day), email=f"{who}@x.com", order_id=number, trusted=True, **more)


def _of_many() -> Iterator[Activity]:
    for customer in range(40):
        yield identified(days(0), external_id=f"m{customer}", email=f"many{customer}@x.com", trusted=True)
        for order in range(1 + customer % 5):
            total = f"{(37 * customer + 101 * order) % 300}.{(13 * customer + 7 * order) % 100:02d}"
            number, lines = f"{customer}-{order}", [{"sku": "SH-1", "quantity": 1, "price": total}]
            yield _order(f"many{customer}", number, total, order * (3 + customer % 11), products=lines)


def _corrected() -> Iterator[Activity]:
    yield _order("corrected", "k1", "50.00", 1)
    yield _change("order_updated", "corrected", "k1", 2, total="45.55", currency="EUR")
    yield _order("corrected", "k1", "44.44", 3)  # the same order again
    yield _order("corrected", "k2", "12.00", 4)
    yield _change("order_cancelled", "corrected", "k2", 5)
    yield _change("order_updated", "corrected", "k3", 6, total=99)  # of an order that never came
    yield bought("3.30", days(6.5), email="corrected@x.com", trusted=True)  # without a number
    yield _order("corrected", "k4", 7.005, 31.99)
    yield _order("corrected", "k5", "7.005", 40)  # seven thousand and five, in Spain


def _refunded() -> Iterator[Activity]:
    yield _order("refunded", "r1", "100.00", 1)
    yield _change("order_refunded", "refunded", "r1", 2, total="10.01", refund_id="a")
    yield _change("order_refunded", "refunded", "r1", 3, total="10.01", refund_id="a")
    yield _change("order_refunded", "refunded", "r1", 4, total="20.02", refund_id="b")
    yield _order("refunded", "r2", "30.00", 5)
    yield _change("order_refunded", "refunded", "r2", 6)  # all of it
    yield _order("refunded", "r3", "80.00", 7, currency="USD")
    yield _change("order_refunded", "refunded", "r3", 8, total="9.99", currency="GBP")
    yield _change("order_refunded", "refunded", "r9", 9, total="5.00")  # before its order, which never comes


def _in_currencies() -> Iterator[Activity]:
    yield _order("abroad", "f1", "10.05", 1, currency="USD")
    yield _order("abroad", "f2", "20.15", 2, currency="USD")
    yield _order("abroad", "f3", "30.33", 3, currency="GBP")
    yield _order("abroad", "f4", 5000, 4, currency="JPY")  # has no rate
    yield _order("abroad", "f5", "15.15", 5)


def _unreadable() -> Iterator[Activity]:
    yield _order("unreadable", "u1", "a lot", 1)
    yield _order("unreadable", "u2", "-5.00", 2)
    yield _order("unreadable", "u3", "1.234,56 €", 3)
    yield _order("unreadable", "u4", "10.00", 4)
    yield _change("order_refunded", "unreadable", "u4", 5, total="some")
    yield _order("only-unreadable", "u5", "?", 1)


def _from_browsers() -> Iterator[Activity]:
    yield _order("browser", "b1", "60.00", 1, trusted=False, id_="browser:one", tracker="b1")
    yield _order("browser", "b1", "61.00", 2, id_="one")  # the server's report of the same
    yield _order("browser", "b2", "9.00", 3, trusted=False, id_="browser:two", tracker="b1")
    yield an_activity("email_bounced", days(4), email="browser@x.com", tracker="b1", id_="browser:three")
    yield an_activity("page_visited", days(5), tracker="b1", bot=True, id_="browser:four", path="/")
