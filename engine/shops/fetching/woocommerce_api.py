"""The REST API of WooCommerce (`wc/v3`), with a consumer key and secret."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from engine.http_client import HttpClient
from engine.shops.fetching.json_api import Answer, JsonApi, Query, address_of, basic
from engine.shops.fetching.pages import OVERLAP, Item, Page, repeats, unexpected
from engine.shops.written import latest_of

PAGE = 100
"""Records of one page, the most that WooCommerce gives."""

_QUERIES: Mapping[str, Query] = {
    "customers": {"role": "all", "orderby": "id", "order": "asc"},
    "orders": {"status": "any", "orderby": "id", "order": "asc"},
}
_TOPICS = {"customers": "customer.updated", "orders": "order.updated"}


@dataclass(frozen=True)
class Place:
    """Between two pages: the number of the next one, the records when the last was read, and its last id."""

    page: int = 1
    total: int = 0
    last: int = 0

    @classmethod
    def at(cls, place: str) -> Place:
        return cls(*(int(part) for part in place.split("/"))) if place else cls()

    def __str__(self) -> str:
        return f"{self.page}/{self.total}/{self.last}"


@dataclass(frozen=True, kw_only=True)
class WooCommerceApi:
    """A WooCommerce (see `ShopApi`)."""

    api: JsonApi
    streams: Sequence[str] = tuple(_QUERIES)
    overlap: timedelta = OVERLAP

    def check(self) -> None:
        """Read one record of each stream."""
        for stream in self.streams:
            self._read(stream, {"per_page": 1})

    def count(self, stream: str) -> int:
        return _total(self._read(stream, {"per_page": 1}))

    def _written(self, at: datetime) -> str:
        return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")

    def page(self, stream: str, place: str, *, since: datetime | None = None) -> Page:
        """Records by ascending id.

        Pages are numbered, so a record that is deleted meanwhile moves the others forward: then the page
        before is read again, lest one is skipped.
        """
        at = Place.at(place)
        answer = self._page(stream, at.page, since)
        if at.page > 1 and _total(answer) < at.total:
            at = Place(at.page - 1, _total(answer), 0)
            answer = self._page(stream, at.page, since)
        rows: list[Mapping[str, Any]] = answer.content
        ids = [int(row["id"]) for row in rows]
        if ids and max(ids) <= at.last:
            raise repeats(stream)
        pages = int(answer.headers.get("x-wp-totalpages") or 0)
        following = Place(at.page + 1, _total(answer), max(ids, default=at.last))
        latest = latest_of(row.get("date_modified_gmt") for row in rows)
        items = [Item(_TOPICS[stream], row) for row in rows]
        is_last = not rows or (at.page >= pages if pages else len(rows) < PAGE)
        return Page(items, len(rows), str(following), is_last, latest)

    def _page(self, stream: str, number: int, since: datetime | None) -> Answer:
        query: dict[str, str | int] = {"per_page": PAGE, "page": number}
        if since and stream == "orders":
            query |= {"modified_after": self._written(since), "dates_are_gmt": "true"}
        return self._read(stream, query)

    def _read(self, stream: str, query: Query) -> Answer:
        answer = self.api.get(stream, {**_QUERIES[stream], **query})
        rows = answer.content
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise unexpected(stream)
        return answer


def _total(answer: Answer) -> int:
    return int(answer.headers.get("x-wp-total") or 0)


def open_api(fields: Mapping[str, str], secret: str, client: HttpClient) -> WooCommerceApi:
    """The API of a shop: its address, the consumer key, and the consumer secret."""
    return WooCommerceApi(
        api=JsonApi(
            base=address_of(fields["url"]) + "/wp-json/wc/v3",
            headers=basic(fields["consumer_key"], secret),
            client=client,
            key_hint="see WooCommerce, Settings, Advanced, REST API; some servers need "
            "`SetEnvIf Authorization` to pass the key on",
            route_hint="check the address, that WooCommerce is active, and that Settings, Permalinks is not "
            "`Plain`",
        )
    )
