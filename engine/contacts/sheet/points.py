"""A contact's points: the ledger page by page, their history by day, and their outlook."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from engine.db import Db, keyset
from engine.domain import scoring
from engine.domain.activities import ActivityId, ContactId
from engine.domain.document import Document
from engine.domain.rulebook import BY_HAND, Period, Rule, RuleGroup, Ruleset
from engine.pipeline.groups import without_dbrefs
from engine.rules import versions

FOLLOWED = 20_000
"""Ledger entries that the history goes back over, the latest."""

NAMED = 5
"""Reasons that are listed of a day, those with the most points."""


class LedgerEntry(msgspec.Struct, frozen=True):
    """A ledger entry: points that a rule awarded for an activity, or a user by hand.

    Parameters:
      worth: The points that are left now.
      losses: When points still expire, and how many each time.
      summary: The activity in one line; empty for points by hand.
      properties: Those of the activity.
      by: The user, if it was by hand; `reason` is theirs.
    """

    id: str
    rule: str
    rule_name: str
    activity: ActivityId
    label: str
    summary: str
    points: int
    worth: int
    happened_at: datetime
    losses: list[tuple[datetime, int]]
    expired_at: datetime | None
    by: str | None
    reason: str | None
    activity_type: str
    properties: dict[str, Any]


class LedgerPage(msgspec.Struct, frozen=True):
    """A page of entries, the latest first; `next` is the cursor of the next page."""

    rows: list[LedgerEntry]
    next: str | None


class PointsDay(msgspec.Struct, frozen=True):
    """The points at the end of a day on which they changed, and why: the most points first.

    `further` counts the reasons that are not listed.
    """

    day: date
    total: int
    by: int
    reasons: list[tuple[str, int]]
    further: int


class Ceiling(msgspec.Struct, frozen=True):
    """The limit of a rule or a group of rules in its present window.

    `done` and `most` are points of a group, or the times that a rule fired.
    """

    name: str
    done: int
    most: int
    per: Period
    group: bool


class Outlook(msgspec.Struct, frozen=True):
    """The points that will expire, by day, and the limits that are partly used up."""

    losses: list[tuple[date, int]]
    ceilings: list[Ceiling]


def ledger(
    db: Db, contact: ContactId, *, now: datetime, before: str | None = None, limit: int = 20
) -> LedgerPage:
    """Return the ledger entries behind a contact's points, the latest first."""
    ruleset, query = versions.current(db), {"contact": contact, **_older_than(before)}
    found = list(db.ledger.find(query).sort([("happened_at", -1), ("_id", -1)]).limit(limit + 1))
    rows, more = found[:limit], len(found) > limit
    activities = _activities(db, [row["activity"] for row in rows])
    return LedgerPage(
        [_entry(row, activities.get(row["activity"]), ruleset, now=now) for row in rows],
        keyset.cursor_after(rows[-1], _ORDER, _BY) if more else None,
    )


_ORDER, _BY = "ledger", "happened_at"


def _older_than(before: str | None) -> Document:
    place = keyset.read_cursor(before, _ORDER)
    if place is None or not isinstance(place.value, datetime):
        return {}
    return {
        "happened_at": {"$lte": place.value},
        "$nor": [{"happened_at": place.value, "_id": {"$gte": place.id}}],
    }


def _activities(db: Db, ids: Sequence[str]) -> dict[str, Document]:
    found = db.activities.find({"_id": {"$in": list(ids)}}, {"type": 1, "properties": 1})
    return {row["_id"]: without_dbrefs(row) for row in found}


def _entry(row: Document, activity: Document | None, ruleset: Ruleset, *, now: datetime) -> LedgerEntry:
    properties = {} if activity is None else activity.get("properties", {})
    by_hand = row["rule"] == BY_HAND
    losses = _losses(row)
    left = row["points"] - sum(points for at, points in losses if at <= now)
    expires_at = row.get("expires_at")
    return LedgerEntry(
        id=row["_id"],
        rule=row["rule"],
        rule_name=ruleset.rule_name(row["rule"]),
        activity=row["activity"],
        label=ruleset.catalog.label(row["activity_type"]),
        summary="" if by_hand else ruleset.catalog.summary(row["activity_type"], properties),
        points=row["points"],
        worth=left,
        happened_at=row["happened_at"],
        losses=[(at, points) for at, points in losses if at > now],
        expired_at=expires_at if expires_at is not None and expires_at <= now else None,
        by=str(properties.get("author", "")) or None if by_hand else None,
        reason=str(properties.get("reason", "")) or None if by_hand else None,
        activity_type=row["activity_type"],
        properties=properties,
    )


def _losses(row: Document) -> list[tuple[datetime, int]]:
    """The expiry times of an entry's points, with the amounts."""
    if row.get("losses"):
        return [(at, points) for at, points in row["losses"]]
    expires_at = row.get("expires_at")
    return [] if expires_at is None else [(expires_at, row["points"])]


