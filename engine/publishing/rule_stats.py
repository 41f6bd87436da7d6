"""Statistics of a rule: how often it gave points, to which contacts, and the trend."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from engine.contacts import contact_rows
from engine.contacts.contact_rows import ContactRow
from engine.db import Db
from engine.domain.document import Document

PERIOD = timedelta(days=30)
TOP = 10


@dataclass(frozen=True)
class RuleSummary:
    """A rule's last 30 days: entries, points in all, and contacts that it scored for."""

    rule: str
    entries: int
    points: int
    contacts: int


def summaries(db: Db, *, now: datetime) -> dict[str, RuleSummary]:
    """Every rule that gave anything in the last 30 days."""
    rows = db.ledger.aggregate(
        [
            {"$match": {"happened_at": {"$gt": now - PERIOD}}},
            {
                "$group": {
                    "_id": {"rule": "$rule", "contact": "$contact"},
                    "n": {"$sum": 1},
                    "points": {"$sum": "$points"},
                }
            },
            {
                "$group": {
                    "_id": "$_id.rule",
                    "n": {"$sum": "$n"},
                    "points": {"$sum": "$points"},
                    "contacts": {"$sum": 1},
                }
            },
        ]
    )
    return {row["_id"]: RuleSummary(row["_id"], row["n"], row["points"], row["contacts"]) for row in rows}


def trend(db: Db, rule: str, *, now: datetime, zone: ZoneInfo) -> list[Document]:
    """Points and entries on each of the last 30 days."""
    day = {"$dateToString": {"date": "$happened_at", "format": "%Y-%m-%d", "timezone": str(zone)}}
    rows = db.ledger.aggregate(
        [
            {"$match": {"rule": rule, "happened_at": {"$gt": now - PERIOD}}},
            {"$group": {"_id": day, "entries": {"$sum": 1}, "points": {"$sum": "$points"}}},
        ]
    )
    found = {row["_id"]: row for row in rows}
    days = [(now - timedelta(days=ago)).astimezone(zone).date().isoformat() for ago in range(PERIOD.days)]
    return [
        {
            "day": day,
            "entries": found.get(day, {}).get("entries", 0),
            "points": found.get(day, {}).get("points", 0),
        }
        for day in reversed(days)
    ]


def top(db: Db, rule: str, *, now: datetime) -> list[tuple[ContactRow, int, int]]:
    """The contacts that a rule gave the most in the last 30 days, with points and entries."""
    rows = db.ledger.aggregate(
        [
            {"$match": {"rule": rule, "happened_at": {"$gt": now - PERIOD}}},
            {"$group": {"_id": "$contact", "points": {"$sum": "$points"}, "entries": {"$sum": 1}}},
            {"$sort": {"points": -1, "_id": 1}},
            {"$limit": TOP},
        ]
    )
    found = [(contact_rows.row_of(db, row["_id"]), row["points"], row["entries"]) for row in rows]
    return [(contact, points, entries) for contact, points, entries in found if contact is not None]
