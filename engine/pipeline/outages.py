"""Sendings that fail as a whole: an outage of the provider must not silence a list.

A sending is what was sent under one `campaign`; without one, what one `provider` carried
on one day.  When more of it fails than ever does by dead addresses, its bounces stop
counting, those too that had come in before, and an admin is told.  They stay on the
timelines.  An admin who finds the failures to be real lets them count after all, or says
that they stay uncounted; either can be changed later.

A bounce is left out by a mark on its activity, so that folding again leaves it out, too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from pymongo import ReturnDocument
from pymongo.database import Database

from engine.domain.identities import Key
from engine.errors import ContactSheetsError

Document = dict[str, Any]
Channel = Literal["email", "sms"]

FEWEST = 50
"""Attempts that must have failed before a sending is doubted: a few say nothing."""

MOST = 0.3
"""The share of failed attempts from which on a sending is doubted."""

RECENT = timedelta(days=2)
"""How far back bounces are looked at: a provider may try for so long."""

SENT = timedelta(days=7)
"""How long before that its attempts may have begun."""

_CHANNELS: tuple[Channel, ...] = ("email", "sms")


@dataclass(frozen=True)
class Doubted:
    """A sending whose bounces do not count, unless somebody let them: `counted_by`, or `left_by`."""

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
        """Whether nobody has decided on it."""
        return self.counted_by is None and self.left_by is None

    @property
    def share(self) -> float:
        """How much of it failed, 0 to 1."""
        return min(self.failed / self.attempts, 1.0) if self.attempts else 1.0


class UnknownSending(ContactSheetsError):
    """No sending of this id was doubted."""


def doubted(db: Database[Document], *, limit: int = 0) -> list[Doubted]:
    """Sendings that were doubted, the newest first: so many, or all."""
    return [_told(row) for row in db.sendings.find().sort([("noticed_at", -1), ("_id", 1)]).limit(limit)]


def open_doubts(db: Database[Document]) -> list[Doubted]:
    """Those that nobody has decided on."""
    return [sending for sending in doubted(db) if sending.is_open]


def look(db: Database[Document], *, now: datetime) -> list[Doubted]:
    """Doubt what fails as a whole, and stop counting its bounces; return what is newly doubted.

    Safe to call at any time, by any number of processes.
    """
    found = [d for channel in _CHANNELS for d in _failing(db, channel, now=now)]
    new = [sending for sending in found if _note(db, sending)]
    for sending in doubted(db):
        if sending.counted_by is None:
            _leave_out(db, sending)
        elif sending.noticed_at > now - SENT:
            _count(db, sending)  # whoever let them count may have been killed over it
    return new


def count_after_all(db: Database[Document], id_: str, *, by: str) -> None:
    """Let the bounces of a doubted sending count: its addresses are dead; raise UnknownSending."""
    _count(db, _decide(db, id_, {"counted_by": by, "left_by": None}))


def leave_uncounted(db: Database[Document], id_: str, *, by: str) -> None:
    """Say that the bounces of a doubted sending stay uncounted; raise UnknownSending."""
    _leave_out(db, _decide(db, id_, {"counted_by": None, "left_by": by}))


def _decide(db: Database[Document], id_: str, decision: Document) -> Doubted:
    row = db.sendings.find_one_and_update(
        {"_id": id_}, {"$set": decision}, return_document=ReturnDocument.AFTER
    )
    if row is None:
        raise UnknownSending(f"no sending {id_!r} is doubted; see `sheets sendings list`")
    return _told(row)


def _failing(db: Database[Document], channel: Channel, *, now: datetime) -> list[Doubted]:
    """The sendings of which too much has failed lately."""
    recent = {**_bounces(channel), "received_at": {"$gt": now - RECENT}}
    failed = db.activities.aggregate(
        [
            {"$match": recent},
            {"$group": {"_id": {"sending": _SENDING, "attempt": "$properties.message_id"}}},
            {"$group": {"_id": "$_id.sending", "failed": {"$sum": 1}}},
            {"$match": {"failed": {"$gte": FEWEST}}},
        ]
    )
    counted = [
        (row["_id"], row["failed"], _attempts(db, channel, row["_id"], row["failed"], now=now))
        for row in failed
    ]
    return [
        Doubted(f"{channel}:{name}", channel, name, attempts, failures, now)
        for name, failures, attempts in counted
        if failures >= MOST * attempts
    ]


_DAY = {"$dateToString": {"date": "$happened_at", "format": "%Y-%m-%d"}}
_SENDING = {
    "$ifNull": [
        "$properties.campaign",
        {"$concat": [{"$toString": {"$ifNull": ["$properties.provider", "unnamed"]}}, " on ", _DAY]},
    ]
}
"""What a sending is called."""


def _attempts(db: Database[Document], channel: Channel, sending: str, failed: int, *, now: datetime) -> int:
    """How many attempts a sending has: those that were told of as sent, or how they ended."""
    counts = {
        ending: db.activities.count_documents(
            {
                "type": f"{channel}_{ending}",
                "received_at": {"$gt": now - SENT},
                **_NAMED_ATTEMPT,
                **_named(sending),
            }
        )
        for ending in ("sent", "delivered")
    }
    return max(counts["sent"], counts["delivered"] + failed)


_NAMED_ATTEMPT = {"properties.message_id": {"$exists": True}}


def _named(sending: str) -> Document:
    return {"$expr": {"$eq": [_SENDING, {"$literal": sending}]}}


def _bounces(channel: Channel) -> Document:
    """Matches failed attempts that would count."""
    kinds = {"properties.bounce": {"$in": ["temporary", "permanent"]}}
    return {"type": f"{channel}_bounced", "trusted": True, **_NAMED_ATTEMPT, **kinds}


def _bounces_of(sending: Doubted) -> Document:
    since = {"received_at": {"$gt": sending.noticed_at - SENT}}
    return {**_bounces(sending.channel), **since, **_named(sending.name), "state": "applied"}


def _note(db: Database[Document], sending: Doubted) -> bool:
    """Keep that a sending is doubted; false if it was already."""
    row = asdict(sending)
    row["_id"] = row.pop("id")
    kept = db.sendings.update_one({"_id": row["_id"]}, {"$setOnInsert": row}, upsert=True)
    return kept.upserted_id is not None


def _leave_out(db: Database[Document], sending: Doubted) -> None:
    """Mark the bounces that have counted, also those that came in after the doubt.

    One that no worker has applied yet is left for the next look, when its contact is there.
    """
    _mark(db, {**_bounces_of(sending), "discounted": {"$exists": False}}, {"$set": {"discounted": True}})


def _count(db: Database[Document], sending: Doubted) -> None:
    """Take the marks off the bounces that were left out."""
    _mark(db, {**_bounces_of(sending), "discounted": True}, {"$unset": {"discounted": ""}})


def _mark(db: Database[Document], bounces: Document, change: Document) -> None:
    """Change the marks, and have the contacts folded again, first: both are repeated if killed."""
    rows = list(db.activities.find(bounces, {"stream": 1}))
    _fold_again(db, {row["stream"] for row in rows})
    db.activities.update_many({"_id": {"$in": [row["_id"] for row in rows]}}, change)
    _fold_again(db, {row["stream"] for row in rows})


def _fold_again(db: Database[Document], streams: Iterable[Key]) -> None:
    outdated = {"$set": {"upkeep": 0}, "$inc": {"v": 1}}
    db.contacts.update_many({"keys": {"$in": sorted(streams)}}, outdated)


def _told(row: Document) -> Doubted:
    return Doubted(id=row["_id"], **{name: value for name, value in row.items() if name != "_id"})
