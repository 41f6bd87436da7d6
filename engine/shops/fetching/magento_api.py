"""The REST API of Magento 2 (Open Source and Adobe Commerce), with the access token of an integration.

Times are in UTC.  A page beyond the last one repeats that, so pages go by ids.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from engine.http_client import HttpClient
from engine.shops.fetching.json_api import JsonApi, address_of
from engine.shops.fetching.pages import OVERLAP, Item, Keyset, Page, unexpected
from engine.shops.written import latest_of

PAGE = 100
"""Records of one page."""

PATHS = {"customers": "customers/search", "orders": "orders", "refunds": "creditmemos"}
"""The path of each stream."""

_TOPICS = {"customers": "customer", "orders": "order", "refunds": "creditmemo"}

Filter = tuple[str, str, str]
"""A field, a condition and a value; all have to hold."""


@dataclass(frozen=True, kw_only=True)
class MagentoApi:
    """A Magento (see `ShopApi`)."""

    api: JsonApi
    streams: Sequence[str] = tuple(PATHS)
    overlap: timedelta = OVERLAP

    def check(self) -> None:
        """Read one record of each stream."""
        for stream in self.streams:
            self._search(PATHS[stream], [], size=1)

    def count(self, stream: str) -> int:
        return int(self._search(PATHS[stream], [], size=1)["total_count"])

    def _written(self, at: datetime) -> str:
        return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")

    def page(self, stream: str, place: str, *, since: datetime | None = None) -> Page:
        """Records by ascending id, of what changed since a time if there is one."""
        keyset, key = Keyset.at(place), "id" if stream == "customers" else "entity_id"
        filters: list[Filter] = [("entity_id", "gt", str(keyset.last))]
        if since:
            filters.append(("updated_at", "gt", self._written(since)))
        rows = self._rows(PATHS[stream], filters)
        following = keyset.following([int(row[key]) for row in rows], stream)
        latest = latest_of(row.get("updated_at") for row in rows)
        if stream == "orders":
            rows = self._with_refunds(rows)
        items = [Item(_TOPICS[stream], row) for row in rows]
        return Page(items, len(rows), following, len(rows) < PAGE, latest)

    def _with_refunds(self, orders: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """Orders with their credit memos, of those that have any."""
        refunded = [str(order["entity_id"]) for order in orders if order.get("total_refunded")]
        memos: dict[str, list[Mapping[str, Any]]] = {}
        if refunded:
            for memo in self._rows(PATHS["refunds"], [("order_id", "in", ",".join(refunded))], size=1_000):
                memos.setdefault(str(memo["order_id"]), []).append(memo)
        return [{**order, "creditmemos": memos.get(str(order["entity_id"]), [])} for order in orders]

    def _rows(self, path: str, filters: Sequence[Filter], *, size: int = PAGE) -> list[Mapping[str, Any]]:
        rows = self._search(path, filters, size=size)["items"] or []
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise unexpected(path)
        return rows

    def _search(self, path: str, filters: Sequence[Filter], *, size: int) -> Mapping[str, Any]:
        query: dict[str, str | int] = {
            "searchCriteria[pageSize]": size,
            "searchCriteria[currentPage]": 1,
            "searchCriteria[sortOrders][0][field]": "entity_id",
            "searchCriteria[sortOrders][0][direction]": "ASC",
        }
        for number, parts in enumerate(filters):
            for name, part in zip(("field", "condition_type", "value"), parts, strict=True):
                query[f"searchCriteria[filter_groups][{number}][filters][0][{name}]"] = part
        content = self.api.get(path, query).content
        if not isinstance(content, dict) or "items" not in content or "total_count" not in content:
            raise unexpected(path)
        return content


def open_api(fields: Mapping[str, str], secret: str, client: HttpClient) -> MagentoApi:
    """The API of a shop: its address, and the access token of an integration."""
    return MagentoApi(
        api=JsonApi(
            base=address_of(fields["url"]) + "/rest/all/V1",
            headers={"Authorization": f"Bearer {secret}"},
            client=client,
            key_hint="see System, Integrations in Magento; since 2.4.4 access tokens work as Bearer tokens "
            "only if that is allowed under Stores, Configuration, Services, OAuth",
            route_hint="check the address: it is the one before `/rest`",
        )
    )
