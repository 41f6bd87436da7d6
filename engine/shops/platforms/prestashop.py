"""PrestaShop: polled, as it has no webhooks of its own for orders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from engine.shops import consents
from engine.shops.events import Customer, Ignored, Reading, ShopEvent
from engine.shops.orders import (
    OrderState,
    ShopRefund,
    filled,
    given_up,
    money,
    readings_of,
    single_refund,
    stamp,
)
from engine.shops.platforms.platform import Field, Platform, Step
from engine.shops.written import certain_time, is_set, phone_of, text_of, time_of

Row = Mapping[str, Any]


def translate(topic: str, payload: Any) -> Sequence[Reading]:
    """The readings of a record that was fetched (`engine.shops.fetching.prestashop_api`)."""
    readers = {"customer": _customer, "order": _order, "order_slip": _order_slip}
    if topic not in readers:
        raise ValueError(f"unknown topic {topic[:60]!r}")
    return list(readers[topic](payload))


def _order(row: Row) -> Iterator[Reading]:
    zone = ZoneInfo(row["time_zone"])
    meaning, slips = row["meaning"], [_refund(slip, zone) for slip in row["slips"]]
    state = OrderState(
        id=str(row["id"]),
        number=str(row["number"]),
        placed_at=certain_time(row["date_add"], zone),
        updated_at=certain_time(row["date_upd"], zone),
        standing="placed" if meaning == "error" else meaning,
        customer=_customer_of(row),
        total=money(row.get("total_paid_tax_incl") or row.get("total_paid")),
        currency=text_of((row.get("currency") or {}).get("iso_code")),
        status=text_of((row.get("state") or {}).get("name")),
        products=[_product(line) for line in _lines(row)],
        refunds=slips,
        cancelled_at=_cancelled_at(row, zone),
        details=filled(
            subtotal=money(row.get("total_products")),
            shipping=money(row.get("total_shipping_tax_incl")),
            tax=_tax(row),
            discount=money(row.get("total_discounts_tax_incl")),
        ),
        traits=_traits(row),
    )
    yield from given_up(state) if meaning == "error" else readings_of(state)


def _customer_of(row: Row) -> Customer:
    """Who ordered.  A guest has a new record for each order: only the email says who it is."""
    person = row.get("customer") or {}
    guest = is_set(person.get("is_guest"))
    return Customer(
        id="" if guest or not person else str(row["id_customer"]),
        email=str(person.get("email") or ""),
        phone=_phone(row),
    )


def _phone(row: Row) -> str:
    address = row.get("address") or {}
    country = text_of((row.get("country") or {}).get("iso_code"))
    return phone_of((address.get("phone_mobile"), address.get("phone")), country)


def _traits(row: Row) -> dict[str, Any]:
    person, address = row.get("customer") or {}, row.get("address") or {}
    return filled(
        first_name=person.get("firstname") or address.get("firstname"),
        last_name=person.get("lastname") or address.get("lastname"),
        address=filled(
            city=address.get("city"),
            postal_code=address.get("postcode"),
            country=text_of((row.get("country") or {}).get("iso_code")),
        ),
        company=address.get("company"),
    )


def _lines(row: Row) -> Sequence[Row]:
    lines: Sequence[Row] = (row.get("associations") or {}).get("order_rows") or ()
    return lines


def _product(line: Row) -> dict[str, Any]:
    return filled(
        product_id=str(line["product_id"]),
        variant=_unless_nought(line.get("product_attribute_id")),
        sku=line.get("product_reference"),
        name=line.get("product_name"),
        quantity=int(line["product_quantity"]),
        price=money(line.get("unit_price_tax_incl")),
    )


def _unless_nought(value: Any) -> str:
    return "" if str(value or "0") == "0" else str(value)


def _tax(row: Row) -> Any:
    with_tax, without = money(row.get("total_paid_tax_incl")), money(row.get("total_paid_tax_excl"))
    return None if with_tax is None or without is None else with_tax - without


def _cancelled_at(row: Row, zone: ZoneInfo) -> Any:
    """When the order came to its present state, if that is the cancelled one."""
    if row["meaning"] != "cancelled":
        return None
    state = str(row["current_state"])
    entered = [
        time_of(entry["date_add"], zone)
        for entry in row["histories"]
        if str(entry["id_order_state"]) == state
    ]
    return min((at for at in entered if at is not None), default=None)


def _refund(slip: Row, zone: ZoneInfo) -> ShopRefund:
    """A credit slip.  Older versions leave the totals with tax at nought and have the amount alone."""
    totals = _amounts(slip, "total_products_tax_incl", "total_shipping_tax_incl")
    if not any(totals):
        totals = _amounts(slip, "amount", "shipping_cost_amount")
    total = sum(totals, start=Decimal(0))
    return ShopRefund(str(slip["id"]), total, at=certain_time(slip["date_add"], zone))


def _amounts(slip: Row, *names: str) -> list[Decimal]:
    return [amount for amount in (money(slip.get(name)) for name in names) if amount is not None]


def _order_slip(row: Row) -> Iterator[Reading]:
    refund = _refund(row, ZoneInfo(row["time_zone"]))
    yield single_refund(refund, order_id=str(row["id_order"]))


def _customer(row: Row) -> Iterator[Reading]:
    if is_set(row.get("deleted")) or is_set(row.get("is_guest")):
        yield Ignored(
            "a guest: the orders say who it is" if is_set(row.get("is_guest")) else "a deleted customer"
        )
        return
    zone = ZoneInfo(row["time_zone"])
    customer = Customer(id=str(row["id"]), email=str(row.get("email") or ""))
    since, changed = certain_time(row["date_add"], zone), certain_time(row["date_upd"], zone)
    birthday = str(row.get("birthday") or "")
    traits = filled(
        first_name=row.get("firstname"),
        last_name=row.get("lastname"),
        birth_date="" if birthday.startswith("0000") else birthday,
        company=row.get("company"),
    )
    yield ShopEvent("registered", f"registered:{row['id']}", since, customer, once=True)
    yield ShopEvent("identified", f"customer:{row['id']}:{stamp(changed)}", changed, customer, traits=traits)
    subscribed = is_set(row.get("newsletter"))
    given_at = time_of(row.get("newsletter_date_add"), zone) if subscribed else None
    yield consents.stated(
        customer, subscribed=subscribed, changed_at=changed, customer_since=since, given_at=given_at
    )


def _steps(_address: str) -> Sequence[Step]:
    return (
        Step(
            "In PrestaShop, open *Advanced Parameters → Webservice* and switch *Enable PrestaShop's "
            "webservice* on."
        ),
        Step(
            "*Add new webservice key*, let it generate a key, and tick **View (GET)** for these resources:",
            (
                "customers, orders, order_slip, order_histories, order_states, addresses, countries, "
                "currencies, configurations",
            ),
        ),
        Step("Save, copy the key, and enter it here with the shop's address."),
    )


PLATFORM = Platform(
    name="prestashop",
    label="PrestaShop",
    fields=(
        Field("url", "Address of the shop", "as customers open it, such as https://www.example.com"),
        Field("api_key", "Webservice key", "Advanced Parameters → Webservice", secret=True),
    ),
    steps=_steps,
    translate=translate,
)
