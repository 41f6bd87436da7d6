"""The request to import a file, stored as a job: its settings, and whether the same file was imported before.

`import_job` does the import.  Undoing it undoes the activities of its rows, whose ids follow from the job
and the line, and nothing that happened since.
"""

from __future__ import annotations

from datetime import datetime
from itertools import islice
from typing import BinaryIO

from engine.db import Db
from engine.db.installation import namespace
from engine.domain.document import Document
from engine.errors import ContactSheetsError
from engine.imports import stored_files
from engine.imports.mapping import columns, consents, inspection, undecided_columns
from engine.imports.mapping.columns import InvalidMapping
from engine.imports.mapping.import_settings import ImportSettings
from engine.imports.mapping.kinds import ImportKind
from engine.imports.reading.formats import Opener
from engine.imports.reading.table import read_table
from engine.imports.stored_files import FileWriter
from engine.jobs import jobs
from engine.jobs.errors import CannotUndo, JobNotFound
from engine.jobs.jobs import Job, JobState
from engine.rules import versions

KIND = "import"

_ENDS = {JobState.STOPPED: "; it was stopped", JobState.FAILED: "; it failed"}


def start(
    db: Db,
    stream: BinaryIO,
    settings: ImportSettings,
    *,
    name: str,
    id_: str,
    by: str,
    by_name: str,
    now: datetime,
) -> str:
    """Store a file and the request to import it, once for its id; return that.

    Raises UnreadableFile and InvalidMapping; problems of single rows are no errors (see `preview`).
    """
    if jobs.job(db, id_) is not None:
        return id_
    stored_files.delete(db, id_)  # of an earlier try that was killed
    FileWriter(db, id_, name).write_all(stream)
    try:
        return add(db, settings, name=name, id_=id_, by=by, by_name=by_name, now=now)
    except ContactSheetsError:
        stored_files.delete(db, id_)
        raise


def add(
    db: Db,
    settings: ImportSettings,
    *,
    name: str,
    id_: str,
    by: str,
    by_name: str,
    now: datetime,
) -> str:
    """Store the request to import the stored file `id_`, once; return the id.

    Raises UnreadableFile and InvalidMapping.
    """
    table = read_table(stored_files.opener(db, id_), settings.format)
    headings, ruleset = table.headings, versions.current(db)
    columns.validated(
        headings, settings.columns, ruleset, kind=settings.kind, activity_type=settings.activity_type
    )
    settings.validate_kind()
    sample = list(islice(table.rows, inspection.SAMPLE))
    if dropped := undecided_columns.undecided(headings, sample, settings, ruleset):
        raise InvalidMapping([f"{one.problem}: decide on it" for one in dropped])
    consents.file_consents(settings.statements, settings.columns, ruleset, now=now)
    options: Document = {"file": name, "settings": settings.encode(), "headings": list(headings)}
    options |= {"kind": settings.kind}
    options |= stored_files.size_and_digest(db, id_)
    what = "" if settings.kind == "contacts" else f"{settings.kind} from "
    jobs.add(db, Job(id_, KIND, f"Import of {what}{name}", by, by_name, created_at=now, wanted=options))
    return id_


def undo(db: Db, of: str, *, by: str, by_name: str, now: datetime) -> str:
    """Store a job that undoes an import, once for each; return its id.  Raises CannotUndo."""
    undone = jobs.job(db, of)
    if undone is None or not is_import(undone):
        raise JobNotFound(of, "import")
    if undone.under_way:
        raise CannotUndo("the import is still running: stop it, then undo it")
    id_ = f"{of}:undo"
    wanted: Document = {"kind": kind_of(undone)}
    title = f"Undo: {undone.title}"
    jobs.add(db, Job(id_, KIND, title, by, by_name, created_at=now, wanted=wanted, undoes=of))
    return id_


def is_import(job: Job) -> bool:
    """Return whether a job imports a file, rather than undoing that."""
    return job.kind == KIND and job.undoes is None


def kind_of(job: Job) -> ImportKind:
    """Return what the file of an import, or of its undo, has."""
    kind: ImportKind = job.wanted.get("kind", "contacts")
    return kind


def headings_of(job: Job) -> list[str]:
    """Return the headings of an import's file."""
    return list(job.wanted["headings"])


def settings_of(job: Job) -> ImportSettings:
    """Return the settings of an import."""
    return ImportSettings.decode(job.wanted["settings"])


def cursor_at(line: int) -> str:
    """Return the cursor of a job that is done with all rows up to a line."""
    return f"{line:012d}"


# Earlier imports


def remembered_mappings(
    db: Db, kind: ImportKind, preset: str = "", *, among: int = 20
) -> list[dict[str, str]]:
    """Return the mappings of the last imports of a kind with a preset, or without one, the latest first.

    The mapping of another tool, or of another export of the same one, is no guide: what it left out may be
    what matters here.
    """
    jobs_found = (job for job in jobs.recent(db, [KIND], limit=among) if job.undoes is None and job.wanted)
    return [
        {heading: settings.columns.get(heading, columns.LEFT_OUT) for heading in headings_of(job)}
        for job in jobs_found
        if (settings := settings_of(job)).kind == kind and settings.preset == preset
    ]


def imported_before(db: Db, id_: str) -> Job | None:
    """Return the last import of the same content as a stored file; None if there is none.

    An import that was not undone goes before those that were.
    """
    digest = stored_files.size_and_digest(db, id_).get("digest")
    return None if digest is None else _last(db, "digest", digest, but=id_)


def imported_before_from(db: Db, open_: Opener, *, size: int) -> Job | None:
    """Return the same for a file that is not stored; it is read only if one of the same size was imported."""
    if _last(db, "bytes", size) is None:
        return None
    with open_() as stream:
        return _last(db, "digest", stored_files.digest_of(stream, secret=namespace(db)))


def describe_earlier(job: Job, *, when: str) -> str:
    """Describe an earlier import of the same file; `when` it began, in the reader's notation."""
    name, by = job.wanted["file"], job.by_name
    if job.under_way:
        return f"{by} is importing the same file now, as {name}, since {when}"
    end = "; it was undone" if job.undone_by else _ENDS.get(job.state, "")
    return f"{by} imported the same file on {when}, as {name}{end}"


def _last(db: Db, name: str, value: object, *, but: str | None = None) -> Job | None:
    """Return the last import that wants something, but one; of all, those that stand come first."""
    found = [job for job in jobs.wanting(db, KIND, name, value) if job.id != but]
    return min(found, key=lambda job: job.undone_by is not None, default=None)
