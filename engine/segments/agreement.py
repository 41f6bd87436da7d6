"""Whether the segments that the fold keeps are those that MongoDB computes: looked at every night."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice

from engine.db import Db, contact_codec
from engine.db.contact_codec import LIVING
from engine.db.regex_query import RegexTooComplex, regex_errors
from engine.domain.activities import ContactId
from engine.domain.conditions import Condition
from engine.domain.document import Document
from engine.rules import versions
from engine.rules.conditions.expression import expression

HOUR = 3
"""The account's hour at which it is looked."""

NAMED = 10
"""Contacts that a report names for each segment."""

_REPORT = "segments_checked"


def differences(db: Db, *, now: datetime) -> dict[str, list[ContactId]]:
    """Contacts that are in a dynamic segment and should not be, or the other way round.

    Those that wait to be looked at, because something falls due or rules are new, are left out,
    and so are those who did something since `now`.
    A segment over whose condition MongoDB gives up is looked at here, contact by contact.
    """
    ruleset = versions.current(db)
    settled = {
        **LIVING,
        "upkeep": {"$gte": ruleset.kept_from},
        "next_due": {"$not": {"$lte": now}},
        "active_at": {"$not": {"$gt": now}},
    }
    found = {}
    for segment in ruleset.dynamic:
        if segment.condition is None or segment.condition.tree is None:
            continue
        is_in = {"$ne": [{"$type": {"$getField": {"field": segment.id, "input": "$segments"}}}, "missing"]}
        should = {"$toBool": expression(segment.condition.tree, now=now)}
        query = {**settled, "$expr": {"$ne": [is_in, should]}}
        try:
            with regex_errors():
                wrong = [ContactId(row["_id"]) for row in db.contacts.find(query, {"_id": 1}).limit(NAMED)]
        except RegexTooComplex:
            wrong = list(islice(_wrong_here(db, settled, segment.id, segment.condition, now), NAMED))
        if wrong:
            found[segment.id] = wrong
    return found


def _wrong_here(
    db: Db, settled: Document, segment: str, condition: Condition, now: datetime
) -> Iterator[ContactId]:
    for row in db.contacts.find(settled):
        state = contact_codec.decode(row).state
        if condition.meets(None, state, now) != (segment in state.segments):
            yield ContactId(row["_id"])


def check_nightly(db: Db, *, now: datetime) -> Document | None:
    """Once a day, from HOUR on, look and keep the report; unset if it is not time."""
    local = now.astimezone(versions.current(db).account.time_zone)
    due = local.replace(hour=HOUR, minute=0, second=0, microsecond=0)
    due -= timedelta(days=1) if local < due else timedelta(0)
    last = report(db)
    if last is not None and last["at"] >= due:
        return None
    found: Document = {"at": now, "differences": differences(db, now=now)}
    db.installation.replace_one({"_id": _REPORT}, found, upsert=True)
    return found


def report(db: Db) -> Document | None:
    """The result of the last check: `at` and `differences`, contacts by segment."""
    return db.installation.find_one({"_id": _REPORT})
