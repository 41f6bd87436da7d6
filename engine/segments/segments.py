"""Segments as people look at them: how large, how fresh, how they move, and who would be in one."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from pymongo.errors import ExecutionTimeout

from engine.contacts import contact_rows
from engine.contacts.contact_rows import ContactRow
from engine.db import Db, contact_codec
from engine.db.contact_codec import LIVING
from engine.db.regex_query import RegexTooComplex, regex_errors
from engine.domain.conditions import Condition, Did, leaves
from engine.domain.contact import ContactState
from engine.domain.document import Document
from engine.domain.rulebook import Ruleset, Segment
from engine.publishing import planning, upkeep
from engine.rules import versions
from engine.rules.conditions.explain import words
from engine.rules.conditions.expression import expression
from engine.rules.ruleset import compile_ruleset

TREND = timedelta(days=30)

PATIENCE_MS = 4_000
"""The time limit of an exact count for a preview; after it a sample is used."""

SAMPLE = 2_000
"""Contacts that a preview folds when a condition asks what nothing remembers yet."""

EXAMPLES = 10


@dataclass(frozen=True)
class SegmentSummary:
    """A segment in the list.

    `size` is exact; `entered` and `left` are those of the last 30 days; `words` is the
    condition as a sentence; `cost_us` is what a look at one contact takes, in
    microseconds; `waiting` is how many contacts were not yet looked at.
    """

    id: str
    name: str
    description: str
    dynamic: bool
    size: int
    entered: int
    left: int
    changed_at: datetime | None
    words: str
    cost_us: float | None
    waiting: int


@dataclass(frozen=True)
class Preview:
    """A preview of a segment: its size (within `error`, either way), and some members."""

    count: int
    error: int
    examples: list[ContactRow]


def summaries(db: Db, *, now: datetime) -> list[SegmentSummary]:
    """All segments, by name."""
    ruleset = versions.current(db)
    found = _summaries(db, list(ruleset.segments.values()), ruleset, now=now)
    return sorted(found, key=lambda summary: summary.name.lower())


def summary(db: Db, segment: str, *, now: datetime) -> SegmentSummary | None:
    """One segment; unset if none of that id is declared."""
    ruleset = versions.current(db)
    declared = ruleset.segments.get(segment)
    return None if declared is None else _summaries(db, [declared], ruleset, now=now)[0]


def size(db: Db, segment: str) -> int:
    """The present number of contacts in a segment."""
    return db.contacts.count_documents(in_segment(segment))


def trend(db: Db, segment: str, *, now: datetime, zone: ZoneInfo) -> list[Document]:
    """The contacts that entered and left on each of the last 30 days, and the size of the segment."""
    rows = db.activities.aggregate(
        [
            {"$match": {"derived": True, "properties.segment": segment, "happened_at": {"$gt": now - TREND}}},
            {
                "$group": {
                    "_id": {
                        "day": {
                            "$dateToString": {
                                "date": "$happened_at",
                                "format": "%Y-%m-%d",
                                "timezone": str(zone),
                            }
                        },
                        "type": "$type",
                    },
                    "n": {"$sum": 1},
                }
            },
        ]
    )
    moves: Counter[tuple[str, str]] = Counter({(r["_id"]["day"], r["_id"]["type"]): r["n"] for r in rows})
    for at, entered in _entered_by_publishing(db, segment, _publishings(db, now - TREND)).items():
        moves[(at.astimezone(zone).date().isoformat(), "segment_entered")] += entered
    days, members = [], size(db, segment)
    for ago in range(TREND.days):
        day = (now - timedelta(days=ago)).astimezone(zone).date().isoformat()
        entered, left = moves[(day, "segment_entered")], moves[(day, "segment_left")]
        days.append({"day": day, "members": members, "entered": entered, "left": left})
        members -= entered - left
    return days[::-1]


def preview(db: Db, texts: Mapping[str, str], segment: str, *, uri: str, now: datetime) -> Preview:
    """Preview a segment of a whole set of files; raise InvalidRules.

    Exact where MongoDB can tell from the contacts as they are, and in time.  Otherwise, as
    for what nothing remembers yet of the past, a sample is folded.
    """
    proposed = compile_ruleset(texts)
    wanted = proposed.segments.get(segment)
    if wanted is None or wanted.condition is None or wanted.condition.tree is None:
        return Preview(size(db, segment), 0, _examples(db, in_segment(segment)))
    if _is_known(wanted.condition, versions.current(db)):
        query = {**LIVING, "$expr": expression(wanted.condition.tree, now=now)}
        with suppress(ExecutionTimeout, RegexTooComplex), regex_errors():
            count = db.contacts.count_documents(query, maxTimeMS=PATIENCE_MS)
            return Preview(count, 0, _examples(db, query))
    return _sampled(db, texts, segment, uri=uri, now=now)


def _sampled(db: Db, texts: Mapping[str, str], segment: str, *, uri: str, now: datetime) -> Preview:
    total = max(db.contacts.estimated_document_count(), 1)
    share = min(1.0, SAMPLE / total)
    change = planning.proposed(db, texts, now=now, recompute=False)
    members: list[str] = []
    found = planning.plan(db, change, uri=uri, share=share, inline=True, member_of=(segment, members))
    rows = [row for id_ in members[:EXAMPLES] if (row := contact_rows.row_of(db, id_)) is not None]
    return Preview(round(len(members) / share), found.error(len(members), share), rows)


def in_segment(segment: str) -> Document:
    """Match the members of a segment, as the index over segments answers it."""
    return {f"segments.{segment}": {"$exists": True}}


def _is_known(condition: Condition, present: Ruleset) -> bool:
    """Whether the contacts hold all that a condition asks, under the rules in force."""
    for leaf in leaves(condition.tree):
        if isinstance(leaf, Did):
            if leaf.track.id not in present.tracks:
                return False
        elif leaf.path.name == "segments" and not set(leaf.operand) <= set(present.segments):
            return False
    return True


def _examples(db: Db, query: Document) -> list[ContactRow]:
    return contact_rows.newest(db, query, limit=EXAMPLES)


def _moves(db: Db, wanted: Sequence[Segment], since: datetime) -> Counter[tuple[str, str]]:
    """The numbers of entries and exits of some segments, by id and activity type."""
    rows = db.activities.aggregate(
        [
            {
                "$match": {
                    "derived": True,
                    "properties.segment": {"$in": [segment.id for segment in wanted]},
                    "happened_at": {"$gt": since},
                }
            },
            {"$group": {"_id": {"segment": "$properties.segment", "type": "$type"}, "n": {"$sum": 1}}},
        ]
    )
    return Counter({(row["_id"]["segment"], row["_id"]["type"]): row["n"] for row in rows})


def _publishings(db: Db, since: datetime) -> list[datetime]:
    """The publishing times of rules that changed segments."""
    return [at for at in versions.rulebook(db).boundaries if at > since]


def _entered_by_publishing(db: Db, segment: str, moments: Sequence[datetime]) -> dict[datetime, int]:
    """The number of contacts that entered a segment at each publishing, which writes no rows."""
    left = {"derived": True, "properties.segment": segment, "type": "segment_left"}
    return {
        at: db.contacts.count_documents({f"segments.{segment}": at})
        + db.activities.count_documents({**left, "properties.since": at, "happened_at": {"$gt": at}})
        for at in moments
    }


def _summaries(db: Db, wanted: Sequence[Segment], ruleset: Ruleset, *, now: datetime) -> list[SegmentSummary]:
    """Several segments; their shared data is read once."""
    since = now - TREND
    moves, moments = _moves(db, wanted, since), _publishings(db, since)
    waiting, sample = upkeep.upkeep(db).waiting, _sample(db)

    def summed(segment: Segment) -> SegmentSummary:
        published = _entered_by_publishing(db, segment.id, moments)
        condition = segment.condition
        tree = None if condition is None else condition.tree
        return SegmentSummary(
            id=segment.id,
            name=segment.name,
            description=segment.description,
            dynamic=segment.dynamic,
            size=size(db, segment.id),
            entered=moves[(segment.id, "segment_entered")] + sum(published.values()),
            left=moves[(segment.id, "segment_left")],
            changed_at=segment.since or ruleset.published_at,
            words="" if tree is None else words(tree, ruleset),
            cost_us=None if condition is None else _cost(sample, condition, now),
            waiting=waiting if segment.dynamic else 0,
        )

    return [summed(segment) for segment in wanted]


def _sample(db: Db) -> list[ContactState]:
    return [contact_codec.decode(row).state for row in db.contacts.find().limit(20)]


def _cost(states: Sequence[ContactState], condition: Condition, now: datetime) -> float:
    """Microseconds that a look at one contact takes, on some of them."""
    if not states:
        return 0.0
    rounds = 20
    began = time.perf_counter()
    for _ in range(rounds):
        for state in states:
            condition.meets(None, state, now)
    return (time.perf_counter() - began) / (rounds * len(states)) * 1e6
