"""Finding contacts: by whatever is known of one, and as the pages of a list."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from pymongo.database import Database

from engine.core.activities import ContactId
from engine.core.identities import normalise_email, normalise_phone
from engine.errors import ContactSheetsError, InvalidIdentity, InvalidRules
from engine.rules.conditions import read_filters
from engine.rules.query import expression
from engine.rules.vocabulary import Vocabulary
from engine.store import rulesets
from engine.store.contact_documents import LIVING
from engine.store.patterns import evaluated_by_mongodb

Document = dict[str, Any]
Cursor = str
"""A place in the list, opaque and safe in an address."""

COUNT_UP_TO = 1_000
"""A search with more results than this says "over 1,000": counting on would be slow."""

MAX_REDIRECTS = 50
"""Old ids lead on in a few hops; more would be a circle."""

_ID = re.compile(r"[0-9a-f]{24}")


class UnknownFilter(ContactSheetsError):
    """A filter names a field or an operator that there is not."""


@dataclass(frozen=True)
class ContactRow:
    """A contact as a line of the list."""

    id: ContactId
    name: str
    email: str | None
    mobile_phone: str | None
    external_id: str | None
    identified: bool
    points: int
    newsletter: str
    email_status: str
    orders: int
    spent: Decimal
    currency: str | None
    first_seen: datetime | None
    last_seen: datetime | None
    active_at: datetime | None


@dataclass(frozen=True)
class Total:
    """How many contacts there are; not `exact` means estimated, or at least so many."""

    count: int
    exact: bool


@dataclass(frozen=True)
class ContactPage:
    """A page of the list, and the places where its neighbours begin."""

    rows: list[ContactRow]
    next: Cursor | None
    previous: Cursor | None
    total: Total


def find_contact(db: Database[Document], key: str) -> ContactId | None:
    """Find a living contact by id (an old one leads on), email, phone, external id or tracker."""
    wanted = key.strip()
    if _ID.fullmatch(wanted):
        found = _living(db, ContactId(wanted))
        if found is not None:
            return found
    for candidate in _keys_of(db, wanted):
        row = db.contacts.find_one({"keys": candidate}, {"_id": 1})
        if row is not None:
            return ContactId(row["_id"])
    return None


def page(
    db: Database[Document],
    *,
    search: str = "",
    segment: str | None = None,
    after: Cursor | None = None,
    limit: int = 50,
) -> ContactPage:
    """A page of contacts, the newest activity first.

    `search` finds the beginnings of emails, numbers, external ids, trackers and names;
    with `segment` it lists members alone.
    A page costs the same wherever it is: it begins at a key and nothing is skipped.
    """
    matching: Document = {**LIVING, **_search(db, search)}
    if segment is not None:
        matching = {"$and": [in_segment(segment), matching]} if matching else in_segment(segment)
    place = _decode_cursor(after)
    backwards = place is not None and place[0] == "before"
    query = matching if place is None else {"$and": [matching, _beyond(place)]}
    order = 1 if backwards else -1
    found = list(
        db.contacts.find(query, _ROW_FIELDS).sort([("active_at", order), ("_id", order)]).limit(limit + 1)
    )
    more = len(found) > limit
    found = found[:limit]
    if backwards:
        found.reverse()
    has_next, has_previous = (True, more) if backwards else (more, place is not None)
    return ContactPage(
        rows=[_row(row) for row in found],
        next=_cursor("after", found[-1]) if found and has_next else None,
        previous=_cursor("before", found[0]) if found and has_previous else None,
        total=_total(db, {} if matching == LIVING else matching),
    )


def walk(db: Database[Document], *, where: Document | None = None, limit: int = 0) -> Iterator[ContactRow]:
    """All contacts that meet `where`, the newest activity first; a `limit` of 0 is none.

    `where` is `{field: value}` or `{field: {operator: value}}`.  Raises UnknownFilter, and
    PatternGivenUp on the way.
    """
    query = {**LIVING, **query_of(db, where or {})}
    found = db.contacts.find(query, _ROW_FIELDS).sort([("active_at", -1), ("_id", -1)])
    return _rows(found.limit(limit))


def newest(db: Database[Document], query: Document, *, limit: int) -> list[ContactRow]:
    """Some contacts that meet a query, the newest activity first."""
    living = {"$and": [LIVING, query]}
    found = db.contacts.find(living, _ROW_FIELDS).sort([("active_at", -1), ("_id", -1)]).limit(limit)
    return [_row(row) for row in found]


def row_of(db: Database[Document], contact: str) -> ContactRow | None:
    """A living contact as a row of the list."""
    row = db.contacts.find_one({"_id": contact}, _ROW_FIELDS)
    return None if row is None else _row(row)


def in_segment(segment: str) -> Document:
    """Matches the members of a segment, as the index over segments answers it."""
    return {f"segments.{segment}": {"$exists": True}}


def query_of(db: Database[Document], where: Document) -> Document:
    """Translate filters by field into a query; raise UnknownFilter for what is not declared."""
    if not where:
        return {}
    try:
        tree = read_filters(where, Vocabulary.of(rulesets.current(db)))
    except InvalidRules as error:
        raise UnknownFilter("; ".join(problem.message for problem in error.problems)) from None
    return {} if tree is None else {"$expr": expression(tree)}


# Looking up


def _living(db: Database[Document], contact: ContactId) -> ContactId | None:
    for _ in range(MAX_REDIRECTS):
        if db.contacts.find_one({"_id": contact}, {"_id": 1}) is not None:
            return contact
        redirect = db.merges.find_one({"_id": contact}, {"into": 1})
        if redirect is None:
            return None
        contact = redirect["into"]
    return None


def _keys_of(db: Database[Document], value: str) -> list[str]:
    """The keys that `value` could be, as they are stored."""
    keys = []
    if "@" in value:
        with suppress(InvalidIdentity):
            keys.append(f"e:{normalise_email(value)}")
    elif sum(character.isdigit() for character in value) >= 6:
        with suppress(InvalidIdentity):
            keys.append(f"p:{normalise_phone(value, region=rulesets.current(db).account.default_region)}")
    return [*keys, f"x:{value}", f"t:{value}"]


def _search(db: Database[Document], text: str) -> Document:
    wanted = text.strip()
    if not wanted:
        return {}
    prefixes = [f"e:{wanted.lower()}", f"x:{wanted}", f"t:{wanted}"]
    digits = re.sub(r"[\s().\-/]", "", wanted)
    if re.fullmatch(r"\+?\d{3,}", digits):
        prefixes += [f"p:{digits}", *(k for k in _keys_of(db, wanted) if k.startswith("p:"))]
    either = [{"keys": _begins(prefix)} for prefix in prefixes]
    either.append({"names": _begins(wanted.lower())})
    if _ID.fullmatch(wanted):
        either.append({"_id": {"$eq": _living(db, ContactId(wanted))}})
    return {"$or": either}


def _begins(prefix: str) -> Document:
    """Match array items by their beginning, as a range that the index answers.

    The indexes hold only contacts that have such items, and MongoDB wants to hear so.
    """
    return {"$elemMatch": {"$gte": prefix, "$lt": prefix + "\uffff"}, "$exists": True}


def _total(db: Database[Document], matching: Document) -> Total:
    if not matching:
        count = db.contacts.estimated_document_count() - db.contacts.count_documents({"deleted": True})
        return Total(count, exact=count <= COUNT_UP_TO)
    count = db.contacts.count_documents(matching, limit=COUNT_UP_TO + 1)
    return Total(min(count, COUNT_UP_TO), exact=count <= COUNT_UP_TO)


# Places in the list


def _cursor(direction: str, row: Document) -> Cursor:
    place = json.dumps([direction, row["active_at"].isoformat(), row["_id"]])
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def _decode_cursor(cursor: Cursor | None) -> tuple[str, datetime, str] | None:
    """Read a place back; one that somebody has tampered with is the beginning."""
    if not cursor:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        direction, at, id_ = json.loads(base64.urlsafe_b64decode(padded))
        return str(direction), datetime.fromisoformat(at), str(id_)
    except (ValueError, TypeError, binascii.Error):
        return None


def _beyond(place: tuple[str, datetime, str]) -> Document:
    direction, at, id_ = place
    than = "$gt" if direction == "before" else "$lt"
    return {"$or": [{"active_at": {than: at}}, {"active_at": at, "_id": {than: id_}}]}


_ROW_FIELDS = [
    "first_name", "last_name", "email", "email_typed", "mobile_phone", "external_id", "identified",
    "points.total", "statuses", "commerce.orders", "commerce.spent", "commerce.currency",
    "first_seen", "last_seen", "active_at",
]  # fmt: skip


def _rows(found: Iterable[Document]) -> Iterator[ContactRow]:
    with evaluated_by_mongodb():
        yield from map(_row, found)


def _row(row: Document) -> ContactRow:
    statuses, commerce = row.get("statuses", {}), row.get("commerce", {})
    return ContactRow(
        id=ContactId(row["_id"]),
        name=" ".join(part for part in (row.get("first_name"), row.get("last_name")) if part),
        email=row.get("email_typed") or row.get("email"),
        mobile_phone=row.get("mobile_phone"),
        external_id=row.get("external_id"),
        identified=row["identified"],
        points=row["points"]["total"],
        newsletter=statuses.get("newsletter", {}).get("state", "not_subscribed"),
        email_status=statuses.get("email_status", {}).get("state", "active"),
        orders=commerce.get("orders", 0),
        spent=commerce.get("spent", Decimal(0)),
        currency=commerce.get("currency"),
        first_seen=row.get("first_seen"),
        last_seen=row.get("last_seen"),
        active_at=row.get("active_at"),
    )
