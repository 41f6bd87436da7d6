"""An import, done: every step is some hundred rows of the file, each done exactly once.

What rows come to is folded here and written in one commit (`at_once`); what only a lane can settle is
left to that.  While one step is written the next is prepared.  Killed in between, the same rows are
judged again, and what is there already is left as it is.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import msgspec
from pymongo import ReplaceOne
from pymongo.database import Database

from engine.accounts.permissions import Permission
from engine.db.connection import utc_now
from engine.db.installation import namespace
from engine.domain.activities import Activity, ActivityId
from engine.domain.identities import Identities
from engine.domain.rulebook import Ruleset
from engine.errors import Conflict
from engine.imports import importing
from engine.imports.importing import cursor_at
from engine.imports.reading import reading
from engine.imports.reading.problems import ERASED
from engine.imports.reading.reading import Row
from engine.imports.rows import matching
from engine.imports.rows.deciding import PARTS, Deciding, Outcome, activity_id
from engine.imports.rows.judging import (
    Accepted,
    Judged,
    Refusal,
    StoppedMeanwhile,
    count,
    decide,
    keys_of,
    read_all,
)
from engine.imports.rows.repeats import Names
from engine.imports.rows.wanted import Reader
from engine.imports.undoing import Undoing
from engine.jobs import jobs
from engine.jobs.jobs import Job, Step
from engine.jobs.kinds import JobKind, Work, register
from engine.jobs.runner import in_a_thread
from engine.pipeline import inline_apply, tombstones
from engine.pipeline.activity_steps import ActivitySteps
from engine.pipeline.inline_apply import Folded
from engine.rules import rulesets

Document = dict[str, Any]

STEP = 250
"""Rows of one step.  Written in one transaction, a thousand of them are five thousand writes, and a
MongoDB with a small cache undoes that again and again."""

TRIES = 5
"""How often a step that comes into conflict is decided anew before it is left to the lanes."""

FRESH = 5.0
"""Seconds for which what was decided ahead is written as it is: a job may have to wait in between."""

READER_FOR = timedelta(minutes=1)
"""How long what was the present to a reader is the present: consents lie before it."""

ALIVE_EVERY = 2.0
"""Seconds between two signs that somebody is at the job, while a file is read without a step."""

MAX_KEPT = 1_000_000
"""Characters of a refused row that are kept, to be given back."""


def work_of(db: Database[Document], job: Job) -> Work:
    """What a job of this kind does: import a file, or take that back."""
    return _Importing(db, job) if job.undoes is None else Undoing(db, job, job.undoes, step=STEP)


class _Importing(ActivitySteps):
    """A file, step by step in the order of its lines."""

    def __init__(self, db: Database[Document], job: Job) -> None:
        super().__init__(db, job)
        self._said = time.monotonic()
        self._settings, self._open = importing.settings_of(job), importing.stored(db, job.id)
        self._rows: Iterator[Row] | None = None
        self._at = ""
        self._unwanted = False
        self._names = Names()
        self._reading: _Reading | None = None
        self._ahead: Future[_Prepared | None] | None = None
        self._begun = False

    def total(self) -> int:
        """Read the whole file once: how many rows it has.

        A file that breaks off fails here, before anything of it goes in.
        """
        try:
            return count(self._open, self._settings.format, go_on=self._go_on)
        except StoppedMeanwhile:
            self._unwanted = True
            return 0

    def step(self, cursor: str, *, now: datetime) -> Step | None:  # noqa: ARG002  as all `Work`
        """Import the next rows; unset if there are none left."""
        prepared = None if self._unwanted else self._prepared(cursor)
        if prepared is None:
            return self.end(cursor)
        self._prepare_ahead(prepared.cursor)
        prepared, lanes = self._written(cursor, prepared)
        self._note_refusals(prepared.refusals)
        unchanged, created = prepared.outcomes["unchanged"], prepared.outcomes["created"]
        refused = len(prepared.refusals)
        return Step(prepared.cursor, len(prepared.rows), unchanged, refused, lanes=lanes, created=created)

    def _go_on(self) -> bool:
        """Say from time to time that somebody is at the job; false once it was stopped."""
        if time.monotonic() - self._said < ALIVE_EVERY:
            return True
        self._said = time.monotonic()
        return jobs.keep(self.db, self.job.id, now=utc_now())

    # One step is written while the next is prepared

    def _prepared(self, cursor: str) -> _Prepared | None:
        """What the rows after a line come to; unset if there are none."""
        ahead, self._ahead = self._ahead, None
        if ahead is None:
            rows = self._next(cursor)
            return self._prepare(rows, again=not self._begun) if rows else None
        found = ahead.result()
        if found is None or found.is_fresh():
            return found
        return self._prepare(found.rows, again=False)

    def _prepare_ahead(self, cursor: str) -> None:
        def prepare() -> _Prepared | None:
            rows = self._next(cursor)
            return self._prepare(rows, again=False) if rows else None

        self._ahead = in_a_thread(prepare)

    def _prepare(self, rows: Sequence[Row], *, again: bool) -> _Prepared:
        """Judge rows and fold what they come to; write nothing.

        With `again` they may have been tried before.  Only the first step here can have been, by
        somebody who was killed in it, and one that came into conflict.
        """
        self._begun = True
        now, began = utc_now(), time.monotonic()
        ruleset = rulesets.current(self.db)
        read = read_all(rows, self._reader(ruleset, now), self._names)
        keys = keys_of(read)
        seen = matching.seen(self.db, keys)
        holders = matching.by_key(keys, seen.documents.values())
        judged = decide(self.db, read, holders, self._deciding(ruleset), now=now)
        counted = _counted(judged, self._kept_before(rows) if again else {})
        folded = inline_apply.fold(self.db, counted.changes, seen=seen, now=now)
        return _Prepared(rows, counted.changes, counted.outcomes, counted.refusals, folded, began)

    def _written(self, cursor: str, prepared: _Prepared) -> tuple[_Prepared, frozenset[int]]:
        """Write what rows come to; if somebody else changes the same contacts, decide anew.

        Whoever is in the way again and again is left to the lanes, which take turns.
        """
        for _ in range(TRIES):
            try:
                lanes = self.keep(prepared.folded.for_lanes)
                inline_apply.write(
                    self.db, prepared.folded.writes, job=self.job.id, cursor=cursor, clock=utc_now
                )
            except Conflict:
                prepared = self._prepare(prepared.rows, again=True)
            else:
                return prepared, lanes
        return prepared, self.keep(prepared.changes)

    def _reader(self, ruleset: Ruleset, now: datetime) -> Reader:
        """What reads the rows: it remembers what cells say, so it is kept for a while."""
        kept = self._reading
        if kept is None or kept.ruleset is not ruleset or now - kept.since > READER_FOR:
            headings = importing.headings_of(self.job)
            kept = _Reading(Reader(headings, self._settings, ruleset, now=now), ruleset, now)
            self._reading = kept
        return kept.reader

    def _deciding(self, ruleset: Ruleset) -> Deciding:
        name = str(self.job.wanted["file"])
        mode, secret = self._settings.mode, namespace(self.db)
        return Deciding(self.job.id, name, self.job.by_name, mode, ruleset, secret)

    def _next(self, cursor: str) -> list[Row]:
        """The rows after a line; those before are read over if somebody else did them."""
        if self._rows is None or cursor != self._at:
            self._rows = self._after(int(cursor or 0))
        rows = list(islice(self._rows, STEP))
        if rows:
            self._at = cursor_at(rows[-1].line)
        return rows

    def _after(self, line: int) -> Iterator[Row]:
        """The rows after a line.  Of those before it is noted whom they name."""
        self._names = Names()
        table = reading.read(self._open, self._settings.format)
        while rows := list(islice(table.rows, STEP)):
            before = [row for row in rows if row.line <= line]
            if before:
                if not self._go_on():
                    return
                read_all(before, self._reader(rulesets.current(self.db), utc_now()), self._names)
            yield from rows[len(before) :]

    def _kept_before(self, rows: Sequence[Row]) -> dict[int, _Kept]:
        """The lines of which an earlier try of this step has kept something, and what."""
        ids = {activity_id(self.job.id, row.line, part): row.line for row in rows for part in PARTS}
        found = self.db.activities.find({"_id": {"$in": list(ids)}}, {"stream": 1, "identities": 1})
        kept: dict[int, _Kept] = {}
        for row in found:
            named = msgspec.convert(row.get("identities", {}), Identities).keys()
            before = kept.setdefault(ids[row["_id"]], _Kept("updated", set()))
            before.ids.add(row["_id"])
            if row["stream"] in named:
                before.outcome = "created"
        return kept

    def _note_refusals(self, refusals: Iterable[Refusal]) -> None:
        notes = [ReplaceOne({"_id": row["_id"]}, row, upsert=True) for row in map(self._refused, refusals)]
        if notes:
            self.db.import_refusals.bulk_write(notes, ordered=False)

    def _refused(self, refusal: Refusal) -> Document:
        cells = [cell or "" for cell in refusal.row.cells]
        if self._is_erased(refusal, cells):
            cells = []
        if sum(map(len, cells)) > MAX_KEPT:
            cells = [cell[: MAX_KEPT // len(cells)] for cell in cells]
        return {
            "_id": importing.refusal_id(self.job.id, refusal.row.line),
            "line": refusal.row.line,
            "kinds": sorted({problem.kind for problem in refusal.problems}),
            "reason": "; ".join(problem.message for problem in refusal.problems)[:2_000],
            "cells": cells,
        }

    def _is_erased(self, refusal: Refusal, cells: list[str]) -> bool:
        """Whether a refused row is about somebody who was erased, whatever it was refused for."""
        if any(problem.kind == ERASED for problem in refusal.problems):
            return True
        if not tombstones.any_exist(self.db):
            return False
        region = rulesets.current(self.db).account.default_region
        return tombstones.names_erased(self.db, json.dumps(cells), region=region)


@dataclass(frozen=True)
class _Reading:
    """A reader, for which rules it reads, and since when."""

    reader: Reader
    ruleset: Ruleset
    since: datetime


@dataclass(frozen=True)
class _Prepared:
    """What rows come to, not written yet: `changes`, folded; `at` is when they were looked at."""

    rows: Sequence[Row]
    changes: Sequence[Activity]
    outcomes: Counter[Outcome | None]
    refusals: Sequence[Refusal]
    folded: Folded
    at: float

    @property
    def cursor(self) -> str:
        return cursor_at(self.rows[-1].line)

    def is_fresh(self) -> bool:
        """Whether it may still be written as it was decided on."""
        return time.monotonic() - self.at < FRESH


def _counted(judged: Iterable[Judged], kept: Mapping[int, _Kept]) -> _Counted:
    """Sort what was judged into what is done, what was done before and what is refused."""
    counted = _Counted()
    for verdict in judged:
        before = kept.get(verdict.line)
        if isinstance(verdict, Accepted):
            counted.outcomes[verdict.decision.outcome if before is None else before.outcome] += 1
            counted.changes += _still_missing(verdict.decision.activities, before)
        elif before is not None:  # it went in, and by that is refused now
            counted.outcomes[before.outcome] += 1
        else:
            counted.refusals.append(verdict)
    return counted


@dataclass
class _Counted:
    """What became of judged rows."""

    outcomes: Counter[Outcome | None] = field(default_factory=Counter)
    changes: list[Activity] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)


@dataclass
class _Kept:
    """What an earlier try kept of a row."""

    outcome: Outcome
    ids: set[ActivityId]


def _still_missing(activities: Iterable[Activity], kept: _Kept | None) -> list[Activity]:
    """What is still to be kept of a row.

    Once it has said what it says of the contact now, that is not said again, though judged
    anew it may look otherwise.
    """
    return [activity for activity in activities if kept is None or activity.id not in kept.ids]


register(
    JobKind(
        id=importing.KIND,
        work=work_of,
        permission=Permission.IMPORT,
        acts=("undid an import", "stopped an import"),
        undo=importing.undo,
        refusals=importing.refusals,
    )
)
