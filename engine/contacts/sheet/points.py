"""Where a contact's points come from: the ledger page by page, their course, what is to come."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
from pymongo.database import Database

from engine.db import keyset
from engine.domain import scoring
from engine.domain.activities import ActivityId, ContactId
from engine.domain.rulebook import BY_HAND, Period, Rule, RuleGroup, Ruleset
from engine.pipeline.groups import without_dbrefs
from engine.rules import rulesets

Document = dict[str, Any]

FOLLOWED = 20_000
"""Entries that the course of the points goes back over, the newest."""

NAMED = 5
"""Reasons that are named of a day, the weightiest."""


class Given(msgspec.Struct, frozen=True):
    """An entry of the ledger: a rule gave points for an activity, or a person gave them by hand.

    `worth` is what is left of them now, `losses` what they still lose and when.  `about`
    is the activity in a line, `said` what it carries; `by` and `reason` are a person's, if
    it was one.
    """

    id: str
    rule: str
    rule_name: str
    activity: ActivityId
    label: str
    about: str
    points: int
    worth: int
    happened_at: datetime
    losses: list[tuple[datetime, int]]
    expired_at: datetime | None
    by: str | None
    reason: str | None
    activity_type: str
    said: dict[str, Any]


class LedgerPage(msgspec.Struct, frozen=True):
    """Some entries, the newest first; `next` continues them."""

    rows: list[Given]
    next: str | None


class DayOfPoints(msgspec.Struct, frozen=True):
    """The points at the end of a day on which they changed, and by what: the weightiest reasons first."""

    day: date
    total: int
    by: int
    reasons: list[tuple[str, int]]
    further: int


class Ceiling(msgspec.Struct, frozen=True):
    """What a rule or a group of rules may still give in its present window.

    `done` of `most` are points of a group, and times that a rule has acted.
    """

    name: str
    done: int
    most: int
    per: Period
    group: bool


class Outlook(msgspec.Struct, frozen=True):
    """What will become of the points by time alone, by day, and which limits are being used up."""

    losses: list[tuple[date, int]]
    ceilings: list[Ceiling]


def ledger(
    db: Database[Document], contact: ContactId, *, now: datetime, before: str | None = None, limit: int = 20
) -> LedgerPage:
    """The entries behind a contact's points, the newest first."""
    ruleset, query = rulesets.current(db), {"contact": contact, **_older_than(before)}
    found = list(db.ledger.find(query).sort([("happened_at", -1), ("_id", -1)]).limit(limit + 1))
    rows, more = found[:limit], len(found) > limit
    activities = _activities(db, [row["activity"] for row in rows])
    return LedgerPage(
        [_given(row, activities.get(row["activity"]), ruleset, now=now) for row in rows],
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


def _activities(db: Database[Document], ids: Sequence[str]) -> dict[str, Document]:
    found = db.activities.find({"_id": {"$in": list(ids)}}, {"type": 1, "properties": 1})
    return {row["_id"]: without_dbrefs(row) for row in found}


def _given(row: Document, activity: Document | None, ruleset: Ruleset, *, now: datetime) -> Given:
    said = {} if activity is None else activity.get("properties", {})
    by_hand = row["rule"] == BY_HAND
    losses = _losses(row)
    left = row["points"] - sum(points for at, points in losses if at <= now)
    expires_at = row.get("expires_at")
    return Given(
        id=row["_id"],
        rule=row["rule"],
        rule_name=ruleset.rule_name(row["rule"]),
        activity=row["activity"],
        label=ruleset.catalog.label(row["activity_type"]),
        about="" if by_hand else ruleset.catalog.summary(row["activity_type"], said),
        points=row["points"],
        worth=left,
        happened_at=row["happened_at"],
        losses=[(at, points) for at, points in losses if at > now],
        expired_at=expires_at if expires_at is not None and expires_at <= now else None,
        by=str(said.get("author", "")) or None if by_hand else None,
        reason=str(said.get("reason", "")) or None if by_hand else None,
        activity_type=row["activity_type"],
        said=said,
    )


def _losses(row: Document) -> list[tuple[datetime, int]]:
    """When an entry loses its worth, and how much each time."""
    if row.get("losses"):
        return [(at, points) for at, points in row["losses"]]
    expires_at = row.get("expires_at")
    return [] if expires_at is None else [(expires_at, row["points"])]


# Their course


def course(db: Database[Document], contact: ContactId, *, total: int, now: datetime) -> list[DayOfPoints]:
    """The points at the end of each day on which they changed, and what changed them.

    `total` is what they are now.
    """
    ruleset = rulesets.current(db)
    days: dict[date, dict[str, int]] = defaultdict(dict)
    for row in db.ledger.aggregate(_changes(contact, str(ruleset.account.time_zone), now)):
        said = row["_id"]
        name = ruleset.rule_name(said["rule"])
        reason = f"{name}, no longer" if said["lost"] else name
        of_day = days[date.fromisoformat(said["day"])]
        of_day[reason] = of_day.get(reason, 0) + int(row["points"])
    return list(_summed(days, total))


def _summed(days: dict[date, dict[str, int]], total: int) -> Iterator[DayOfPoints]:
    """Add up backwards from what they are now: of somebody who has very many, only the newest are known."""
    total -= sum(sum(of_day.values()) for of_day in days.values())
    for day in sorted(days):
        reasons = sorted(days[day].items(), key=lambda reason: (-abs(reason[1]), reason[0]))
        by = sum(points for _, points in reasons)
        total += by
        yield DayOfPoints(day, total, by, reasons[:NAMED], len(reasons[NAMED:]))


def _changes(contact: ContactId, zone: str, now: datetime) -> list[Document]:
    """What was given and lost on each day, by rule."""
    at_once = {"$cond": [{"$gt": ["$expires_at", None]}, [["$expires_at", "$points"]], []]}
    lost = {
        "$map": {
            "input": {"$ifNull": ["$losses", at_once]},
            "in": {
                "at": {"$arrayElemAt": ["$$this", 0]},
                "points": {"$multiply": [-1, {"$arrayElemAt": ["$$this", 1]}]},
                "lost": True,
            },
        }
    }
    given = {"at": "$happened_at", "points": "$points", "lost": False}
    day = {"$dateToString": {"date": "$change.at", "format": "%Y-%m-%d", "timezone": zone}}
    return [
        {"$match": {"contact": contact}},
        {"$sort": {"happened_at": -1, "_id": -1}},
        {"$limit": FOLLOWED},
        {"$project": {"rule": 1, "change": {"$concatArrays": [[given], lost]}}},
        {"$unwind": "$change"},
        {"$match": {"change.at": {"$lte": now}}},
        {
            "$group": {
                "_id": {"day": day, "rule": "$rule", "lost": "$change.lost"},
                "points": {"$sum": "$change.points"},
            }
        },
    ]


# What is to come


def outlook(db: Database[Document], contact: ContactId, *, now: datetime) -> Outlook:
    """What time will take of a contact's points, and how much its limits leave for now."""
    row = db.contacts.find_one({"_id": contact}, {"points": 1, "limits": 1}) or {}
    ruleset = rulesets.current(db)
    zone = ruleset.account.time_zone
    losses: dict[date, int] = defaultdict(int)
    for at, points in row.get("points", {}).get("expiring", ()):
        if at > now:
            losses[at.astimezone(zone).date()] -= points
    counts = row.get("limits", {})
    return Outlook(
        sorted(losses.items()), [*_of_groups(ruleset, counts, now), *_of_rules(ruleset, counts, now)]
    )


def _of_groups(ruleset: Ruleset, counts: Document, now: datetime) -> Iterator[Ceiling]:
    for group in _groups(ruleset):
        given = _count(counts.get(f"group:{group.id}"), group.per, ruleset, now)
        if given:
            yield Ceiling(group.name, given, group.at_most, group.per, group=True)


def _of_rules(ruleset: Ruleset, counts: Document, now: datetime) -> Iterator[Ceiling]:
    for rule in _rules(ruleset):
        if rule.limit is None or rule.award is None:
            continue
        times = _count(counts.get(rule.id), rule.limit.per, ruleset, now)
        if times:
            yield Ceiling(rule.name, times, rule.limit.times, rule.limit.per, group=False)


def _count(counted: Any, per: Period, ruleset: Ruleset, now: datetime) -> int:
    """What was counted in the window that is now; nothing if it was in an earlier one."""
    if not counted or counted[0] != scoring.window_of(now, per, ruleset.account):
        return 0
    return int(counted[1])


def _rules(ruleset: Ruleset) -> list[Rule]:
    return [rule for rules in ruleset.rules.values() for rule in rules]


def _groups(ruleset: Ruleset) -> list[RuleGroup]:
    return list({rule.group.id: rule.group for rule in _rules(ruleset) if rule.group is not None}.values())


def next_losses(outlook: Outlook, days: int, today: date) -> int:
    """How many points time alone will take in the next days."""
    return sum(points for day, points in outlook.losses if day <= today + timedelta(days=days))
