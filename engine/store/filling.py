"""Filling new segments inside MongoDB: one pass over the contacts that writes only those that change.

Publishing a condition is a moment in time at which every contact is looked at (see
`engine.core.segments`).  The fold would do that contact by contact; this does the same
for all whose history ends before that moment, with the condition as an expression.  The
others, few, are left to the workers, who fold them again.

Killed at any point it is done again from the start, and comes to the same: contacts
that were filled do not change a second time, and what is noted on the timeline has ids
that follow from the contact and the version.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from pymongo.database import Database

from engine.core.conditions import Compare, Did, leaves
from engine.core.rulebook import Ruleset, Segment
from engine.rules.query import expression, value
from engine.rules.segments_file import mentioned
from engine.store import lanes, rulesets
from engine.store.rulesets import Version

Document = dict[str, Any]
Expression = Any

CLAIM = timedelta(minutes=5)
"""How long one process may take before another begins anew; both together do no harm."""


def can_fill(old: Ruleset, new: Ruleset) -> bool:
    """Whether the contacts hold all that the new conditions ask: nothing new of the past."""
    return new.tracks.keys() <= old.tracks.keys()


def claim(db: Database[Document], *, now: datetime) -> Version | None:
    """The newest version, if it waits to be filled and nobody is at it."""
    free = {"$or": [{"filling_until": None}, {"filling_until": {"$lte": now}}]}
    newest = rulesets.current_number(db)
    taken = db.rulesets.find_one_and_update(
        {"_id": newest, "filling": True, **free}, {"$set": {"filling_until": now + CLAIM}}
    )
    return None if taken is None else rulesets.stored_version(db, newest)


def fill(db: Database[Document], version: Version) -> int:
    """Look at every contact as of the publishing of a version; return how many were changed.

    Afterwards contacts that were kept for the version before count as kept for this one.
    """
    lanes.bar_older_rules(db, version.number)
    ruleset = rulesets.version(db, version.number)
    published = version.published_at
    changed = list(_to_look_at(ruleset, published))
    kept_before = {"upkeep": {"$gte": version.outdated_below, "$lt": version.upkeep}}
    stages = _pass(ruleset, changed, published)

    def look(slice_: Document) -> int:
        return db.contacts.update_many({**slice_, **kept_before}, stages).modified_count

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        passed = sum(pool.map(look, _SLICES))
        list(pool.map(lambda slice_: _note_crossings(db, slice_, published), _SLICES))
    done = {"$set": {"kept_from": version.outdated_below, "filling": False}, "$unset": {"filling_until": ""}}
    db.rulesets.update_one({"_id": version.number}, done)
    return passed


_DIGITS = "0123456789abcdef"
_SLICES: list[Document] = [
    {"_id": {"$gte": first, "$lt": after}} for first, after in pairwise([*_DIGITS, "g"])
]
"""The contacts by the first digit of their id, so that MongoDB works with all processors."""


def _to_look_at(ruleset: Ruleset, published: datetime) -> Iterator[Segment]:
    """The segments that this version brought, and those that refer to them."""
    looked: set[str] = set()
    for segment in ruleset.dynamic:  # each comes after those that it refers to
        if segment.since == published or looked & set(mentioned(segment.condition)):
            looked.add(segment.id)
            yield segment


def _pass(ruleset: Ruleset, changed: list[Segment], published: datetime) -> list[Document]:
    """The update, as a pipeline: what it does not change it does not write."""
    declared = list(ruleset.segments)
    stages: list[Document] = [
        {
            "$set": {
                "_fresh": _is_fresh(published),
                "_was": {"$ifNull": ["$segments", {}]},
                "_was_due": "$next_due",
            }
        },
        {"$set": {"segments": {"$cond": ["$_fresh", _without_gone(declared), "$_was"]}}},
    ]
    stages += [{"$set": {"segments": _member(segment, published)}} for segment in changed]
    stages += [
        {"$set": {"_due": {"$cond": ["$_fresh", _next_due(changed, published), "$next_due"]}}},
        {"$set": {"filled": {"$ifNull": ["$filled", {"$cond": ["$_fresh", _crossings(), []]}]}}},
        {
            "$set": {
                "next_due": {"$ifNull": ["$_due", "$$REMOVE"]},
                "folded_at": {
                    "$cond": [
                        {"$eq": [{"$ifNull": ["$_due", None]}, None]},
                        "$$REMOVE",
                        {"$ifNull": ["$folded_at", published]},
                    ]
                },
                # What happened since is judged by the fold: the workers do it again from the start.
                "upkeep": {"$cond": ["$_fresh", "$upkeep", 0]},
                "segments": {"$cond": [{"$eq": ["$segments", {}]}, "$$REMOVE", "$segments"]},
                "filled": {"$cond": [{"$eq": ["$filled", []]}, "$$REMOVE", "$filled"]},
            }
        },
        {"$set": {"v": {"$cond": [_has_changed(), {"$add": ["$v", 1]}, "$v"]}}},
        {"$unset": ["_fresh", "_was", "_was_due", "_due"]},
    ]
    return stages


def _is_fresh(published: datetime) -> Expression:
    """Whether all of a contact's history, and all that fell due, is before the publishing."""
    return {
        "$and": [
            {"$lte": [{"$ifNull": [{"$arrayElemAt": ["$clock", 0]}, _NEVER]}, published]},
            {"$lte": [{"$ifNull": ["$passed", published]}, published]},
            {"$gt": [{"$ifNull": ["$next_due", _NEVER]}, published]},
        ]
    }


