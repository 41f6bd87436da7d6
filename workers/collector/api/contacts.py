"""Contacts: one by any of its keys, and the list in the language of its filters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.accounts.scopes import Scope
from engine.contacts.listing import list_service
from engine.contacts.listing.listing import DEFAULT_SORT, SORTS, Listing
from workers.collector.api import parameters
from workers.collector.api.contact_values import (
    ContactPageView,
    ContactView,
    TotalView,
    contact_of,
    contact_view,
    summary_of,
)
from workers.collector.api.operation import Call, Example, Operation, Outcome, Reply
from workers.collector.api.parameters import CURSOR

TAG = "Contacts"
READ = frozenset({Scope.READ_CONTACTS})

WHERE = parameters.conditions(
    "where",
    "Conditions that all must hold, in the language of the list's filters and of segments, as JSON: "
    '`{"newsletter": "subscribed", "points": {"gte": 20}}`.',
)
SEARCH = parameters.text(
    "q", "What an email, phone, external id, tracker or name begins with; or the id of a contact."
)
SORT = parameters.choice(
    "sort",
    "The order; with `-` the largest first.",
    [order for name in SORTS for order in (f"-{name}", name)],
    f"-{DEFAULT_SORT}",
)


def listing_of(query: Mapping[str, Any]) -> Listing:
    """Return the list that parameters ask for."""
    order: str = query["sort"]
    return Listing(
        where=query["where"],
        search=query["q"],
        sort=order.removeprefix("-"),
        descending=order.startswith("-"),
    )


def page_of(call: Call, listing: Listing) -> ContactPageView:
    """Return the page of a list that a request asks for.  Raises InvalidFilter and NotAllowed."""
    place = call.cursors.read(call.query["cursor"])
    found = list_service.page(call.actor, listing, after=place, limit=call.query["limit"])
    return ContactPageView(
        [summary_of(row) for row in found.rows],
        call.cursors.sign(found.next),
        TotalView(found.total.count, found.total.exact),
    )


def _list(call: Call) -> Outcome:
    return Reply(page_of(call, listing_of(call.query)))


def _get(call: Call) -> Outcome:
    return Reply(contact_view(call.actor, contact_of(call.actor, call.path["key"])))


OPERATIONS = (
    Operation(
        id="listContacts",
        method="GET",
        path="/v1/contacts",
        tag=TAG,
        summary="List or search contacts",
        about="A page costs the same wherever it begins. The total is exact up to 1,000.",
        scopes=READ,
        query=(WHERE, SEARCH, SORT, parameters.limit(), CURSOR),
        answer=ContactPageView,
        run=_list,
        example=Example(
            query={"where": '{"points": {"gte": 0}, "identified": true}', "sort": "-points", "limit": "10"}
        ),
    ),
    Operation(
        id="getContact",
        method="GET",
        path="/v1/contacts/{key}",
        tag=TAG,
        summary="Get a contact",
        about="The key is its id, email, mobile phone, external id or tracker. The id of a contact that was "
        "merged into another leads to that one.",
        scopes=READ,
        answer=ContactView,
        run=_get,
        example=Example(path={"key": "ana@example.com"}),
    ),
)
