"""The export job: one step writes the whole file at one point in time; a killed worker restarts it.

The file is there from its last byte on, and the step's end names it in the job.  So of any
number who tried, one file is offered, whole; what the others left is swept.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any, BinaryIO, cast

from gridfs import GridIn
from pymongo.client_session import ClientSession
from pymongo.errors import OperationFailure, PyMongoError

from engine.accounts.permissions import Permission
from engine.db import Db
from engine.db.connection import utc_now
from engine.db.regex_query import regex_errors
from engine.domain.document import Document
from engine.errors import LimitExceeded, WorkStopped
from engine.exports import export_rows, exporting
from engine.exports.column import Column
from engine.exports.export_files import FORMATS
from engine.exports.row_reads import Batch
from engine.jobs import job_lease, jobs
from engine.jobs.jobs import Job, Step
from engine.jobs.kinds import JobKind, Work, register
from engine.rules import versions

REPORT_EVERY = 1.0
"""Seconds between two notes of how far a file is."""

_STOPPED = "the export was stopped, or another worker has written it"

_TOO_OLD = 239
"""MongoDB's error code for a snapshot that is too old."""


class SnapshotExpired(LimitExceeded):
    """MongoDB no longer knows how things were when the export began."""

    def __init__(self) -> None:
        super().__init__(
            "the export took longer than MongoDB remembers how things were (five minutes, unless "
            "minSnapshotHistoryWindowInSeconds says otherwise): take fewer columns, days or contacts, or let "
            "the server remember longer"
        )


def work_of(db: Db, job: Job) -> Work:
    """The work of an export job."""
    return _Exporting(db, job)


class _Exporting:
    """A file, written in one go."""

    def __init__(self, db: Db, job: Job) -> None:
        self._db, self._job = db, job
        self._wanted = exporting.export_of(job)
        self._reported_at = time.monotonic()

    def total(self) -> int:
        """The number of contacts.  Raises WorkbookTooLarge for more than the format can hold."""
        with regex_errors():
            total = self._db.contacts.count_documents(self._wanted.selection.matching(self._db))
        exporting.refuse_too_large(self._wanted, total, len(self._wanted.columns))
        return total

    def step(self, cursor: str, *, now: datetime) -> Step | None:
        """Write the file; unset if it is there."""
        if exporting.is_file(cursor):
            return None
        before = jobs.job(self._db, self._job.id)
        if before is None or before.cursor != cursor:
            return Step(cursor, 0)
        try:
            return self._written(before, now)
        except WorkStopped:
            return Step(cursor, 0)

    def _written(self, before: Job, as_of: datetime) -> Step:
        file, query = exporting.new_file(before), self._wanted.selection.matching(self._db)
        columns = exporting.columns_of(self._db, self._wanted)
        with regex_errors(), _snapshot(self._db) as session:
            metadata = {"job": before.id, "what": self._wanted.what, "as_of": as_of}
            rows, size, contacts = self._upload(before, file, columns, query, metadata, session)
        job_lease.note_total(self._db, before.id, contacts)
        if not job_lease.reach(self._db, before, contacts, now=utc_now()):
            raise WorkStopped(_STOPPED)
        made = {"file": file, "name": self._wanted.file, "bytes": size, "rows": rows, "as_of": as_of}
        return Step(file, 0, made=made)

    def _upload(
        self,
        before: Job,
        file: str,
        columns: Sequence[Column],
        query: Document,
        metadata: Document,
        session: ClientSession,
    ) -> tuple[int, int, int]:
        """Write the file; return its rows and bytes, and of how many contacts they are."""
        ruleset, rows, contacts = versions.current(self._db), 0, 0
        found = export_rows.batches(
            self._db,
            self._wanted,
            columns,
            query,
            session=session,
            ordered=(before.total or 0) <= export_rows.ORDERED_UP_TO,
            ruleset=ruleset,
        )
        grid = exporting.files(self._db).open_upload_stream_with_id(
            file, self._wanted.file, metadata=metadata
        )
        with _all_or_nothing(grid) as out:
            table = FORMATS[self._wanted.format].make(cast(BinaryIO, out), columns, ruleset.account.time_zone)
            for batch in self._reporting(before, found):
                if batch.rows:
                    table.write(batch.columns)
                rows, contacts = rows + batch.rows, batch.contacts
            table.close()
        return rows, out.size, contacts

    def _reporting(self, before: Job, found: Iterable[Batch]) -> Iterator[Batch]:
        """Yield the batches and report progress; raise WorkStopped once the export was stopped."""
        for batch in found:
            yield batch
            if time.monotonic() - self._reported_at >= REPORT_EVERY:
                self._reported_at = time.monotonic()
                if not job_lease.reach(self._db, before, batch.contacts, now=utc_now()):
                    raise WorkStopped(_STOPPED)


class _Out:
    """The output stream of a file; it counts bytes and stays open when its writer closes it."""

    closed = False

    def __init__(self, grid: GridIn) -> None:
        self._grid, self.size = grid, 0
        self.given_up = False

    def write(self, data: Any) -> int:
        found = bytes(data)
        if not self.given_up:  # writers finish what they have begun when they are let go of
            self._grid.write(found)
        self.size += len(found)
        return len(found)

    def flush(self) -> None:
        """GridFS keeps a file when it is closed."""

    def close(self) -> None:
        """See `_all_or_nothing`."""

    def writable(self) -> bool:
        return True

    def readable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return False


@contextmanager
def _all_or_nothing(grid: GridIn) -> Iterator[_Out]:
    """Keep a file once all of it is written; else leave nothing of it."""
    out = _Out(grid)
    try:
        yield out
        grid.close()
    except BaseException:
        out.given_up = True
        with suppress(PyMongoError):  # then it is swept
            grid.abort()
        raise


@contextmanager
def _snapshot(db: Db) -> Iterator[ClientSession]:
    """Read everything in the block from one snapshot.  Raises SnapshotExpired."""
    try:
        with db.client.start_session(snapshot=True) as session:
            yield session
    except OperationFailure as error:
        if error.code != _TOO_OLD:
            raise
        raise SnapshotExpired from None


register(
    JobKind(
        id=exporting.KIND,
        work=work_of,
        permission=Permission.EXPORT,
        acts=("undid an export", "stopped an export"),
    )
)
