"""Files that may contain the person: they are deleted as a whole.

A file of an import has been read by then and serves only to be looked at again: one that names
the person is deleted, not rewritten, for what is left after leaving lines out is no longer what
was imported.  An export holds whatever its filter found, packed so that nobody can look into it
row by row, and is made again in a minute: all that are older than the erasure are deleted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime

from gridfs import GridFSBucket

from engine.db import Db
from engine.domain.document import Document
from engine.domain.identity.identities import IdentityKind, key_kind, key_value
from engine.errors import ContactSheetsError
from engine.exports import exporting
from engine.imports import import_request, stored_files
from engine.imports.reading import formats
from engine.imports.reading.table import Row, read_table
from engine.jobs import jobs
from engine.jobs.jobs import Job
from engine.privacy import report
from engine.privacy.mentions import Mentions
from engine.privacy.person import Person

IMPORTS, EXPORTS, REPEATS = "imports", "exports", ":repeats"

PIECE = 1 << 20
"""Bytes of a file of no known kind that are looked at together."""

LONGEST = 1_000
"""Bytes by which such pieces overlap: no name is longer."""


def remove_files(
    db: Db, erasure: str, person: Person, mentions: Mentions, *, go_on: Callable[[], bool]
) -> None:
    """Delete files that may contain the person; those of running jobs later (`remove_pending`)."""
    at = _began(db, erasure)
    exporting.sweep(db, now=at)  # pieces that a killed worker left of a file
    for bucket in _buckets(db):
        for file in db[f"{bucket}.files"].find({"uploadDate": {"$lte": at}}, {"_id": 1, "uploadDate": 1}):
            job = jobs.job(db, _job_of(bucket, str(file["_id"])))
            if job is not None and job.under_way:
                _leave_for_later(db, erasure, job)
            elif _may_hold(db, bucket, file["_id"], job, person, mentions, go_on):
                _remove(db, erasure, bucket, file["_id"])
    for job_id in _begun_before(db, at):
        _leave_for_later(db, erasure, job_id)


def remove_pending(db: Db) -> int:
    """Delete the files of jobs that were running during an erasure; return how many."""
    removed = 0
    for row in db.erasures.find({"pending.0": {"$exists": True}}, {"pending": 1}):
        for id_ in row["pending"]:
            job = jobs.job(db, id_)
            if job is not None and job.under_way:
                continue
            for bucket in _buckets(db):
                theirs = [{"_id": {"$in": [id_, f"{id_}:repeats"]}}, {"metadata.job": id_}]
                for file in db[f"{bucket}.files"].find({"$or": theirs}, {"_id": 1}):
                    _remove(db, row["_id"], bucket, file["_id"])
                    removed += 1
            db.erasures.update_one({"_id": row["_id"]}, {"$pull": {"pending": id_}})
    return removed


def _job_of(bucket: str, file: str) -> str:
    """The job that a file is of: a try of an export has a name of its own."""
    return file.rpartition(":")[0] if bucket == EXPORTS else file.removesuffix(REPEATS)


def _began(db: Db, erasure: str) -> datetime:
    row = db.erasures.find_one({"_id": erasure}, {"at": 1})
    assert row is not None
    at: datetime = row["at"]
    return at


def _begun_before(db: Db, at: datetime) -> Iterator[Job]:
    """Exports that have read, or will read, what was there before."""
    for job in jobs.under_way(db, [exporting.KIND]):
        if job.started_at is not None and job.started_at <= at:
            yield job


def _leave_for_later(db: Db, erasure: str, job: Job) -> None:
    db.erasures.update_one({"_id": erasure}, {"$addToSet": {"pending": job.id}})


def _buckets(db: Db) -> list[str]:
    names = db.list_collection_names(filter={"type": "collection"})
    return sorted(name.removesuffix(".files") for name in names if name.endswith(".files"))


def _may_hold(
    db: Db,
    bucket: str,
    file: object,
    job: Job | None,
    person: Person,
    mentions: Mentions,
    go_on: Callable[[], bool],
) -> bool:
    if bucket == EXPORTS:
        return True
    if bucket != IMPORTS:
        return _names_person(db, bucket, file, mentions, go_on)
    if str(file).endswith(REPEATS):
        return False  # numbers of lines alone
    return _is_in(db, str(file), job, _LooseMatch(person, mentions), go_on)


def _is_in(db: Db, file: str, job: Job | None, named: _LooseMatch, go_on: Callable[[], bool]) -> bool:
    """Whether a row of a file names the person, imported or not; an unreadable file counts as naming."""
    try:
        return next(_rows_naming(db, file, job, named, go_on), None) is not None
    except ContactSheetsError:
        return True


def rows_naming(db: Db, person: Person, mentions: Mentions) -> Iterator[Document]:
    """The rows of stored imported files that name the person."""
    named = _LooseMatch(person, mentions)
    for file in db[f"{IMPORTS}.files"].find({}, {"filename": 1}):
        job = jobs.job(db, str(file["_id"]))
        if job is None or job.undoes is not None:
            continue
        with suppress(ContactSheetsError):  # as far as it can be read
            for row in _rows_naming(db, job.id, job, named, lambda: True):
                cells = dict(zip(import_request.headings_of(job), row.cells, strict=False))
                yield {
                    "file": file["filename"],
                    "imported_at": job.created_at,
                    "line": row.line,
                    "row": cells,
                }


def _rows_naming(
    db: Db, file: str, job: Job | None, named: _LooseMatch, go_on: Callable[[], bool]
) -> Iterator[Row]:
    open_ = stored_files.opener(db, file)
    format_ = formats.detect(open_) if job is None else import_request.settings_of(job).format
    for row in read_table(open_, format_).rows:
        if any(cell and named.by(cell) for cell in row.cells):
            yield row
        if row.line % 1_000 == 0 and not go_on():
            return


class _LooseMatch:
    """Whether a cell could name the person; false positives only delete a file that is not needed."""

    def __init__(self, person: Person, mentions: Mentions) -> None:
        self._mentions = mentions
        self._numbers = {key[-8:] for key in person.keys if key_kind(key) is IdentityKind.PHONE}
        self._words = {key_value(key).lower() for key in person.keys} | {
            person.typed.lower(),
            person.name.lower(),
        }

    def by(self, cell: str) -> bool:
        small = cell.strip().lower()
        if not small:
            return False
        digits = "".join(filter(str.isdigit, small)) if self._numbers else ""
        return (
            small in self._words
            or (len(digits) >= 8 and digits[-8:] in self._numbers)
            or (self._mentions.may_be_in(cell.encode()) and self._mentions.are_in(cell))
        )


def _names_person(db: Db, bucket: str, file: object, mentions: Mentions, go_on: Callable[[], bool]) -> bool:
    """Whether the bytes of another kind of file name the person."""
    before = b""
    with GridFSBucket(db, bucket_name=bucket).open_download_stream(file) as stream:
        while piece := stream.read(PIECE):
            if mentions.may_be_in(before + piece) or not go_on():
                return True
            before = piece[-LONGEST:]
    return False


def _remove(db: Db, erasure: str, bucket: str, file: object) -> None:
    """Delete a file, its pieces first: killed in between it is found again."""
    db[f"{bucket}.chunks"].delete_many({"files_id": file})
    if db[f"{bucket}.files"].delete_one({"_id": file}).deleted_count:
        report.count(db, erasure, {f"removed.files of {bucket}": 1})
