"""An export: the request for a file of contacts or activities, stored as a job (`jobs`), and its file.

`export_steps` writes the file.  Nobody is ever offered half of one: it is there once its last
byte is, and the job then names it.  Files go after some days.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import msgspec
import uuid_utils
from gridfs import GridFSBucket, GridOut, NoFile

from engine.contacts.bulk.bulk_change import EmptySelection
from engine.contacts.bulk.selection import Selection
from engine.contacts.listing.listing import Listing
from engine.db import Db
from engine.errors import StoredFileNotFound
from engine.exports import export_columns
from engine.exports.column import Column, What
from engine.exports.export_files import FORMATS, FileFormat
from engine.exports.workbook_writer import MAX_COLUMNS, WorkbookTooLarge
from engine.jobs import jobs
from engine.jobs.jobs import Job, JobState
from engine.rules import versions

KIND = "export"

KEPT_FOR = timedelta(days=7)
"""How long the file of an export is kept."""

CHUNK = 1024**2
"""Bytes of a piece of a file, as GridFS keeps it."""


@dataclass(frozen=True)
class Export:
    """The request of an export.

    Parameters:
      what(str): Contacts, or their activities.
      format(str): What the file is to be, one of FORMATS.
      columns(tuple): Ids of `export_columns.offered`, in this order; none: all.
      selection(Selection): The contacts.
      types(tuple): Of activities, only these types; none: all.
      first(date): Of activities, from this day on, in the account's time zone.
      last(date): Of activities, up to this day, included.
      name(str): What the file is called, without what its format adds.
    """

    what: What = "contacts"
    format: FileFormat = "csv"
    columns: tuple[str, ...] = ()
    selection: Selection = field(default_factory=lambda: Selection(listing=Listing()))
    types: tuple[str, ...] = ()
    first: date | None = None
    last: date | None = None
    name: str = "contacts"

    @property
    def file(self) -> str:
        return f"{self.name}.{self.format}"


@dataclass(frozen=True)
class Made:
    """The file of a finished export.

    `as_of` is the moment whose state it shows, `until` when it goes.
    """

    file: str
    name: str
    bytes: int
    rows: int
    as_of: datetime
    until: datetime


def start(db: Db, wanted: Export, *, id_: str, by: str, by_name: str, now: datetime) -> str:
    """Keep the wish for a file, once for its id; return that.

    Raises InvalidFilter, UnknownColumn, EmptySelection and WorkbookTooLarge.
    """
    selection = wanted.selection
    if not selection.ids and selection.listing is None:
        raise EmptySelection
    ruleset = versions.current(db)
    columns = export_columns.chosen(wanted.what, wanted.columns, ruleset)
    selection.matching(db)  # raises here, before the job is queued
    if FORMATS[wanted.format].most_rows is not None:  # to count a million takes half a second
        refuse_too_large(wanted, selection.count(db), len(columns))
    config = {"export": msgspec.json.encode(wanted).decode()}
    title = f"Export {wanted.what} to {FORMATS[wanted.format].label}"
    jobs.add(db, Job(id_, KIND, title, by, by_name, created_at=now, wanted=config))
    return id_


def refuse_too_large(wanted: Export, contacts: int | None, columns: int) -> None:
    """Raise WorkbookTooLarge for what the format cannot hold, as far as that is known beforehand."""
    most = FORMATS[wanted.format].most_rows
    if most is None:
        return
    if wanted.what == "contacts" and contacts is not None and contacts > most:
        raise WorkbookTooLarge(
            f"an Excel sheet holds {most:,} rows besides its headings, and these are {contacts:,} contacts: "
            "use CSV or Parquet, or a narrower filter"
        )
    if columns > MAX_COLUMNS:
        raise WorkbookTooLarge(f"an Excel sheet holds {MAX_COLUMNS:,} columns, not {columns:,}")


_DECODER = msgspec.json.Decoder(Export)


def export_of(job: Job) -> Export:
    """The request of a job."""
    return _DECODER.decode(job.wanted["export"])


def columns_of(db: Db, wanted: Export) -> list[Column]:
    """The columns of a file, each under its heading there."""
    ruleset = versions.current(db)
    found = export_columns.chosen(wanted.what, wanted.columns, ruleset)
    return export_columns.with_headings(found, ruleset) if wanted.what == "contacts" else found


# Files


def files(db: Db) -> GridFSBucket:
    """The storage of export files.

    Beside each stand its `job`, `what` it holds and `as_of` which moment.
    """
    return GridFSBucket(db, bucket_name="exports", chunk_size_bytes=CHUNK)


def new_file(job: Job) -> str:
    """An id for the file of a job, of one try of it."""
    return f"{job.id}:{uuid_utils.uuid7().hex}"


def is_file(cursor: str) -> bool:
    """Whether a job that is so far has its file."""
    return bool(cursor)


def made_of(job: Job) -> Made | None:
    """The file that a job wrote, even if it has expired; None if it wrote none."""
    if job.state != JobState.DONE or job.finished_at is None or not job.made:
        return None
    made = {name: job.made[name] for name in ("file", "name", "bytes", "rows", "as_of")}
    return Made(**made, until=job.finished_at + KEPT_FOR)


def available(db: Db, found: Iterable[Job], *, now: datetime) -> set[str]:
    """The jobs whose file can be downloaded."""
    made = {made.file: job.id for job in found if (made := made_of(job)) is not None and now < made.until}
    rows = db["exports.files"].find({"_id": {"$in": list(made)}}, {"_id": 1})
    return {made[row["_id"]] for row in rows}


def opened(db: Db, job: Job, *, now: datetime) -> tuple[Made, GridOut]:
    """A file, to be read.  Raises StoredFileNotFound."""
    made = made_of(job)
    if made is None:
        raise StoredFileNotFound(job.id, "the file is not ready, or the export did not finish")
    if now >= made.until:
        gone = f"the file was kept for {KEPT_FOR.days} days and is gone: run the export again"
        raise StoredFileNotFound(job.id, gone)
    try:
        return made, files(db).open_download_stream(made.file)
    except NoFile:
        gone = "the file is not kept any more: run the export again"
        raise StoredFileNotFound(job.id, gone) from None


def sweep(db: Db, *, now: datetime) -> int:
    """Remove files that nobody can have any more, and pieces that a killed worker left; return how many.

    What belongs to an export under way is left alone.
    """
    whole = {row["_id"] for row in db["exports.files"].find({}, {"_id": 1})}
    pieces = set(db["exports.chunks"].distinct("files_id"))
    gone = [id_ for id_ in whole | pieces if not _is_wanted(db, str(id_), now)]
    for id_ in gone:
        db["exports.files"].delete_one({"_id": id_})
        db["exports.chunks"].delete_many({"files_id": id_})
    return len(gone)


def _is_wanted(db: Db, file: str, now: datetime) -> bool:
    job = jobs.job(db, file.rpartition(":")[0])
    if job is None:
        return False
    made = made_of(job)
    return job.under_way or (made is not None and made.file == file and now < made.until)