_NEVER = datetime(9999, 1, 1, tzinfo=UTC)


def _without_gone(declared: list[str]) -> Expression:
    kept = {
        "$filter": {
            "input": {"$objectToArray": "$_was"},
            "cond": {"$in": ["$$this.k", {"$literal": declared}]},
        }
    }
    return {"$arrayToObject": kept}


def _member(segment: Segment, published: datetime) -> Expression:
    """`segments` with the contact in this one or not; since when it was in, if it was."""
    assert segment.condition is not None
    assert segment.condition.tree is not None
    since = {"$ifNull": [_field("$segments", segment.id), published]}
    inside = {"$setField": {"field": segment.id, "input": "$segments", "value": since}}
    outside = {"$unsetField": {"field": segment.id, "input": "$segments"}}
    met = expression(segment.condition.tree, now=published)
    return {"$cond": ["$_fresh", {"$cond": [met, inside, outside]}, "$segments"]}


def _field(document: Expression, name: str) -> Expression:
    return {"$getField": {"field": name, "input": document}}


def _crossings() -> Expression:
    """`[{entered, segment}]`: what differs between before and after."""

    def only_in(one: str, other: str, *, entered: bool) -> Expression:
        keys = {"$map": {"input": {"$objectToArray": other}, "in": "$$this.k"}}
        gone = {
            "$filter": {"input": {"$objectToArray": one}, "cond": {"$not": [{"$in": ["$$this.k", keys]}]}}
        }
        return {"$map": {"input": gone, "in": {"segment": "$$this.k", "entered": entered}}}

    return {
        "$concatArrays": [
            only_in("$segments", "$_was", entered=True),
            only_in("$_was", "$segments", entered=False),
        ]
    }


def _has_changed() -> Expression:
    differs = {"$ne": [{"$ifNull": ["$filled", []]}, []]}
    due, was_due = ({"$ifNull": [name, None]} for name in ("$_due", "$_was_due"))
    return {"$or": [differs, {"$ne": [due, was_due]}, {"$eq": ["$upkeep", 0]}]}


def _next_due(changed: list[Segment], published: datetime) -> Expression:
    """The earliest of what was due, and of the windows that the new conditions open or close."""
    moments = [moment for segment in changed for moment in _moments(segment)]
    ahead = [{"$cond": [{"$gt": [moment, published]}, moment, None]} for moment in moments]
    return {"$min": ["$next_due", *ahead]}


def _moments(segment: Segment) -> Iterator[Expression]:
    """When time alone may change a condition's answer (see `predicate.next_change`)."""
    tree = segment.condition.tree if segment.condition is not None else None
    for leaf in leaves(tree):
        if isinstance(leaf, Did) and leaf.within is not None:
            for position in (leaf.least - 1, leaf.most):
                if position is not None and position >= 0:
                    at = {"$arrayElemAt": [{"$ifNull": [f"$did.{leaf.track.id}", []]}, position]}
                    yield _later(at, leaf.within)
        elif isinstance(leaf, Compare) and leaf.operator == "within":
            yield value(leaf.path)
            yield _later(value(leaf.path), leaf.operand)


def _later(at: Expression, span: timedelta) -> Expression:
    """A moment and a span after it; null for no moment."""
    is_moment = {"$eq": [{"$type": at}, "date"]}
    return {"$cond": [is_moment, {"$add": [at, int(span.total_seconds() * 1000)]}, None]}


def _note_crossings(db: Database[Document], slice_: Document, published: datetime) -> None:
    """Put the enterings and leavings on the timelines, as the fold would have."""
    cause = {"$concat": ["$_id", "@", published.isoformat()]}
    type_ = {"$cond": ["$filled.entered", "segment_entered", "segment_left"]}
    row = {
        "_id": {"$concat": [cause, ":", type_, ":", "$filled.segment"]},
        "type": type_,
        "stream": {"$concat": ["c:", "$_id"]},
        "lane": {"$literal": -1},
        "state": "applied",
        "happened_at": published,
        "received_at": published,
        "derived": {"$literal": True},
        "cause": cause,
        "properties": {"segment": "$filled.segment"},
    }
    filled = {**slice_, "filled": {"$exists": True}}
    keep = {"into": "activities", "whenMatched": "keepExisting", "whenNotMatched": "insert"}
    db.contacts.aggregate([{"$match": filled}, {"$unwind": "$filled"}, {"$project": row}, {"$merge": keep}])
    db.contacts.update_many(filled, {"$unset": {"filled": ""}})
