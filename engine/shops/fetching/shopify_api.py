"""The GraphQL Admin API of Shopify, which its documentation gives as the current one (REST is legacy).

Pages go by ids and not by Shopify's own cursors, which end after 25,000 records.  What is read is brought
into the form of Shopify's webhooks, so that one translation serves both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from engine.http_client import HttpClient
from engine.shops.fetching.json_api import JsonApi, address_of
from engine.shops.fetching.pages import OVERLAP, Item, Keyset, Page, unexpected
from engine.shops.fetching.problems import ProblemKind, ShopRefuses, ShopUnavailable
from engine.shops.fetching.shopify_payloads import customer_payload, order_payload
from engine.shops.fetching.shopify_queries import COUNTS, CUSTOMERS, LINES, ORDERS
from engine.shops.written import latest_of

VERSION = "2026-07"
"""Of the API.  Shopify answers for a version that is no longer supported with the oldest one that is."""

PAGES = {"customers": 50, "orders": 10}
"""Records of one page: the cost of a query is limited, and orders have lines."""


@dataclass(frozen=True, kw_only=True)
class ShopifyApi:
    """A Shopify shop (see `ShopApi`)."""

    api: JsonApi
    streams: Sequence[str] = tuple(PAGES)
    overlap: timedelta = OVERLAP

    def check(self) -> None:
        """Count each stream, and read one record of it."""
        for stream in self.streams:
            self.count(stream)
            self._nodes(stream, Keyset(), None, size=1)

    def count(self, stream: str) -> int:
        return int(self._ask(COUNTS)[f"{stream}Count"]["count"])

    def _written(self, at: datetime) -> str:
        return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def page(self, stream: str, place: str, *, since: datetime | None = None) -> Page:
        """Records by ascending id, of what changed since a time if there is one."""
        keyset, size = Keyset.at(place), PAGES[stream]
        nodes = self._nodes(stream, keyset, since, size=size)
        following = keyset.following([int(node["legacyResourceId"]) for node in nodes], stream)
        latest = latest_of(node["updatedAt"] for node in nodes)
        if stream == "orders":
            items = [Item("orders/updated", order_payload(node, self._lines(node))) for node in nodes]
        else:
            items = [Item("customers/update", customer_payload(node)) for node in nodes]
        return Page(items, len(nodes), following, len(nodes) < size, latest)

    def _nodes(
        self, stream: str, keyset: Keyset, since: datetime | None, *, size: int
    ) -> list[Mapping[str, Any]]:
        conditions = [f"id:>{keyset.last}"] if keyset.last else []
        conditions += [f"updated_at:>'{self._written(since)}'"] if since else []
        variables = {"first": size, "query": " AND ".join(conditions) or None}
        found = self._ask(ORDERS if stream == "orders" else CUSTOMERS, variables)
        nodes = found[stream]["nodes"]
        if not isinstance(nodes, list):
            raise unexpected(stream)
        return nodes

    def _lines(self, order: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """All lines of an order: those beyond its first ones are read apart."""
        lines, listed = list(order["lineItems"]["nodes"]), order["lineItems"]["pageInfo"]
        while listed["hasNextPage"]:
            variables = {"id": order["id"], "after": listed["endCursor"]}
            found = self._ask(LINES, variables)["order"]["lineItems"]
            if not found["nodes"]:
                break
            lines, listed = [*lines, *found["nodes"]], found["pageInfo"]
        return lines

    def _ask(self, query: str, variables: Mapping[str, Any] = {}) -> Mapping[str, Any]:
        content = self.api.post("graphql.json", {"query": query, "variables": dict(variables)}).content
        if not isinstance(content, dict):
            raise unexpected("a query")
        errors = content.get("errors")
        if errors:
            raise _problem(errors, content.get("extensions"))
        data = content.get("data")
        if not isinstance(data, dict):
            raise unexpected("a query")
        return data


def _problem(errors: Any, extensions: Any) -> ShopRefuses | ShopUnavailable:
    """What the errors of an answer with status 200 mean."""
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    code = (first.get("extensions") or {}).get("code", "")
    words = str(first.get("message") or errors)[:300]
    if code == "THROTTLED" or words == "Throttled":
        wait = _wait_of_cost(extensions)
        return ShopUnavailable(ProblemKind.LIMIT, "the shop limits requests: it is asked later", wait=wait)
    if code == "ACCESS_DENIED":
        reason = f"the app may not read this (“{words}”): give it the scopes read_orders and read_customers"
        return ShopRefuses(ProblemKind.PERMISSION, reason)
    if code == "INTERNAL_SERVER_ERROR":
        return ShopUnavailable(ProblemKind.SERVER, f"Shopify failed (“{words}”)")
    return ShopRefuses(ProblemKind.CONTENT, f"Shopify refuses the query (“{words}”)")


def _wait_of_cost(extensions: Any) -> float:
    """The seconds until the query can be paid for, from Shopify's account of costs."""
    try:
        cost = extensions["cost"]
        missing = cost["requestedQueryCost"] - cost["throttleStatus"]["currentlyAvailable"]
        return max(1.0, float(missing / cost["throttleStatus"]["restoreRate"]))
    except (KeyError, TypeError, ZeroDivisionError, ArithmeticError):
        return 2.0


def open_api(fields: Mapping[str, str], secret: str, client: HttpClient) -> ShopifyApi:
    """The API of a shop: its address, and the access token of a custom app."""
    return ShopifyApi(
        api=JsonApi(
            base=f"{address_of(fields['url'])}/admin/api/{VERSION}",
            headers={"X-Shopify-Access-Token": secret},
            client=client,
            key_hint="see the custom app under Settings, Apps in Shopify",
            route_hint="the address is the shop's own, such as example.myshopify.com",
        )
    )
