"""Outages: a sending that fails as a whole must not make a whole list undeliverable.

A sending is what was sent under one `campaign`; without one, what one `provider` carried
on one day.  When a larger share of it fails than dead addresses explain, its bounces stop
counting, earlier ones included, and admins are notified.  The bounces stay on the timelines.
An admin decides whether they count or stay uncounted, and can change that decision.

A bounce is discounted by a mark on its activity, so that every later fold discounts it, too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Literal

from pymongo import ReturnDocument

from engine.db import Db
from engine.domain.document import Document
from engine.domain.identity.identities import Key
from engine.errors import NotFound

Channel = Literal["email", "sms"]

MIN_FAILED = 50
"""Failed attempts below which nothing is suspected."""

SUSPICIOUS_SHARE = 0.3
"""The share of failed attempts from which on an outage is suspected."""

BOUNCES_WITHIN = timedelta(days=2)
"""The period in which bounces are considered: a provider retries for up to two days."""

ATTEMPTS_WITHIN = timedelta(days=7)
"""The period in which the attempts of a sending are counted."""

_CHANNELS: tuple[Channel, ...] = ("email", "sms")


@dataclass(frozen=True)
class SuspectedOutage:
    """A sending whose bounces do not count, unless an admin decided that they do.

    `counted_by` and `left_by` name the admin who decided that they count, or do not.
    """

    id: str
    channel: Channel
    name: str
    attempts: int
    failed: int
    noticed_at: datetime
    counted_by: str | None = None
    left_by: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether it waits for a decision."""
        return self.counted_by is None and self.left_by is None

    @property
    def share(self) -> float:
        """The failed share, 0 to 1."""
        return min(self.failed / self.attempts, 1.0) if self.attempts else 1.0


class OutageNotFound(NotFound):
    """No outage with this id is suspected."""

    def __init__(self, id_: str) -> None:
        self.id = id_
        super().__init__(f"no outage of a sending {id_!r} is suspected; see `sheets sendings list`")


def suspected(db: Db, *, limit: int = 0) -> list[SuspectedOutage]:
    """Suspected outages, the newest first; a limit of 0 returns all."""
    return [_outage_of(row) for row in db.sendings.find().sort([("noticed_at", -1), ("_id", 1)]).limit(limit)]


def undecided(db: Db) -> list[SuspectedOutage]:
    """Suspected outages that wait for a decision."""
    return [sending for sending in suspected(db) if sending.is_open]


def detect(db: Db, *, now: datetime) -> list[SuspectedOutage]:
    """Find sendings that fail as a whole and discount their bounces; return the new outages.

    Idempotent, and safe to call from any number of processes.
    """
    found = [d for channel in _CHANNELS for d in _failing(db, channel, now=now)]
    new = [sending for sending in found if _record(db, sending)]
    for sending in suspected(db):
        if sending.counted_by is None:
            _discount(db, sending)
        elif sending.noticed_at > now - ATTEMPTS_WITHIN:
            _restore(db, sending)  # the process that let them count may have been killed over it
    return new


def count_bounces(db: Db, id_: str, *, by: str) -> None:
    """Count the bounces of a suspected outage: its addresses are dead.  Raises OutageNotFound."""
    _restore(db, _decide(db, id_, {"counted_by": by, "left_by": None}))


def discount_bounces(db: Db, id_: str, *, by: str) -> None:
    """Confirm that the bounces of a suspected outage stay uncounted.  Raises OutageNotFound."""
    _discount(db, _decide(db, id_, {"counted_by": None, "left_by": by}))


def _decide(db: Db, id_: str, decision: Document) -> SuspectedOutage:
    row = db.sendings.find_one_and_update(
        {"_id": id_}, {"$set": decision}, return_document=ReturnDocument.AFTER
    )
    if row is None:
        raise OutageNotFound(id_)
    return _outage_of(row)


def _failing(db: Db, channel: Channel, *, now: datetime) -> list[SuspectedOutage]:
    """The sendings of which a suspicious share has failed recently."""
    recent = _bounces(channel, {"received_at": {"$gt": now - BOUNCES_WITHIN}})
    failed = db.activities.aggregate(
        [
            {"$match": recent},
            {"$group": {"_id": {"sending": _SENDING, "attempt": _ATTEMPT}}},
            {"$group": {"_id": "$_id.sending", "failed": {"$sum": 1}}},
            {"$match": {"failed": {"$gte": MIN_FAILED}}},
        ]
    )
    counted = [
        (row["_id"], row["failed"], _attempts(db, channel, row["_id"], row["failed"], now=now))
        for row in failed
    ]
    return [
        SuspectedOutage(f"{channel}:{name}", channel, name, attempts, failures, now)
        for name, failures, attempts in counted
        if attempts is not None and failures >= SUSPICIOUS_SHARE * attempts
    ]


