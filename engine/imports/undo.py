"""Undo an import: its activities are found by their ids, and undone one by one.

A contact that was used or changed since keeps the identities that the import gave it, so that nobody has to
find out whose the later changes are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from engine.contacts.editing import edit_activities
from engine.db import Db
from engine.domain.activities import ORIGIN, ActivityId
from engine.domain.document import Document
from engine.domain.identity.identities import Key
from engine.imports import import_request, import_steps, kept_identities
from engine.imports.history.entry_activities import origin_of
from engine.imports.import_request import cursor_at
from engine.imports.rows.matching import contacts_by_key
from engine.imports.rows.row_activities import activity_id, parts
from engine.jobs import jobs
from engine.jobs.jobs import Job, Step
from engine.pipeline.activity_steps import ActivitySteps
from engine.rules import versions

_PARTS = {"stream": 1, "identities": 1, "received_at": 1}
"""What is read of an activity that is undone."""

_Stored = tuple[str, Mapping[ActivityId, int], Sequence[Document]]
"""A cursor, the line of each activity before it, and the activities."""


class UndoImport(ActivitySteps):
    """Undoes an import, `step` lines or one recorded step at a time."""

    def __init__(self, db: Db, job: Job, undone: str, *, step: int) -> None:
        super().__init__(db, job)
        self.undone, self._step = undone, step
        job_undone = jobs.job(db, undone)
        self._parts = () if job_undone is None else parts(import_request.settings_of(job_undone))
        self._has_steps = import_steps.after(db, undone, "") is not None

    def total(self) -> int:
        undone = jobs.job(self.db, self.undone)
        return 0 if undone is None else undone.changed

    def step(self, cursor: str, *, now: datetime) -> Step | None:
        """Undo the next lines; return None if there are none left."""
        found = self._next(cursor)
        if found is None:
            return self.end(cursor)
        reached, lines, stored = found
        contacts = contacts_by_key(self.db, (Key(row["stream"]) for row in stored))
        version = versions.current_number(self.db)
        undos = [
            edit_activities.undo(
                contacts.get(Key(row["stream"]), {"spans": [{"key": row["stream"]}]}),
                row["_id"],
                version=version,
                id_=ActivityId(f"{row['_id']}:undo"),
                author=self.job.by_name,
                now=now,
            )
            for row in stored
        ]
        keeps = kept_identities.keeps(
            self.db, stored, contacts, version=version, author=self.job.by_name, now=now
        )
        lanes = self.keep([*undos, *keeps])
        return Step(reached, len({lines[row["_id"]] for row in stored}), lanes=lanes)

    def _next(self, cursor: str) -> _Stored | None:
        """What the import has stored after a cursor; None if there is no more."""
        if self._has_steps:
            return self._next_of_steps(cursor)
        undone = jobs.job(self.db, self.undone)
        return self._next_of_lines(int(cursor or 0) + 1, int(undone.cursor or 0) if undone else 0)

    def _next_of_lines(self, first: int, last: int) -> _Stored | None:
        if first > last:
            return None
        lines = range(first, min(first + self._step, last + 1))
        ids = {activity_id(self.undone, line, part): line for line in lines for part in self._parts}
        stored = list(self.db.activities.find({"_id": {"$in": list(ids)}}, _PARTS))
        return cursor_at(lines[-1]), ids, stored

    def _next_of_steps(self, cursor: str) -> _Stored | None:
        """The activities of the next recorded step that this import and no other one has stored."""
        found = import_steps.after(self.db, self.undone, cursor)
        if found is None:
            return None
        reached, ids = found
        mine = {"_id": {"$in": ids}, f"context.{ORIGIN}.job": self.undone}
        stored = list(self.db.activities.find(mine, {**_PARTS, "context": 1}))
        return reached, {row["_id"]: origin_of(row)["line"] for row in stored}, stored
