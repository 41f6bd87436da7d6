"""The job of an import: every step imports some hundred rows, each exactly once.

`import_batch` prepares a step, which is then written in one commit (`inline_apply`); what only a lane can
settle is left to that.  While one step is written the next is prepared.  After a crash in between, the same
rows are prepared again, and what is stored already stays as it is.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from datetime import datetime
from itertools import islice
from typing import Any

from engine.accounts.permissions import Permission
from engine.db import Db
from engine.db.connection import utc_now
from engine.errors import CommitConflict, WorkStopped, WriteRefused
from engine.imports import import_request, refused_rows, stored_files
from engine.imports.history.history_rows import HistoryRows
from engine.imports.history.staging import GoOn
from engine.imports.import_batch import BatchPreparation
from engine.imports.import_request import cursor_at
from engine.imports.prepared_batch import ImportItems, PreparedBatch
from engine.imports.reading.table import Row, count_rows, read_table
from engine.imports.undo import UndoImport
from engine.jobs import job_lease
from engine.jobs.jobs import Job, Step
from engine.jobs.kinds import JobKind, Work, register
from engine.jobs.runner import in_a_thread
from engine.pipeline import inline_apply
from engine.pipeline.activity_steps import ActivitySteps

STEP = 250
"""Rows of one step.  A thousand rows are five thousand writes in one transaction, which a MongoDB with a
small cache aborts again and again."""

TRIES = 5
"""Attempts of a step with a write conflict before it is left to the lanes."""

HEARTBEAT = 2.0
"""Seconds between two signs of life while a file is read without a step."""


def work_of(db: Db, job: Job) -> Work:
    """Return the work of a job: to import a file, or to undo that."""
    return _ImportFile(db, job) if job.undoes is None else UndoImport(db, job, job.undoes, step=STEP)


class _ImportFile(ActivitySteps):
    """Imports a file, step by step."""

    def __init__(self, db: Db, job: Job) -> None:
        super().__init__(db, job)
        self._items = _items_of(db, job, self._go_on)
        self._next_batch: Future[PreparedBatch[Any] | None] | None = None
        self._has_prepared = False
        self._was_stopped = False
        self._last_heartbeat = time.monotonic()

    def total(self) -> int:
        """Count the items of the file, so that a damaged file fails before any of it is imported."""
        try:
            return self._items.total()
        except WorkStopped:
            self._was_stopped = True
            return 0

    def step(self, cursor: str, *, now: datetime) -> Step | None:  # noqa: ARG002  as all `Work`
        """Import the next items; return None if there are none left, or the job was stopped."""
        try:
            batch = None if self._was_stopped else self._prepared(cursor)
        except WorkStopped:
            batch = None
        if batch is None:
            return self.end(cursor)
        self._prepare_next(batch.cursor)
        batch, lanes = self._write(cursor, batch)
        refused_rows.store(self.db, self.job.id, batch.refusals)
        if batch.left_out:
            refused_rows.store(self.db, self.job.id, batch.left_out, of=refused_rows.LEFT_OUT)
        unchanged, created = batch.outcomes["unchanged"], batch.outcomes["created"]
        return Step(batch.cursor, len(batch.items), unchanged, batch.refused, lanes=lanes, created=created)

    def _go_on(self) -> bool:
        """Renew the lease from time to time; return false once the job was stopped."""
        if time.monotonic() - self._last_heartbeat < HEARTBEAT:
            return True
        self._last_heartbeat = time.monotonic()
        return job_lease.keep(self.db, self.job.id, now=utc_now())

    # While one step is written the next is prepared

    def _prepared(self, cursor: str) -> PreparedBatch[Any] | None:
        """The batch after a cursor; None if there are no more items."""
        ahead, self._next_batch = self._next_batch, None
        if ahead is None:
            return self._prepare(cursor)
        batch = ahead.result()
        if batch is None or batch.is_fresh():
            return batch
        return self._items.prepare(batch.items, is_retry=False)

    def _prepare_next(self, cursor: str) -> None:
        self._next_batch = in_a_thread(lambda: self._prepare(cursor))

    def _prepare(self, cursor: str) -> PreparedBatch[Any] | None:
        """Prepare the items after a cursor.

        Only the first batch of this process may be a retry: of a worker that was killed over it.
        """
        items = self._items.after(cursor)
        if not items:
            return None
        is_retry, self._has_prepared = not self._has_prepared, True
        return self._items.prepare(items, is_retry=is_retry)

    def _write(self, cursor: str, batch: PreparedBatch[Any]) -> tuple[PreparedBatch[Any], frozenset[int]]:
        """Write a batch; after a write conflict with another change of its contacts prepare it again.

        A batch that comes into conflict again and again is left to the lanes, which take turns and
        set aside what cannot be written.
        """
        content: object = None
        for _ in range(TRIES):
            try:
                self._items.record(batch)
                lanes = self.keep(batch.folded.for_lanes)
                inline_apply.write(
                    self.db, batch.folded.writes, job=self.job.id, cursor=cursor, clock=utc_now
                )
            except WriteRefused:
                break
            except CommitConflict as conflict:
                if conflict.content is not None and conflict.content == content:
                    break
                content = conflict.content
                batch = self._items.prepare(batch.items, is_retry=True)
            else:
                return batch, lanes
        self._items.record(batch)
        return batch, self.keep(batch.activities)


def _items_of(db: Db, job: Job, go_on: GoOn) -> ImportItems[Any]:
    """The items of a file: its rows, or the orders and other activities in them."""
    if import_request.settings_of(job).kind == "contacts":
        return ContactRows(db, job, go_on=go_on)
    return HistoryRows(db, job, go_on=go_on)


class ContactRows:
    """The rows of a file of contacts, in the order of its lines."""

    def __init__(self, db: Db, job: Job, *, go_on: GoOn) -> None:
        self._go_on = go_on
        self._format = import_request.settings_of(job).format
        self._open = stored_files.opener(db, job.id)
        self._preparation = BatchPreparation(db, job)
        self._rows: Iterator[Row] | None = None
        self._read_up_to = ""

    def total(self) -> int:
        """Count the rows.  Raises UnreadableFile and WorkStopped."""
        return count_rows(self._open, self._format, go_on=self._go_on)

    def after(self, cursor: str) -> list[Row]:
        """The next rows; the file is read again up to the cursor if another worker imported those."""
        if self._rows is None or cursor != self._read_up_to:
            self._rows = self._read_after(int(cursor or 0))
        rows = list(islice(self._rows, STEP))
        if rows:
            self._read_up_to = cursor_at(rows[-1].line)
        return rows

    def prepare(self, rows: Sequence[Row], *, is_retry: bool) -> PreparedBatch[Row]:
        """Prepare a step (see `ImportItems`)."""
        return self._preparation.prepare(rows, is_retry=is_retry)

    def record(self, batch: PreparedBatch[Row]) -> None:
        """Record nothing: the ids of the activities follow from the job and the line."""

    def _read_after(self, line: int) -> Iterator[Row]:
        """Read the rows after a line; the keys of those before it are recorded."""
        self._preparation.start_over()
        table = read_table(self._open, self._format)
        while rows := list(islice(table.rows, STEP)):
            before = [row for row in rows if row.line <= line]
            if before:
                if not self._go_on():
                    return
                self._preparation.skip(before)
            yield from rows[len(before) :]


register(
    JobKind(
        id=import_request.KIND,
        work=work_of,
        permission=Permission.IMPORT,
        acts=("undid an import", "stopped an import"),
        undo=import_request.undo,
        refusals=refused_rows.refusals,
    )
)
