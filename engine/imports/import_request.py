"""An import: a file and the wish to make contacts of it, kept as a job (`jobs`); `steps` does it.

What a row comes to are activities whose ids follow from the job and its line.  Taking an
import back takes back those activities, and nothing that happened since.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, BinaryIO, cast

from bson import ObjectId
from gridfs import GridFSBucket, NoFile
from pymongo.database import Database

from engine.db.installation import namespace
from engine.errors import ContactSheetsError
from engine.imports import stored_files
from engine.imports.mapping import columns, consents
from engine.imports.mapping.import_settings import ImportSettings
from engine.imports.reading.formats import Opener
from engine.imports.reading.table import read_table
from engine.imports.stored_files import Keeping
from engine.jobs import jobs
from engine.jobs.jobs import Job, Refused
from engine.rules import rulesets

Document = dict[str, Any]

KIND = "import"

UPLOADED_WITHIN = timedelta(days=1)
"""By then an upload has come to its end, or never will."""


class NothingToTakeBack(ContactSheetsError):
    """An import that is not there, not at its end, or taken back already."""


def start(
    db: Database[Document],
    stream: BinaryIO,
    wanted: ImportSettings,
    *,
    name: str,
    id_: str,
    by: str,
    by_name: str,
    now: datetime,
) -> str:
    """Keep a file and the wish to import it, once for its id; return that.

    Raises UnreadableFile and InvalidMapping; what is wrong with single rows is said by `checking`.
    """
    if jobs.job(db, id_) is not None:
        return id_
    with suppress(NoFile):  # of an earlier try that was killed
        files(db).delete(id_)
    keep(db, id_, name).write_all(stream)
    try:
        return begin(db, wanted, name=name, id_=id_, by=by, by_name=by_name, now=now)
    except ContactSheetsError:
        files(db).delete(id_)
        raise


def begin(
    db: Database[Document],
    wanted: ImportSettings,
    *,
    name: str,
    id_: str,
    by: str,
    by_name: str,
    now: datetime,
) -> str:
    """Keep the wish to import a file that is kept already under `id_`, once; return that.

    Raises UnreadableFile and InvalidMapping.
    """
    headings = read_table(stored(db, id_), wanted.format).headings
    ruleset = rulesets.current(db)
    columns.checked(headings, wanted.columns, ruleset)
    consents.stated(wanted.statements, wanted.columns, ruleset.account, now=now)
    said = {"file": name, "settings": wanted.encode(), "headings": list(headings)}
    said |= _content(db, id_)
    jobs.add(db, Job(id_, KIND, f"Import of {name}", by, by_name, created_at=now, wanted=said))
    return id_


def undo(db: Database[Document], of: str, *, by: str, by_name: str, now: datetime) -> str:
    """Keep a job that takes an import back, once for each; return its id.  Raises NothingToTakeBack."""
    undone = jobs.job(db, of)
    if undone is None or undone.kind != KIND or undone.undoes is not None:
        raise NothingToTakeBack(f"there is no import {of!r}")
    if undone.under_way:
        raise NothingToTakeBack("the import is not finished yet: stop it, then take it back")
    id_ = f"{of}:undo"
    jobs.add(db, Job(id_, KIND, f"Undo: {undone.title}", by, by_name, created_at=now, undoes=of))
    return id_


def refused_rows(db: Database[Document], job: str, *, limit: int = 0) -> Iterator[tuple[int, str, list[str]]]:
    """The rows that an import refused: line, reason and cells, in the order of the file."""
    found = db.import_refusals.find({"_id": _of_job(job)}).sort("_id", 1).limit(limit)
    return ((row["line"], row["reason"], row["cells"]) for row in found)


def refusals(db: Database[Document], job: str, *, limit: int = 100) -> list[Refused]:
    """The rows that an import refused, by their line, and why."""
    return [Refused(reason, line=line) for line, reason, _ in refused_rows(db, job, limit=limit)]


def remembered(db: Database[Document], *, among: int = 20) -> list[dict[str, str]]:
    """What columns filled in the last imports, by heading, the newest first."""
    return [
        {heading: settings_of(job).columns.get(heading, columns.LEFT_OUT) for heading in headings_of(job)}
        for job in jobs.recent(db, [KIND], limit=among)
        if job.undoes is None
    ]


def imported_before(db: Database[Document], id_: str) -> Job | None:
    """The last import of the very content of a file that is kept; unset if there was none.

    One that stands comes before those that were taken back.
    """
    digest = _content(db, id_).get("digest")
    return None if digest is None else _last_of(db, {"wanted.digest": digest, "_id": {"$ne": id_}})


def imported_before_from(db: Database[Document], open_: Opener, *, size: int) -> Job | None:
    """The same of a file that is not kept.  It is read only if one of as many bytes was imported."""
    if _last_of(db, {"wanted.bytes": size}) is None:
        return None
    with open_() as stream:
        return _last_of(db, {"wanted.digest": stored_files.digest_of(stream, secret=namespace(db))})


def clear(db: Database[Document], job: str) -> None:
    """Keep the file of an import no longer, nor the rows that it refused."""
    for name in (job, f"{job}:repeats"):
        with suppress(NoFile):
            files(db).delete(name)
    db.import_refusals.delete_many({"_id": _of_job(job)})


def remove_pieces(db: Database[Document], *, now: datetime) -> int:
    """Remove what is left of files whose upload was never finished; return of how many."""
    old = {"_id": {"$lt": ObjectId.from_datetime(now - UPLOADED_WITHIN)}}
    pieces = set(db["imports.chunks"].find(old).distinct("files_id"))
    left = pieces - {row["_id"] for row in db["imports.files"].find({}, {"_id": 1})}
    db["imports.chunks"].delete_many({"files_id": {"$in": list(left)}})
    return len(left)


def headings_of(job: Job) -> list[str]:
    """The headings of an import's file."""
    return list(job.wanted["headings"])


def settings_of(job: Job) -> ImportSettings:
    """How an import reads its file."""
    return ImportSettings.decode(job.wanted["settings"])


# Files


def files(db: Database[Document]) -> GridFSBucket:
    """Where the files of imports are kept."""
    return GridFSBucket(db, bucket_name="imports")


def keep(db: Database[Document], id_: str, name: str) -> Keeping:
    """Begin to keep a file that is imported, or may be, under `id_`."""
    return Keeping(files(db), id_, name, secret=namespace(db))


def stored(db: Database[Document], job: str) -> Opener:
    """Opens the file of an import, each time anew."""

    def opened() -> BinaryIO:
        return cast(BinaryIO, files(db).open_download_stream(job))

    return opened


def _content(db: Database[Document], id_: str) -> Document:
    """How long the file of an import is and the digest of what it holds, as far as they are kept."""
    file = db["imports.files"].find_one({"_id": id_}, {"length": 1, "metadata.digest": 1})
    if file is None or "metadata" not in file:
        return {}
    return {"bytes": file["length"], "digest": file["metadata"]["digest"]}


def _last_of(db: Database[Document], query: Document) -> Job | None:
    rows = db.jobs.find({"kind": KIND, **query}, {"undone_by": 1}).sort("created_at", -1)
    found = sorted(rows, key=lambda row: "undone_by" in row)
    return jobs.job(db, found[0]["_id"]) if found else None


def cursor_at(line: int) -> str:
    """How far a job is that has done all up to a line."""
    return f"{line:012d}"


def refusal_id(job: str, line: int) -> str:
    """The id of what is kept of a refused row."""
    return f"{job}/{cursor_at(line)}"


def _of_job(job: str) -> Document:
    return {"$gte": f"{job}/", "$lt": f"{job}0"}
