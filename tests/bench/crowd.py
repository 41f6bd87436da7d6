"""A crowd of contacts with their activities, made inside MongoDB: a million in minutes.

A thousand contacts are encoded as the workers would; MongoDB multiplies them, with ids,
identities, names, times and points of their own.  Indexes are built afterwards, at once.
"""

from __future__ import annotations

import random
from datetime import timedelta
from decimal import Decimal
from typing import Any

from engine.db import Db, contact_codec
from engine.db.connection import utc_now
from engine.db.search_keys import AWAY_AFTER, search_fields
from engine.domain.activities import ActivityId, ContactId
from engine.domain.contact import Commerce, ContactState, Deliverability, Points, Status
from engine.domain.document import Document
from engine.domain.folding.component import Contact
from engine.domain.identity.people import Person
from engine.operations.preparation import prepare
from engine.settings import CONFIG_DIR
from tests.bench.traffic import START

SEEDS = 1_000
EACH = 5
"""Activities of each contact."""

RARELY = 0.001
"""How many addresses are blocked: a value that few have, among many who do not."""


def make_crowd(db: Db, contacts: int) -> None:
    """Fill an empty database with so many contacts (a multiple of SEEDS), five activities each."""
    db.contacts.drop()
    db.activities.drop()
    source = random.Random(1)
    db.seeds.insert_many(_seed(number, source) for number in range(SEEDS))
    db.seeds.aggregate([*_multiplied(contacts // SEEDS), {"$out": "contacts"}], allowDiskUse=True)
    db.contacts.aggregate([*_acting(), {"$out": "activities"}], allowDiskUse=True)
    db.seeds.drop()
    prepare(db, config_dir=CONFIG_DIR, now=utc_now())


def _seed(number: int, source: random.Random) -> Document:
    """A contact as the workers would write it; of three, one is identified."""
    identified, orders = number % 3 == 0, int(source.expovariate(1.2))
    status = "blocked" if source.random() < RARELY else source.choice(("active", "active", "bounced"))
    state = ContactState(
        first_name=source.choice(("Ana", "Anaïs", "Eva", "Iñigo", "João")) if identified else None,
        custom={"city": source.choice(("Madrid", "Lisboa", "Lyon", "Torino")), "shoe_size": 36 + number % 12},
        points=Points(changed_at=START),
        statuses={
            "email_status": Status(status),
            "newsletter": Status(source.choice(("subscribed", "not_subscribed", "unsubscribed"))),
            **{machine: Status("not_subscribed") for machine in ("sms",)},
            "mobile_status": Status("active"),
            "push": Status("not_enabled"),
        },
        mail=Deliverability(address="x@example.com" if identified else None),
        commerce=Commerce(orders=orders, spent=Decimal(orders * source.randrange(20, 90)), currency="EUR"),
        segments={name: START for name in ("vip", "customers") if source.random() < 0.1},
        first_seen=START,
        last_seen=START,
        active_at=START,
        activities=EACH,
        identified=identified,
        clock=(START, 1, ActivityId(f"a{number}")),
    )
    person = Person(id=ContactId(f"{number:024x}"), first_seen=START)
    contact = Contact(person, state)
    document = contact_codec.encode(contact, component=person.id, linked=False, lanes=16, now=START)
    document["identified"] = identified
    return {**document, **search_fields(document), "seed": number, "v": 1}


def _multiplied(times: int) -> list[Document]:
    """So many of each seed, each somebody else."""
    number = {"$toString": {"$add": [{"$multiply": ["$seed", times]}, "$copy"]}}
    seen = {"$subtract": [START, {"$toLong": {"$multiply": [_squared("$chance"), 400 * 86_400_000]}}]}
    email, tracker = {"$concat": ["person", "$n", "@example.com"]}, {"$concat": ["bench-", "$n"]}
    known = {"e": {"$concat": ["e:", email]}}
    return [
        {"$set": {"copy": {"$range": [0, times]}}},
        {"$unwind": "$copy"},
        {"$set": {"n": number, "chance": {"$rand": {}}, "other": {"$rand": {}}}},
        {
            "$set": {
                "_id": {"$concat": [_digits({"$rand": {}}), _padded("$n")]},
                "email": _if_identified(email),
                "mail": {"$cond": ["$identified", {"address": email}, {}]},
                "identities": {"$cond": ["$identified", known, {}]},
                "keys": {"$concatArrays": [[{"$concat": ["t:", tracker]}], _keys(email)]},
                "trackers": [{"id": tracker}],
                "spans": [{"key": {"$concat": ["t:", tracker]}}],
                "last_name": _if_identified({"$concat": ["Ruiz", "$n"]}),
                "names": _if_identified(
                    [
                        {"$concat": [{"$toLower": "$first_name"}, " ruiz", "$n"]},
                        {"$concat": ["ruiz", "$n"]},
                    ]
                ),
                "sort_name": _if_identified({"$concat": [{"$toLower": "$first_name"}, " ruiz", "$n"]}),
                "first_seen": {"$subtract": [seen, 90 * 86_400_000]},
                "last_seen": seen,
                "active_at": {"$add": [seen, {"$toLong": {"$multiply": ["$other", 3 * 86_400_000]}}]},
                "mailed_at": {"$subtract": [START, {"$toLong": {"$multiply": ["$other", 300 * 86_400_000]}}]},
                "points.total": {"$toInt": {"$multiply": [_squared("$other"), 200]}},
                "lane": {"$mod": ["$copy", 16]},
            }
        },
        # One in ten got a mail in the last thirty days.
        {"$set": {"active_at": {"$cond": [_mailed(), {"$max": ["$active_at", "$mailed_at"]}, "$active_at"]}}},
        {"$set": {"component": "$_id", "facets.away": {"$cond": [_away(), True, "$$REMOVE"]}}},
        {"$unset": ["seed", "copy", "n", "chance", "other", "mailed_at"]},
    ]  # fmt: skip


def _mailed() -> Document:
    return {"$lt": ["$other", 0.1]}


def _away() -> Document:
    return {"$gte": [{"$subtract": ["$active_at", "$last_seen"]}, AWAY_AFTER // timedelta(milliseconds=1)]}


def _acting() -> list[Document]:
    """What each contact did, on the days before it was last seen."""
    types = ["page_visited", "product_visited", "added_to_cart", "searched", "email_sent"]
    happened = {"$subtract": ["$last_seen", {"$multiply": ["$step", 86_400_000]}]}
    said = {"product_id": "p7", "name": "Trail shoe", "category": "running", "price": 89.5}
    row = {
        "_id": {"$concat": ["$_id", "-", {"$toString": "$step"}]},
        "type": {"$arrayElemAt": [types, "$step"]},
        "stream": {"$first": "$keys"},
        "lane": "$lane",
        "state": "applied",
        "happened_at": happened,
        "received_at": happened,
        "properties": {"$literal": said},
        "context": {"userAgent": "Mozilla/5.0 (X11; Linux x86_64)", "page": {"path": "/p/7"}},
        "version": {"$literal": 1},
    }
    return [{"$set": {"step": {"$range": [0, EACH]}}}, {"$unwind": "$step"}, {"$project": row}]


def _if_identified(value: Any) -> Document:
    return {"$cond": ["$identified", value, "$$REMOVE"]}


def _keys(email: Any) -> Document:
    return {"$cond": ["$identified", [{"$concat": ["e:", email]}], []]}


def _squared(value: str) -> Document:
    return {"$multiply": [value, value]}


def _digits(chance: Document) -> Document:
    return _padded({"$toString": {"$toLong": {"$multiply": [chance, 10**12]}}})


def _padded(text: Any) -> Document:
    """A number as 12 digits."""
    whole = {"$concat": ["000000000000", text]}
    return {"$substrCP": [whole, {"$subtract": [{"$strLenCP": whole}, 12]}, 12]}
