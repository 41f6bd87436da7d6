"""An import, done: every step is a thousand rows of the file, each done exactly once.

Killed in between, the same rows are judged again, and what is there already is left as it is.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

import msgspec
from gridfs import NoFile
from pymongo import ReplaceOne
from pymongo.database import Database

from engine.core.activities import Activity, ActivityId, Identities, Key
from engine.core.rulebook import Ruleset
from engine.store import edits, jobs, rulesets, tombstones
from engine.store.connection import namespace, utc_now
from engine.store.jobs import Job, Step
from engine.store.working import Steps, Work
from engine.transfer import importing, matching, reading
from engine.transfer.deciding import PARTS, Deciding, Outcome, activity_id
from engine.transfer.importing import cursor_at
from engine.transfer.judging import Accepted, Judged, Refusal, StoppedMeanwhile, judge, survey
from engine.transfer.problems import ERASED
from engine.transfer.reading import Row
from engine.transfer.repeats import Repeats
from engine.transfer.wanted import Reader

Document = dict[str, Any]

STEP = 1_000
"""Rows of one step."""

ALIVE_EVERY = 2.0
"""Seconds between two signs that somebody is at the job, while a file is read without a step."""

MAX_KEPT = 1_000_000
"""Characters of a refused row that are kept, to be given back."""


def work_of(db: Database[Document], job: Job) -> Work:
    """What a job of this kind does: import a file, or take that back."""
    return _Importing(db, job) if job.undoes is None else _Undoing(db, job, job.undoes)


class _Steps(Steps):
    """What both ways have in common."""

    def __init__(self, db: Database[Document], job: Job) -> None:
        super().__init__(db, job)
        self._said = time.monotonic()

    def _go_on(self) -> bool:
        """Say from time to time that somebody is at the job; false once it was stopped."""
        if time.monotonic() - self._said < ALIVE_EVERY:
            return True
        self._said = time.monotonic()
        return jobs.keep(self.db, self.job.id, now=utc_now())


class _Importing(_Steps):
    """A file, step by step in the order of its lines."""

    def __init__(self, db: Database[Document], job: Job) -> None:
        super().__init__(db, job)
        self._settings, self._open = importing.settings_of(job), importing.stored(db, job.id)
        self._rows: Iterator[Row] | None = None
        self._at = ""
        self._unwanted = False
        self._repeats: Repeats | None = None
        self._begun = False

    def total(self) -> int:
        """Read the whole file once: how many rows it has, and who is named twice.

        A file that breaks off fails here, before anything of it goes in.
        """
        ruleset = rulesets.current(self.db)
        try:
            found = survey(self._open, self._settings, ruleset, now=utc_now(), go_on=self._go_on)
        except StoppedMeanwhile:
            self._unwanted = True
            return 0
        self._repeats = found.repeats
        name, files = f"{self.job.id}:repeats", importing.files(self.db)
        with suppress(NoFile):
            files.delete(name)
        files.upload_from_stream_with_id(name, name, found.repeats.encode())
        return found.rows

    def step(self, cursor: str, *, now: datetime) -> Step | None:
        """Import the next rows; unset if there are none left."""
        rows = [] if self._unwanted else self._next(cursor)
        if not rows:
            return self.end(cursor)
        judged = list(self._judged(rows, now))
        kept = {} if self._begun else self._kept_before(rows)
        self._begun = True
        outcomes: Counter[Outcome | None] = Counter()
        refusals: list[Refusal] = []
        changes: list[Activity] = []
        for verdict in judged:
            before = kept.get(verdict.line)
            if isinstance(verdict, Accepted):
                outcomes[verdict.decision.outcome if before is None else before.outcome] += 1
                changes += _still_missing(verdict.decision.activities, before)
            elif before is not None:  # it went in, and by that is refused now
                outcomes[before.outcome] += 1
            else:
                refusals.append(verdict)
        lanes = self.keep(changes)
        self._note_refusals(refusals)
        unchanged, created = outcomes["unchanged"], outcomes["created"]
        cursor = cursor_at(rows[-1].line)
        return Step(cursor, len(rows), unchanged, len(refusals), lanes=lanes, created=created)

    def _judged(self, rows: Sequence[Row], now: datetime) -> Iterator[Judged]:
        ruleset = rulesets.current(self.db)
        reader = Reader(importing.headings_of(self.job), self._settings, ruleset, now=now)
        return judge(self.db, rows, reader, self._deciding(ruleset), self._known_repeats(), now=now)

    def _deciding(self, ruleset: Ruleset) -> Deciding:
        name = str(self.job.wanted["file"])
        mode, secret = self._settings.mode, namespace(self.db)
        return Deciding(self.job.id, name, self.job.by_name, mode, ruleset, secret)

    def _known_repeats(self) -> Repeats:
        if self._repeats is None:
            stream = importing.files(self.db).open_download_stream(f"{self.job.id}:repeats")
            self._repeats = Repeats.decode(stream.read())
        return self._repeats

    def _next(self, cursor: str) -> list[Row]:
        """The rows after a line; those before are read over if somebody else did them."""
        if self._rows is None or cursor != self._at:
            self._rows = self._after(int(cursor or 0))
        rows = list(islice(self._rows, STEP))
        if rows:
            self._at = cursor_at(rows[-1].line)
        return rows

    def _after(self, line: int) -> Iterator[Row]:
        for row in reading.read(self._open, self._settings.format).rows:
            if row.line > line:
                yield row
            elif not self._go_on():
                return

    def _kept_before(self, rows: Sequence[Row]) -> dict[int, _Kept]:
        """The lines of which an earlier try of this step has kept something, and what.

        Only the first step here can have been tried before, by somebody who was killed in it.
        """
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
        if not tombstones.any_there(self.db):
            return False
        region = rulesets.current(self.db).account.default_region
        return tombstones.names_erased(self.db, json.dumps(cells), region=region)


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


class _Undoing(_Steps):
    """Taking an import back, a thousand lines at a time, by the ids of what they came to."""

    def __init__(self, db: Database[Document], job: Job, undone: str) -> None:
        super().__init__(db, job)
        self.undone = undone

    def total(self) -> int:
        undone = jobs.job(self.db, self.undone)
        return 0 if undone is None else undone.changed

    def step(self, cursor: str, *, now: datetime) -> Step | None:
        """Take back what the next lines came to; unset if there are none left."""
        undone = jobs.job(self.db, self.undone)
        first, last = int(cursor or 0) + 1, int(undone.cursor or 0) if undone is not None else 0
        if first > last:
            return self.end(cursor)
        lines = range(first, min(first + STEP, last + 1))
        ids = {activity_id(self.undone, line, part): line for line in lines for part in PARTS}
        there = list(self.db.activities.find({"_id": {"$in": list(ids)}}, {"stream": 1}))
        held = matching.holders(self.db, (Key(row["stream"]) for row in there))
        version = rulesets.current_number(self.db)
        changes = [
            edits.taking_back(
                held.get(Key(row["stream"]), {"spans": [{"key": row["stream"]}]}),
                row["_id"],
                version=version,
                id_=ActivityId(f"{row['_id']}:undo"),
                author=self.job.by_name,
                now=now,
            )
            for row in there
        ]
        lanes = self.keep(changes)
        return Step(cursor_at(lines[-1]), len({ids[row["_id"]] for row in there}), lanes=lanes)