# History


def history(db: Db, contact: ContactId, *, total: int, now: datetime) -> list[PointsDay]:
    """Return the points at the end of each day on which they changed, and why; `total` are those of now."""
    ruleset = versions.current(db)
    days: dict[date, dict[str, int]] = defaultdict(dict)
    for row in db.ledger.aggregate(_changes(contact, str(ruleset.account.time_zone), now)):
        group = row["_id"]
        name = ruleset.rule_name(group["rule"])
        reason = f"{name}, no longer" if group["lost"] else name
        of_day = days[date.fromisoformat(group["day"])]
        of_day[reason] = of_day.get(reason, 0) + int(row["points"])
    return list(_summed(days, total))


def _summed(days: dict[date, dict[str, int]], total: int) -> Iterator[PointsDay]:
    """Count back from the total of now, as only the latest entries are read."""
    total -= sum(sum(of_day.values()) for of_day in days.values())
    for day in sorted(days):
        reasons = sorted(days[day].items(), key=lambda reason: (-abs(reason[1]), reason[0]))
        by = sum(points for _, points in reasons)
        total += by
        yield PointsDay(day, total, by, reasons[:NAMED], len(reasons[NAMED:]))


def _changes(contact: ContactId, zone: str, now: datetime) -> list[Document]:
    """Aggregate the points that were awarded and that expired on each day, by rule."""
    expired = {"$cond": [{"$gt": ["$expires_at", None]}, [["$expires_at", "$points"]], []]}
    lost = {
        "$map": {
            "input": {"$ifNull": ["$losses", expired]},
            "in": {
                "at": {"$arrayElemAt": ["$$this", 0]},
                "points": {"$multiply": [-1, {"$arrayElemAt": ["$$this", 1]}]},
                "lost": True,
            },
        }
    }
    awarded = {"at": "$happened_at", "points": "$points", "lost": False}
    day = {"$dateToString": {"date": "$change.at", "format": "%Y-%m-%d", "timezone": zone}}
    return [
        {"$match": {"contact": contact}},
        {"$sort": {"happened_at": -1, "_id": -1}},
        {"$limit": FOLLOWED},
        {"$project": {"rule": 1, "change": {"$concatArrays": [[awarded], lost]}}},
        {"$unwind": "$change"},
        {"$match": {"change.at": {"$lte": now}}},
        {
            "$group": {
                "_id": {"day": day, "rule": "$rule", "lost": "$change.lost"},
                "points": {"$sum": "$change.points"},
            }
        },
    ]


# Outlook


def outlook(db: Db, contact: ContactId, *, now: datetime) -> Outlook:
    """Return the points of a contact that will expire, and its limits that are partly used up."""
    row = db.contacts.find_one({"_id": contact}, {"points": 1, "limits": 1}) or {}
    ruleset = versions.current(db)
    zone = ruleset.account.time_zone
    losses: dict[date, int] = defaultdict(int)
    for at, points in row.get("points", {}).get("expiring", ()):
        if at > now:
            losses[at.astimezone(zone).date()] -= points
    counts = row.get("limits", {})
    return Outlook(
        sorted(losses.items()), [*_group_limits(ruleset, counts, now), *_rule_limits(ruleset, counts, now)]
    )


def _group_limits(ruleset: Ruleset, counts: Document, now: datetime) -> Iterator[Ceiling]:
    for group in _groups(ruleset):
        points = _count(counts.get(f"group:{group.id}"), group.per, ruleset, now)
        if points:
            yield Ceiling(group.name, points, group.at_most, group.per, group=True)


def _rule_limits(ruleset: Ruleset, counts: Document, now: datetime) -> Iterator[Ceiling]:
    for rule in _rules(ruleset):
        if rule.limit is None or rule.award is None:
            continue
        times = _count(counts.get(rule.id), rule.limit.per, ruleset, now)
        if times:
            yield Ceiling(rule.name, times, rule.limit.times, rule.limit.per, group=False)


def _count(counted: Any, per: Period, ruleset: Ruleset, now: datetime) -> int:
    """The count of the present window; 0 if the last one was in an earlier window."""
    if not counted or counted[0] != scoring.window_of(now, per, ruleset.account):
        return 0
    return int(counted[1])


def _rules(ruleset: Ruleset) -> list[Rule]:
    return [rule for rules in ruleset.rules.values() for rule in rules]


def _groups(ruleset: Ruleset) -> list[RuleGroup]:
    return list({rule.group.id: rule.group for rule in _rules(ruleset) if rule.group is not None}.values())


def next_losses(outlook: Outlook, days: int, today: date) -> int:
    """Return how many points will expire in the next days."""
    return sum(points for day, points in outlook.losses if day <= today + timedelta(days=days))
