"""The webservice of PrestaShop (1.6 to 9): the key is the user of basic authentication.

PrestaShop writes times in the shop's own zone, so the zone and the meaning of the order states are read
first.  What an order names by id (addresses, currencies, histories, credit slips) is read once a page.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from engine.http_client import HttpClient
from engine.shops.fetching.json_api import JsonApi, Query, address_of, basic
from engine.shops.fetching.pages import Item, Keyset, Page, unexpected
from engine.shops.fetching.problems import ProblemKind, ShopRefuses
from engine.shops.written import latest_of

PAGE = 100
"""Records of one page."""

RESOURCES = {"customers": "customers", "orders": "orders", "refunds": "order_slip"}
"""The resource of each stream."""

BESIDE = ("addresses", "countries", "currencies", "configurations", "order_states", "order_histories")
"""Further resources that the key must be allowed to read."""

_CONFIGURED = ("PS_TIMEZONE", "PS_OS_CANCELED", "PS_OS_REFUND", "PS_OS_ERROR")

_SECRET = frozenset(
    {"passwd", "secure_key", "reset_password_token", "reset_password_validity", "last_passwd_gen"}
)
"""Fields of records that are nobody's business here."""

Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class PrestaShopApi:
    """A PrestaShop (see `ShopApi`)."""

    api: JsonApi
    streams: Sequence[str] = tuple(RESOURCES)
    overlap: timedelta = timedelta(minutes=70)
    _known: dict[tuple[str, str], Row] = field(default_factory=dict)

    def check(self) -> None:
        """Read one record of each resource."""
        for resource in (*RESOURCES.values(), *BESIDE):
            self._rows(resource, {"display": "[id]", "limit": 1})

    def count(self, stream: str) -> int:
        """The highest id of a stream: PrestaShop has no count, and loads every record that it lists."""
        rows = self._rows(RESOURCES[stream], {"display": "[id]", "sort": "[id_DESC]", "limit": 1})
        return int(rows[0]["id"]) if rows else 0

    def _written(self, at: datetime) -> str:
        return at.astimezone(self._zone).strftime("%Y-%m-%d %H:%M:%S")

    def page(self, stream: str, place: str, *, since: datetime | None = None) -> Page:
        """Records by ascending id, of what changed since a time if there is one."""
        keyset = Keyset.at(place)
        query: dict[str, str | int] = {"display": "full", "sort": "[id_ASC]", "limit": f"0,{PAGE}"}
        if keyset.last:
            query["filter[id]"] = f">[{keyset.last}]"
        if since:
            query |= {"filter[date_upd]": f">[{self._written(since)}]", "date": 1}
        rows = self._rows(RESOURCES[stream], query)
        following = keyset.following([int(row["id"]) for row in rows], stream)
        latest = latest_of((row.get("date_upd") for row in rows), self._zone)
        items = self._orders(rows) if stream == "orders" else self._plain(stream, rows)
        return Page(items, len(rows), following, len(rows) < PAGE, latest)

    def _plain(self, stream: str, rows: Sequence[Row]) -> list[Item]:
        topic = {"customers": "customer", "refunds": "order_slip"}[stream]
        return [Item(topic, {**row, "time_zone": str(self._zone)}) for row in rows]

    def _orders(self, orders: Sequence[Row]) -> list[Item]:
        """Orders with what they name, each payload whole."""
        addresses = self._by_id("addresses", (order["id_address_invoice"] for order in orders))
        countries = self._by_id("countries", (row["id_country"] for row in addresses.values()))
        currencies = self._by_id("currencies", (order["id_currency"] for order in orders))
        customers = self._by_id("customers", (order["id_customer"] for order in orders))
        states = self._by_id("order_states", (order["current_state"] for order in orders))
        ids = [str(order["id"]) for order in orders]
        histories, slips = self._of_orders("order_histories", ids), self._of_orders("order_slip", ids)
        numbers = self._numbers(orders)
        items = []
        for order in orders:
            id_, address = str(order["id"]), addresses.get(str(order["id_address_invoice"]))
            country = countries.get(str(address["id_country"])) if address else None
            beside = {
                "number": numbers.get(id_, order["reference"]),
                "time_zone": str(self._zone),
                "meaning": self._meaning(str(order["current_state"])),
                "state": states.get(str(order["current_state"])),
                "currency": currencies.get(str(order["id_currency"])),
                "customer": customers.get(str(order["id_customer"])),
                "address": address,
                "country": country,
                "histories": histories.get(id_, []),
                "slips": slips.get(id_, []),
            }
            items.append(Item("order", {**order, **beside}))
        return items

    def _numbers(self, orders: Sequence[Row]) -> dict[str, str]:
        """The number of each order that people see.

        Orders that were split from one cart share their reference; PrestaShop shows all but the first as
        `REFERENCE#2` and so on.
        """
        references = {str(order["reference"]) for order in orders}
        query = {"display": "[id,reference]", "filter[reference]": _either(references), "sort": "[id_ASC]"}
        numbers, seen = dict[str, str](), dict[str, int]()
        for row in self._rows("orders", query) if references else ():
            reference = str(row["reference"])
            seen[reference] = place = seen.get(reference, 0) + 1
            numbers[str(row["id"])] = reference if place == 1 else f"{reference}#{place}"
        return numbers

    def _of_orders(self, resource: str, ids: Sequence[str]) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = {}
        if ids:
            query = {"display": "full", "filter[id_order]": _either(ids), "sort": "[id_ASC]"}
            for row in self._rows(resource, query):
                found.setdefault(str(row["id_order"]), []).append(row)
        return found

    def _by_id(self, resource: str, ids: Iterable[Any]) -> dict[str, Row]:
        """The records of some ids; small resources that repeat (currencies) are read once."""
        wanted = sorted({str(id_) for id_ in ids} - {"", "0"})
        lasting = resource in ("currencies", "countries", "order_states")
        found = {id_: self._known[resource, id_] for id_ in wanted if (resource, id_) in self._known}
        missing = [id_ for id_ in wanted if id_ not in found]
        if missing:
            read = {str(row["id"]): row for row in self._rows(resource, _full(missing))}
            found |= read
            if lasting:
                self._known.update({(resource, id_): row for id_, row in read.items()})
        return found

    def _rows(self, resource: str, query: Query) -> list[Row]:
        """Records of a resource: PrestaShop answers an empty list with `[]` instead of an object."""
        content = self.api.get(resource, {"output_format": "JSON", **query}).content
        if isinstance(content, list) and not content:
            return []
        key = {"order_slip": "order_slips"}.get(resource, resource)
        rows = content.get(key, content.get(resource)) if isinstance(content, dict) else None
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise unexpected(resource)
        return [{name: row[name] for name in row.keys() - _SECRET} for row in rows]

    @cached_property
    def _configured(self) -> dict[str, str]:
        query = {"display": "[name,value]", "filter[name]": _either(_CONFIGURED)}
        return {str(row["name"]): str(row["value"]) for row in self._rows("configurations", query)}

    @cached_property
    def _zone(self) -> ZoneInfo:
        name = self._configured.get("PS_TIMEZONE", "")
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            reason = f"the shop's time zone {name!r} is not known: set it in PrestaShop, under Localization"
            raise ShopRefuses(ProblemKind.CONTENT, reason) from None

    def _meaning(self, state: str) -> str:
        """What an order state means, whatever its number is in this shop."""
        names = {"PS_OS_CANCELED": "cancelled", "PS_OS_REFUND": "refunded", "PS_OS_ERROR": "error"}
        return next((names[key] for key in names if self._configured.get(key) == state), "placed")


def _either(values: Iterable[str]) -> str:
    return f"[{'|'.join(sorted(values))}]"


def _full(ids: Iterable[str]) -> Query:
    return {"display": "full", "filter[id]": _either(ids)}


def open_api(fields: Mapping[str, str], secret: str, client: HttpClient) -> PrestaShopApi:
    """The API of a shop: its address, and the key of its webservice."""
    base = address_of(fields["url"]).removesuffix("/api") + "/api"
    return PrestaShopApi(
        api=JsonApi(
            base=base,
            headers=basic(secret),
            client=client,
            key_hint="see Advanced Parameters, Webservice in PrestaShop; some servers (PHP as CGI) need a "
            "rule that passes the Authorization header on",
            route_hint="check the address, and that the webservice is enabled under Advanced Parameters, "
            "Webservice",
        )
    )