_UNNAMED = "unnamed"
_DAY = {"$dateToString": {"date": "$happened_at", "format": "%Y-%m-%d"}}
_SENDING = {
    "$ifNull": [
        "$properties.campaign",
        {"$concat": [{"$toString": {"$ifNull": ["$properties.provider", _UNNAMED]}}, " on ", _DAY]},
    ]
}
"""The name of a sending."""


def _attempts(db: Db, channel: Channel, sending: str, failed: int, *, now: datetime) -> int | None:
    """The number of attempts of a sending: those reported as sent, or as delivered and failed.

    None for returned mail that names no sending, while nobody reports what was sent: it has no share.
    """
    counts = {
        ending: db.activities.count_documents(
            _with_attempt(
                {
                    "type": f"{channel}_{ending}",
                    "received_at": {"$gt": now - ATTEMPTS_WITHIN},
                    **_named(sending),
                }
            )
        )
        for ending in ("sent", "delivered")
    }
    if sending.startswith(f"{_UNNAMED} on ") and not any(counts.values()):
        return None
    return max(counts["sent"], counts["delivered"] + failed)


_ATTEMPT = {"$ifNull": ["$properties.message_id", "$properties.email_id"]}
"""The send attempt: `message_id`, else the specification's `email_id`."""


def _with_attempt(query: Document) -> Document:
    """What a query matches and names its attempt; each part is found by an index of its own."""
    by_message = {**query, "properties.message_id": {"$exists": True}}
    by_email = {**query, "properties.message_id": None, "properties.email_id": {"$exists": True}}
    return {"$or": [by_message, by_email]}


def _named(sending: str) -> Document:
    return {"$expr": {"$eq": [_SENDING, {"$literal": sending}]}}


def _bounces(channel: Channel, where: Document) -> Document:
    """Matches failed attempts, whatever they say about the address."""
    return _with_attempt({"type": f"{channel}_bounced", "trusted": True, **where})


def _bounces_of(sending: SuspectedOutage) -> Document:
    since = {"received_at": {"$gt": sending.noticed_at - ATTEMPTS_WITHIN}}
    return _bounces(sending.channel, {**since, **_named(sending.name), "state": "applied"})


def _record(db: Db, sending: SuspectedOutage) -> bool:
    """Store a suspected outage; false if it is known already."""
    row = asdict(sending)
    row["_id"] = row.pop("id")
    kept = db.sendings.update_one({"_id": row["_id"]}, {"$setOnInsert": row}, upsert=True)
    return kept.upserted_id is not None


def _discount(db: Db, sending: SuspectedOutage) -> None:
    """Mark the bounces that have counted, also those received since the outage was suspected.

    One that is not applied yet is marked by the next detection, when its contact exists.
    """
    _mark(db, {**_bounces_of(sending), "discounted": {"$exists": False}}, {"$set": {"discounted": True}})


def _restore(db: Db, sending: SuspectedOutage) -> None:
    """Remove the marks of discounted bounces."""
    _mark(db, {**_bounces_of(sending), "discounted": True}, {"$unset": {"discounted": ""}})


def _mark(db: Db, bounces: Document, change: Document) -> None:
    """Change the marks, with the contacts outdated before and after: a kill in between loses nothing."""
    rows = list(db.activities.find(bounces, {"stream": 1}))
    _mark_outdated(db, {row["stream"] for row in rows})
    db.activities.update_many({"_id": {"$in": [row["_id"] for row in rows]}}, change)
    _mark_outdated(db, {row["stream"] for row in rows})


def _mark_outdated(db: Db, streams: Iterable[Key]) -> None:
    outdated = {"$set": {"upkeep": 0}, "$inc": {"v": 1}}
    db.contacts.update_many({"keys": {"$in": sorted(streams)}}, outdated)


def _outage_of(row: Document) -> SuspectedOutage:
    return SuspectedOutage(id=row["_id"], **{name: value for name, value in row.items() if name != "_id"})
