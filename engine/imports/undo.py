"""Undo an import: the activities of its rows are found by their ids, and undone one by one."""

from __future__ import annotations

from datetime import datetime

from engine.contacts.editing import edit_activities
from engine.db import Db
from engine.domain.activities import ActivityId
from engine.domain.identity.identities import Key
from engine.imports.import_request import cursor_at
from engine.imports.rows.matching import contacts_by_key
from engine.imports.rows.row_activities import PARTS, activity_id
from engine.jobs import jobs
from engine.jobs.jobs import Job, Step
from engine.pipeline.activity_steps import ActivitySteps
from engine.rules import versions


class UndoImport(ActivitySteps):
    """Undoes an import, `step` lines at a time."""

    def __init__(self, db: Db, job: Job, undone: str, *, step: int) -> None:
        super().__init__(db, job)
        self.undone, self._step = undone, step

    def total(self) -> int:
        undone = jobs.job(self.db, self.undone)
        return 0 if undone is None else undone.changed

    def step(self, cursor: str, *, now: datetime) -> Step | None:
        """Undo the next lines; return None if there are none left."""
        undone = jobs.job(self.db, self.undone)
        first, last = int(cursor or 0) + 1, int(undone.cursor or 0) if undone is not None else 0
        if first > last:
            return self.end(cursor)
        lines = range(first, min(first + self._step, last + 1))
        ids = {activity_id(self.undone, line, part): line for line in lines for part in PARTS}
        stored = list(self.db.activities.find({"_id": {"$in": list(ids)}}, {"stream": 1}))
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
        lanes = self.keep(undos)
        return Step(cursor_at(lines[-1]), len({ids[row["_id"]] for row in stored}), lanes=lanes)
