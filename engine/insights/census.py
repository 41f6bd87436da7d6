"""A census: counts of all contacts by identity, reachability, points and segments.

One pass inside MongoDB, by the scheduler, from time to time: often while the page is in use, and
hourly otherwise, so that it takes a small share of the machine however many contacts there are.
A census is kept whole or not at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from time import perf_counter
from typing import Any

from pymongo.errors import DuplicateKeyError

from engine.db import Db
from engine.db.contact_codec import LIVING
from engine.domain.deliverability import DELIVERED_TO
from engine.domain.document import Document
from engine.domain.rulebook import TOPIC, Ruleset
from engine.insights import claims
from engine.insights.daily import local_day
from engine.rules import versions

SHARE = 20
"""A census is taken again after this many times as long as the last one took."""

SOONEST = timedelta(seconds=5)
LATEST = timedelta(hours=1)

LOOKED = timedelta(minutes=10)
"""A viewer of the page counts as present for this time."""

POINTS = (0, 1, 10, 25, 50, 100, 200, 500)
"""The lower bounds of the groups of points; lower values are a group, too."""

FEW = 10_000
"""Up to this many contacts are counted while a user waits: half a second."""

NAMES = 2_000
"""Segments and custom fields that are counted, the largest: visitors can make up fields."""

_WORK = "census"
_LOOKS = "census_looks"
_ID = "contacts"


@dataclass(frozen=True)
class PointsGroup:
    """Contacts with points from `least` (unset: however few) to `most` (unset: however many)."""

    least: int | None
    most: int | None
    contacts: int


@dataclass(frozen=True)
class Census:
    """The counts of all contacts at one time.

    `statuses` are contacts by machine and state, every state of each; `appeared` and
    `seen` contacts by the day of their first and last activity, `segments` members by id,
    `custom` contacts that have something in a custom field;
    `cart_value` is in the account's currency.
    """

    at: datetime
    took: timedelta
    contacts: int
    identified: int
    buyers: int
    returning: int
    carts: Mapping[str, int]
    cart_value: Mapping[str, Decimal]
    statuses: Mapping[str, Mapping[str, int]]
    points: list[PointsGroup]
    segments: Mapping[str, int]
    custom: Mapping[str, int]
    appeared: Mapping[date, int]
    appeared_identified: Mapping[date, int]
    seen: Mapping[date, int]

    @property
    def anonymous(self) -> int:
        return self.contacts - self.identified

    def active_since(self, day: date) -> int:
        """Contacts that did something on that day or later."""
        return sum(number for seen, number in self.seen.items() if seen >= day)


def latest(db: Db) -> Census | None:
    """The last census; unset before the first."""
    row = db.census.find_one({"_id": _ID})
    return None if row is None else _read(row, versions.current(db))


def present(db: Db, *, now: datetime) -> Census | None:
    """The last census; unset before the first.

    The first contacts of a shop appear at once: if the last census found none, a few contacts are
    counted here; with more than that the result is None until the next census.
    """
    found = latest(db)
    if found is not None and found.contacts:
        return found
    anybody = db.contacts.find_one(LIVING, {"_id": 1}) is not None
    if found is not None and not anybody:
        return found
    if db.contacts.estimated_document_count() > FEW:
        return None
    take(db, now=now)
    found = latest(db)
    return None if found is None or (anybody and not found.contacts) else found


def look(db: Db, *, now: datetime) -> None:
    """Record a view of the page, so that the census runs more often; writes at most once a minute."""
    recently = {"_id": _LOOKS, "at": {"$gte": now - timedelta(minutes=1)}}
    if db.installation.find_one(recently, {"_id": 1}) is None:
        db.installation.update_one({"_id": _LOOKS}, {"$set": {"at": now}}, upsert=True)


def is_due(db: Db, *, now: datetime, of: str = _ID) -> bool:
    """Whether it is time to count again; `of` is what is counted."""
    last = db.census.find_one({"_id": of}, {"at": 1, "took": 1, "zone": 1})
    if last is None or last["zone"] != str(versions.current(db).account.time_zone):
        return True
    looks = db.installation.find_one({"_id": _LOOKS})
    watched = looks is not None and now - looks["at"] < LOOKED
    pause = max(SOONEST, SHARE * timedelta(seconds=last["took"])) if watched else LATEST
    return bool(now - last["at"] >= pause or last["at"] > now + LATEST)


def take(db: Db, *, now: datetime) -> bool:
    """Count all contacts, unless another is at it; whether that was done."""
    number = claims.claim(db, _WORK, now=now)
    if number is None:
        return False
    ruleset = versions.current(db)
    began = perf_counter()
    zone = str(ruleset.account.time_zone)
    [found] = db.contacts.aggregate(_pass(ruleset, zone), allowDiskUse=True)
    row = {"at": now, "took": perf_counter() - began, "zone": zone, "number": number, **found}
    try:
        # One that was overtaken finds nothing to replace, and a newer row there.
        db.census.replace_one({"_id": _ID, "number": {"$not": {"$gt": number}}}, row, upsert=True)
    except DuplicateKeyError:
        return False
    claims.release(db, _WORK, number)
    return True


def _pass(ruleset: Ruleset, zone: str) -> list[Document]:
    """One look at each contact: `kinds` holds all that few values make up, the rest is apart."""
    states = {machine: _state(machine) for machine in ruleset.machines if not machine.startswith(TOPIC)}
    orders = {"$ifNull": ["$commerce.orders", 0]}
    kind = {
        "identified": "$identified",
        "points": {"$switch": {"branches": list(_branches()), "default": None}},
        "orders": {"$min": [orders, 2]},
        "cart": "$cart.state",
        "states": states,
    }
    carts = {"$ifNull": ["$cart.value", 0]}
    appeared = {"day": local_day("$first_seen", zone), "identified": "$identified"}
    needed = [*_NEEDED, *(f"statuses.{machine}.state" for machine in ruleset.machines)]
    return [
        {"$project": {"_id": 0, **dict.fromkeys(needed, 1)}},
        {
            "$facet": {
                "kinds": [{"$group": {"_id": kind, "n": {"$sum": 1}, "carts": {"$sum": carts}}}],
                "appeared": [{"$group": {"_id": appeared, "n": {"$sum": 1}}}],
                "seen": [{"$group": {"_id": local_day("$last_seen", zone), "n": {"$sum": 1}}}],
                "topics": [_by_topic(ruleset)],
                "segments": _names("segments"),
                "custom": _names("custom"),
            }
        },
    ]


_NEEDED = (
    "identified", "points.total", "commerce.orders", "cart.state", "cart.value", "segments", "custom",
    "first_seen", "last_seen", *DELIVERED_TO.values(),
)  # fmt: skip


def _state(machine: str) -> Any:
    """The state of a contact: of deliverability, only where there is something to deliver to."""
    state, address = f"$statuses.{machine}.state", DELIVERED_TO.get(machine)
    return state if address is None else {"$cond": [{"$gt": [f"${address}", None]}, state, _NOWHERE]}


_NOWHERE = ""


def _by_topic(ruleset: Ruleset) -> Document:
    """How many are in each state of each topic: apart from the kinds, which they would multiply."""
    counts = {
        f"{machine}:{state}": {"$sum": {"$cond": [{"$eq": [f"$statuses.{machine}.state", state]}, 1, 0]}}
        for machine, state in _topic_states(ruleset)
    }
    return {"$group": {"_id": None, **counts}}


def _topic_states(ruleset: Ruleset) -> Iterator[tuple[str, str]]:
    """The states of topics besides the initial one, with their machines."""
    for topic in ruleset.topics.values():
        machine = ruleset.machines[topic.machine]
        yield from ((machine.id, state) for state in machine.states if state != machine.initial)


def _topics(row: Document, ruleset: Ruleset, contacts: int) -> dict[str, dict[str, int]]:
    """How many contacts are in each state of each topic; who never moved is where it begins."""
    counted: Document = next(iter(row.get("topics", ())), {})
    found: dict[str, dict[str, int]] = {}
    for topic in ruleset.topics.values():
        machine = ruleset.machines[topic.machine]
        moved = {state: counted.get(f"{machine.id}:{state}", 0) for state in machine.states}
        found[machine.id] = {**moved, machine.initial: contacts - sum(moved.values())}
    return found


def _names(of: str) -> list[Document]:
    """How many contacts have each name in a mapping."""
    return [
        {"$match": {of: {"$exists": True}}},
        {"$project": {"_id": 0, "s": {"$objectToArray": f"${of}"}}},
        {"$unwind": "$s"},
        {"$group": {"_id": "$s.k", "n": {"$sum": 1}}},
        {"$sort": {"n": -1}},
        {"$limit": NAMES},
    ]


def _branches() -> Iterable[Document]:
    for least in reversed(POINTS):
        yield {"case": {"$gte": [{"$ifNull": ["$points.total", 0]}, least]}, "then": least}


def _read(row: Document, ruleset: Ruleset) -> Census:
    kinds: list[tuple[Document, int, Decimal]] = [
        (kind["_id"], kind["n"], Decimal(str(kind["carts"]))) for kind in row["kinds"]
    ]
    contacts = sum(number for _, number, _ in kinds)
    points = Counter[int | None]()
    carts = Counter[str]()
    value: dict[str, Decimal] = {}
    for kind, number, worth in kinds:
        points[kind.get("points")] += number
        cart = kind.get("cart")
        if cart is not None:
            carts[cart] += number
            value[cart] = value.get(cart, Decimal(0)) + worth
    return Census(
        at=row["at"],
        took=timedelta(seconds=row["took"]),
        contacts=contacts,
        identified=sum(number for kind, number, _ in kinds if kind.get("identified")),
        buyers=sum(number for kind, number, _ in kinds if kind["orders"] >= 1),
        returning=sum(number for kind, number, _ in kinds if kind["orders"] >= 2),
        carts=carts,
        cart_value=value,
        statuses={machine: _states(kinds, ruleset, machine) for machine in ruleset.machines}
        | _topics(row, ruleset, contacts),
        points=list(_groups(points)),
        segments={found["_id"]: found["n"] for found in row["segments"]},
        custom={found["_id"]: found["n"] for found in row.get("custom", ())},
        appeared=_by_day(row["appeared"]),
        appeared_identified=_by_day(found for found in row["appeared"] if found["_id"].get("identified")),
        seen=_by_day({"_id": {"day": found["_id"]}, "n": found["n"]} for found in row["seen"]),
    )


def _states(kinds: Iterable[tuple[Document, int, Decimal]], ruleset: Ruleset, machine: str) -> dict[str, int]:
    """Contacts in each state of a machine; who never moved is where it begins, who has no address nowhere."""
    declared = ruleset.machines[machine]
    found = dict.fromkeys(declared.states, 0)
    for kind, number, _ in kinds:
        state = kind["states"].get(machine, declared.initial)
        if state != _NOWHERE:
            found[state] = found.get(state, 0) + number
    return found


def _groups(points: Mapping[int | None, int]) -> Iterable[PointsGroup]:
    if points.get(None):
        yield PointsGroup(None, POINTS[0] - 1, points[None])
    for least, after in zip(POINTS, (*POINTS[1:], None), strict=True):
        yield PointsGroup(least, None if after is None else after - 1, points.get(least, 0))


def _by_day(rows: Iterable[Document]) -> dict[date, int]:
    found: Counter[date] = Counter()
    for row in rows:
        day = row["_id"].get("day")
        if day is not None:
            found[date.fromisoformat(day)] += row["n"]
    return found
