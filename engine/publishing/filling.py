"""Filling new segments inside MongoDB: one pass over the contacts that writes only those that change.

Publishing a condition evaluates it for every contact at that moment (see
`engine.domain.segments`).  The fold would do so contact by contact; this does the same, with
the condition as an expression, for all contacts whose history ends before that moment.  The
few others are left to the workers, who fold them again, and so are all contacts if MongoDB
rejects a regular expression.

The contacts are read in disk order, a quarter at a time, and each finished quarter is
recorded: after a crash the pass continues with the next one.  A quarter is idempotent: filled
contacts do not change again, and timeline entries have ids derived from contact and version.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from mongoengine.queryset import Q
from pymongo.errors import PyMongoError

from engine.db import Db
from engine.db.connection import utc_now
from engine.db.contact_codec import LIVING
from engine.db.installation import lane_count
from engine.db.regex_query import RegexTooComplex, regex_errors
from engine.domain.activities import DERIVED_STREAM
from engine.domain.conditions import Compare, Did, leaves
from engine.domain.document import Document
from engine.domain.rulebook import Ruleset, Segment
from engine.pipeline import lanes
from engine.publishing.upkeep import QUARTERS
from engine.rules import in_force, versions
from engine.rules.conditions.expression import expression, value
from engine.rules.conditions.operators import OPERATORS
from engine.rules.files.segments_file import mentioned
from engine.rules.versions import RulesetVersion, Version

Expression = Any

CLAIM = timedelta(seconds=20)
"""Another process may take over the pass of one without a heartbeat for this time."""

_IN_PLACE = {"$natural": 1}
"""Contacts in the order of their ids would be read from all over the disk."""


def can_fill(old: Ruleset, new: Ruleset) -> bool:
    """Whether the contacts hold all that the new conditions ask: nothing new of the past."""
    return new.tracks.keys() <= old.tracks.keys()


def claim(db: Db, *, now: datetime) -> Version | None:
    """The newest version, if it waits to be filled and no process fills it."""
    standing = in_force.newest(db, "filling")
    if not standing.get("filling"):  # asked often, and nearly always so
        return None
    free = Q(filling_until=None) | Q(filling_until__lte=now)
    waiting = RulesetVersion.on(db, free, id=int(standing["_id"]), filling=True)
    taken = waiting.change_one(set__filling_until=now + CLAIM)
    return None if taken is None else taken.version()


def fill(db: Db, version: Version) -> int:
    """Evaluate every contact at the publishing of a version; return how many changed.

    Afterwards contacts that were kept for the version before count as kept for this one;
    if MongoDB cannot do it, all are left to the workers and none was changed.
    """
    lanes.bar_older_rules(db, version.number)
    with _held(db, version):
        filling = _Filling.of(db, version)
        _leave_to_workers(db, filling)
        stored = RulesetVersion.on(db, id=version.number).one()
        filled = (stored.filled if stored is not None else None) or []
        left = [quarter for quarter in range(QUARTERS) if quarter not in filled]
        try:
            with regex_errors(), ThreadPoolExecutor(os.cpu_count()) as pool:
                changed = sum(pool.map(lambda quarter: _fill_quarter(db, filling, quarter), left))
        except RegexTooComplex:
            _leave_all_to_workers(db, version)
            return 0
    _end_filling(db, version, set__kept_from=version.outdated_below)
    return changed


def _end_filling(db: Db, version: Version, **change: object) -> None:
    RulesetVersion.on(db, id=version.number).update_one(
        set__filling=False, unset__filling_until=1, unset__filled=1, **change
    )


@contextmanager
def _held(db: Db, version: Version) -> Iterator[None]:
    """Hold on to the claim for as long as the block runs and MongoDB can be reached."""
    over = threading.Event()

    def hold() -> None:
        while not over.wait(CLAIM.total_seconds() / 4):
            with suppress(PyMongoError):
                claimed = RulesetVersion.on(db, id=version.number, filling=True)
                claimed.update_one(set__filling_until=utc_now() + CLAIM)

    holder = threading.Thread(target=hold, name="claim", daemon=True)
    holder.start()
    try:
        yield
    finally:
        over.set()
        holder.join()


@dataclass(frozen=True)
class _Filling:
    """The changes of segment membership by a version, and their time.

    A version that changes no segments may come before those of another are filled: it is
    then that one's filling that is done.
    """

    number: int
    published: datetime
    kept_before: Mapping[str, Any]
    """Matches contacts that were kept for the version before."""
    segments: list[Segment]
    """To look at: those that this version brought, and those that refer to them."""
    gone: list[str]
    known: set[str]
    """The segments that contacts may be in already."""
    put_away: list[str]
    """The deleted segments that contacts remember."""
    back: list[Segment]
    """The segments declared again that contacts may remember."""
    lanes: int

    @classmethod
    def of(cls, db: Db, version: Version) -> _Filling:
        ruleset = versions.version(db, version.upkeep)
        before = versions.version(db, version.upkeep - 1)
        known, away = set(before.segments), versions.stored_version(db, before.version).put_away
        published = versions.stored_version(db, version.upkeep).published_at
        return cls(
            number=version.number,
            published=published,
            kept_before={"upkeep": {"$gte": version.outdated_below, "$lt": version.upkeep}},
            segments=list(_to_look_at(ruleset, published)),
            gone=sorted(known - set(ruleset.segments)),
            known=known,
            put_away=sorted(known - set(ruleset.segments) - {segment.id for segment in before.dynamic}),
            back=[segment for segment in ruleset.segments.values() if segment.id in away],
            lanes=lane_count(db),
        )

    @property
    def leaves(self) -> bool:
        """Whether contacts may leave a segment, and not enter alone."""
        return bool(self.gone) or any(segment.id in self.known for segment in self.segments)

    def quarter(self, number: int) -> Document:
        """Matches a quarter of the contacts."""
        first, after = (part * self.lanes // QUARTERS for part in (number, number + 1))
        return {**self.kept_before, **LIVING, "lane": {"$gte": first, "$lt": after}}


def _leave_to_workers(db: Db, filling: _Filling) -> None:
    """Contacts that something happened to since, or fell due before, are folded again."""
    at = filling.published
    settled = {
        "clock.0": {"$lte": at},
        "passed": {"$not": {"$gt": at}},
        "next_due": {"$not": {"$lte": at}},
    }
    unsettled = {**filling.kept_before, "$nor": [settled]}
    db.contacts.update_many(unsettled, {"$set": {"upkeep": 0}, "$inc": {"v": 1}}, hint=_IN_PLACE)


def _leave_all_to_workers(db: Db, version: Version) -> None:
    """Mark every contact to be folded again, filled ones included."""
    db.contacts.update_many({"filled": {"$exists": True}}, {"$unset": {"filled": ""}}, hint=_IN_PLACE)
    _end_filling(db, version, set__outdated_below=version.upkeep)


def _fill_quarter(db: Db, filling: _Filling, number: int) -> int:
    quarter = filling.quarter(number)
    changed = db.contacts.update_many(quarter, _pass(filling), hint=_IN_PLACE).modified_count
    if filling.leaves:
        _note_leavings(db, quarter, filling.published)
    RulesetVersion.on(db, id=filling.number).update_one(add_to_set__filled=number)
    return changed


def _to_look_at(ruleset: Ruleset, published: datetime) -> Iterator[Segment]:
    """The segments that this version brought, and those that refer to them."""
    looked: set[str] = set()
    for segment in ruleset.dynamic:  # each comes after those that it refers to
        if segment.since == published or looked & set(mentioned(segment.condition)):
            looked.add(segment.id)
            yield segment


# The pass, as a pipeline: what it does not change it does not write


def _pass(filling: _Filling) -> list[Document]:
    published = filling.published
    moments = [moment for segment in filling.segments for moment in _moments(segment)]
    stages: list[Document] = [{"$set": {"_was": "$segments", "_was_away": "$put_away"}}]
    if filling.put_away or filling.back:
        stages.append(_put_away(filling))
    if filling.gone:
        stages.append(_without(filling.gone))
    stages += [_sort_in(filling, level) for level in _levels(filling.segments)]
    changed = [("$segments", "$_was"), ("$put_away", "$_was_away")]
    due: Document = {}
    if moments:
        stages.append({"$set": {"_due": _next_due(moments, published)}})
        changed.append(("$_due", "$next_due"))
        due = {
            "next_due": {"$ifNull": ["$_due", "$$REMOVE"]},
            "folded_at": {
                "$cond": [
                    {"$eq": [_or_none("$_due"), None]},
                    "$$REMOVE",
                    {"$ifNull": ["$folded_at", published]},
                ]
            },
            "_due": "$$REMOVE",
        }
    left = {"filled": {"$ifNull": ["$filled", _leavings()]}} if filling.leaves else {}
    changes = {"$or": [{"$ne": [_or_none(after), _or_none(before)]} for after, before in changed]}
    version = {"$cond": [changes, {"$add": ["$v", 1]}, "$v"]}
    stages.append({"$set": {"v": version, **due, **left, "_was": "$$REMOVE", "_was_away": "$$REMOVE"}})
    return stages


def _put_away(filling: _Filling) -> Document:
    """Keep the members of a deleted static segment, and restore those of one declared again."""
    before = {"$ifNull": ["$put_away", []]}
    inside = {"$map": {"input": {"$objectToArray": {"$ifNull": ["$segments", {}]}}, "in": "$$this.k"}}
    gone = {"$setIntersection": [filling.put_away, inside]}
    after = {
        "$setDifference": [{"$setUnion": [before, gone]}, [segment.id for segment in filling.back]],
    }
    back = [
        {"$cond": [{"$in": [segment.id, before]}, {segment.id: filling.published}, {}]}
        for segment in filling.back
        if not segment.dynamic
    ]
    kept = {"$sortArray": {"input": "$$after", "sortBy": 1}}
    away = {"$let": {"vars": {"after": after}, "in": {"$cond": [{"$eq": ["$$after", []]}, "$$REMOVE", kept]}}}
    return {"$set": {"put_away": away, "segments": _some({"$mergeObjects": ["$segments", *back]})}}


def _without(segments: list[str]) -> Document:
    """Remove contacts from segments that are not declared any more."""
    fields = {"$objectToArray": {"$ifNull": ["$segments", {}]}}
    kept = {"$filter": {"input": fields, "cond": {"$not": [{"$in": ["$$this.k", segments]}]}}}
    return {"$set": {"segments": _some({"$arrayToObject": kept})}}


def _some(segments: Expression) -> Expression:
    """A mapping, or nothing instead of an empty one."""
    empty = {"$eq": ["$$after", {}]}
    return {"$let": {"vars": {"after": segments}, "in": {"$cond": [empty, "$$REMOVE", "$$after"]}}}


def _levels(segments: list[Segment]) -> list[list[Segment]]:
    """The segments in rows: each refers to those of earlier rows alone."""
    levels: list[list[Segment]] = []
    for segment in segments:
        here = {other.id for other in levels[-1]} if levels else set()
        if not levels or here & set(mentioned(segment.condition)):
            levels.append([])
        levels[-1].append(segment)
    return levels


def _sort_in(filling: _Filling, level: list[Segment]) -> Document:
    """Add contacts to segments and remove them; present members keep their start."""
    entered, left = [], []
    for segment in level:
        assert segment.condition is not None
        assert segment.condition.tree is not None
        met = expression(segment.condition.tree, now=filling.published)
        since: Expression = filling.published
        if segment.id in filling.known:
            since = {"$ifNull": [f"$segments.{segment.id}", filling.published]}
            left.append({"$cond": [met, "$$REMOVE", segment.id]})
        entered.append({"$cond": [met, {segment.id: since}, {}]})
    after: Expression = {"$mergeObjects": ["$segments", *entered]}
    if left:
        kept = {"$not": [{"$in": ["$$this.k", left]}]}
        after = {"$arrayToObject": {"$filter": {"input": {"$objectToArray": after}, "cond": kept}}}
    return {"$set": {"segments": _some(after)}}


def _leavings() -> Expression:
    """`[{segment, since}]`: the segments that a contact left; unset for none."""
    inside = {"$map": {"input": {"$objectToArray": {"$ifNull": ["$segments", {}]}}, "in": "$$this.k"}}
    gone = {
        "$filter": {
            "input": {"$objectToArray": {"$ifNull": ["$_was", {}]}},
            "cond": {"$not": [{"$in": ["$$this.k", inside]}]},
        }
    }
    left = {"$map": {"input": gone, "in": {"segment": "$$this.k", "since": "$$this.v"}}}
    return {
        "$let": {"vars": {"left": left}, "in": {"$cond": [{"$eq": ["$$left", []]}, "$$REMOVE", "$$left"]}}
    }


def _or_none(found: Expression) -> Expression:
    return {"$ifNull": [found, None]}


def _next_due(moments: list[Expression], published: datetime) -> Expression:
    """The earliest of what was due, and of the windows that the new conditions open or close."""
    ahead = [{"$cond": [{"$gt": [moment, published]}, moment, None]} for moment in moments]
    return {"$min": ["$next_due", *ahead]}


def _moments(segment: Segment) -> Iterator[Expression]:
    """The next time at which a condition may change by itself (see `predicate.next_change`)."""
    tree = segment.condition.tree if segment.condition is not None else None
    for leaf in leaves(tree):
        if isinstance(leaf, Did) and leaf.within is not None:
            for position in (leaf.least - 1, leaf.most):
                if position is not None and position >= 0:
                    at = {"$arrayElemAt": [{"$ifNull": [f"$did.{leaf.track.id}", []]}, position]}
                    yield _later(at, leaf.within)
        elif isinstance(leaf, Compare) and OPERATORS[leaf.operator].timed:
            yield value(leaf.path)
            yield _later(value(leaf.path), leaf.operand)


def _later(at: Expression, span: timedelta) -> Expression:
    """A moment and a span after it; null for no moment."""
    is_moment = {"$eq": [{"$type": at}, "date"]}
    return {"$cond": [is_moment, {"$add": [at, int(span.total_seconds() * 1000)]}, None]}


def _note_leavings(db: Db, contacts: Document, published: datetime) -> None:
    """Write the left segments to the timelines, as the fold would."""
    cause = {"$concat": ["$_id", "@", published.isoformat()]}
    row = {
        "_id": {"$concat": [cause, ":segment_left:", "$filled.segment"]},
        "type": "segment_left",
        "stream": {"$concat": [DERIVED_STREAM, "$_id"]},
        "lane": {"$literal": -1},
        "state": "applied",
        "happened_at": published,
        "received_at": published,
        "derived": {"$literal": True},
        "cause": cause,
        "properties": {"segment": "$filled.segment", "since": "$filled.since"},
    }
    filled = {**contacts, "filled": {"$exists": True}}
    keep = {"into": "activities", "whenMatched": "keepExisting", "whenNotMatched": "insert"}
    db.contacts.aggregate([{"$match": filled}, {"$unwind": "$filled"}, {"$project": row}, {"$merge": keep}])
    db.contacts.update_many(filled, {"$unset": {"filled": ""}}, hint=_IN_PLACE)
