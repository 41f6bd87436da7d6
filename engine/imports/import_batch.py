"""One step of an import before its commit: rows parsed, matched, decided, made activities and folded."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from engine.db import Db
from engine.db.connection import utc_now
from engine.db.installation import namespace
from engine.domain.activities import Activity, ActivityId
from engine.domain.identity.identities import Identities
from engine.domain.rulebook import Ruleset
from engine.imports import import_request
from engine.imports.import_request import cursor_at
from engine.imports.prepared_batch import PreparedBatch
from engine.imports.reading.table import Row
from engine.imports.rows.duplicate_rows import SeenKeys
from engine.imports.rows.matching import by_key, whole_contacts
from engine.imports.rows.parsed_row import RowParser
from engine.imports.rows.row_activities import RowActivities, activity_id, parts
from engine.imports.rows.row_batch import Accepted, Refusal, decide_rows, keys_of, parse_rows
from engine.imports.rows.row_decision import Outcome
from engine.jobs.jobs import Job
from engine.pipeline import inline_apply
from engine.rules import versions

PARSER_FOR = timedelta(minutes=1)
"""How long a parser is used: it refuses consents later than its `now`."""


class BatchPreparation:
    """Prepares the rows of one import, batch by batch in the order of the file."""

    def __init__(self, db: Db, job: Job) -> None:
        self._db, self._job = db, job
        self._settings = import_request.settings_of(job)
        self._seen = SeenKeys()
        self._parser: _CachedParser | None = None

    def start_over(self) -> None:
        """Forget the keys of earlier rows: the file is read from its start."""
        self._seen = SeenKeys()

    def skip(self, rows: Sequence[Row]) -> None:
        """Record the keys of rows that are imported already."""
        parse_rows(rows, self._row_parser(versions.current(self._db), utc_now()), self._seen)

    def prepare(self, rows: Sequence[Row], *, is_retry: bool) -> PreparedBatch[Row]:
        """Prepare a batch; writes nothing.

        With `is_retry` an earlier try may have stored some of its activities, which are then left out.
        """
        now, began = utc_now(), time.monotonic()
        ruleset = versions.current(self._db)
        parsed = parse_rows(rows, self._row_parser(ruleset, now), self._seen)
        keys = keys_of(parsed)
        whole = whole_contacts(self._db, keys)
        contacts = by_key(keys, whole.documents.values())
        batch = _Batch(self._activities(ruleset), self._stored_before(rows) if is_retry else {}, now)
        for result in decide_rows(self._db, parsed, contacts, mode=self._settings.mode):
            batch.add(result)
        folded = inline_apply.fold(self._db, batch.activities, seen=whole, now=now)
        return PreparedBatch(
            items=rows,
            cursor=cursor_at(rows[-1].line),
            activities=batch.activities,
            outcomes=batch.outcomes,
            refused=len(batch.refusals),
            refusals=batch.refusals,
            left_out=batch.left_out,
            folded=folded,
            prepared_at=began,
        )

    def _row_parser(self, ruleset: Ruleset, now: datetime) -> RowParser:
        """The parser of the rows; it is used for a while, as it caches the values of cells."""
        cached = self._parser
        if cached is None or cached.ruleset is not ruleset or now - cached.since > PARSER_FOR:
            headings = import_request.headings_of(self._job)
            cached = _CachedParser(RowParser(headings, self._settings, ruleset, now=now), ruleset, now)
            self._parser = cached
        return cached.parser

    def _activities(self, ruleset: Ruleset) -> RowActivities:
        file = str(self._job.wanted["file"])
        return RowActivities(self._job.id, file, self._job.by_name, ruleset, namespace(self._db))

    def _stored_before(self, rows: Sequence[Row]) -> dict[int, _Stored]:
        """The activities that an earlier attempt of this batch stored, by line."""
        kinds = parts(self._settings)
        ids = {activity_id(self._job.id, row.line, part): row.line for row in rows for part in kinds}
        found = self._db.activities.find({"_id": {"$in": list(ids)}}, {"stream": 1, "identities": 1})
        stored: dict[int, _Stored] = {}
        for row in found:
            claimed = msgspec.convert(row.get("identities", {}), Identities).keys()
            before = stored.setdefault(ids[row["_id"]], _Stored("updated"))
            before.ids.add(row["_id"])
            if row["stream"] in claimed:
                before.outcome = "created"
        return stored


@dataclass(frozen=True)
class _CachedParser:
    """A parser, with the rules that it parses under, and since when."""

    parser: RowParser
    ruleset: Ruleset
    since: datetime


@dataclass
class _Stored:
    """The activities that an earlier attempt stored for a row."""

    outcome: Outcome
    ids: set[ActivityId] = field(default_factory=set)


class _Batch:
    """Collects what rows come to: activities that are still to be stored, outcomes and refusals."""

    def __init__(self, builder: RowActivities, stored: Mapping[int, _Stored], now: datetime) -> None:
        self._builder, self._stored, self._now = builder, stored, now
        self.activities: list[Activity] = []
        self.outcomes: Counter[Outcome] = Counter()
        self.refusals: list[Refusal] = []
        self.left_out: list[Refusal] = []

    def add(self, result: Refusal | Accepted) -> None:
        before = self._stored.get(result.line)
        if isinstance(result, Accepted):
            self.outcomes[result.decision.outcome if before is None else before.outcome] += 1
            self.left_out += [] if result.left_out is None else [result.left_out]
            self.activities += _missing(self._builder.of(result.decision, now=self._now), before)
        elif before is not None:  # it was imported by the earlier try, and is refused because of that now
            self.outcomes[before.outcome] += 1
        else:
            self.refusals.append(result)


def _missing(activities: Iterable[Activity], stored: _Stored | None) -> list[Activity]:
    """The activities of a row that are not stored yet, even if they would look different now."""
    return [activity for activity in activities if stored is None or activity.id not in stored.ids]
