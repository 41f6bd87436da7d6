"""Drafts: files that were uploaded and are not imported yet, each with its settings so far.

The id of a draft is random, and until its file is uploaded it is all that the upload needs: it can be used
once.  The file is stored where the import reads it, so that nothing is copied.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from gridfs import NoFile

from engine.db import Db
from engine.domain.document import Document
from engine.errors import Conflict, LimitExceeded, StoredFileNotFound
from engine.imports import stored_files
from engine.imports.mapping.import_settings import ImportSettings
from engine.imports.stored_files import CHUNK, FileWriter
from engine.jobs import jobs

MAX_BYTES = 1024**3
"""Bytes of an uploaded file."""

KEPT_FOR = timedelta(days=2)
"""How long a draft is kept."""

MAX_NAME = 200
"""Characters of a file's name."""


class UploadNotExpected(Conflict):
    """An upload that no draft waits for: it is there already, or the page was loaded too long ago."""


class FileTooLarge(LimitExceeded):
    """An upload of more than MAX_BYTES."""

    def __init__(self) -> None:
        super().__init__(
            f"the file is over {MAX_BYTES // 1024**3} GB: pack it as .gz, split it, or import it on the "
            "server with `sheets import`"
        )


@dataclass(frozen=True)
class Draft:
    """An uploaded file; `settings` are unset until the user has chosen some."""

    id: str
    by: str
    name: str
    size: int
    created_at: datetime
    settings: ImportSettings | None = None


class Upload:
    """The file of a draft while it is uploaded, chunk by chunk."""

    def __init__(self, db: Db, id_: str, name: str) -> None:
        self._db, self._id, self._name = db, id_, name
        self._size = 0
        self._file = FileWriter(db, id_, name)

    def write(self, chunk: bytes) -> None:
        """Store a chunk.  Raises FileTooLarge."""
        self._size += len(chunk)
        if self._size > MAX_BYTES:
            raise FileTooLarge
        self._file.write(chunk)

    def finish(self) -> None:
        """Complete the draft."""
        self._file.finish()
        fields = {"state": "sent", "name": self._name, "size": self._size}
        self._db.import_drafts.update_one({"_id": self._id}, {"$set": fields})

    def abort(self) -> None:
        """Remove what is stored of the file, which can then be uploaded again."""
        self._file.abort()
        self._db.import_drafts.update_one({"_id": self._id}, {"$set": {"state": "awaited"}})


def expect(db: Db, *, by: str, session: str | None, now: datetime) -> str:
    """Create a draft that waits for a user's upload; return its id."""
    id_ = secrets.token_hex(16)
    db.import_drafts.insert_one(
        {"_id": id_, "by": by, "session": session, "state": "awaited", "created_at": now}
    )
    return id_


def expected(db: Db, id_: str) -> tuple[str, str | None]:
    """Return the user and the session that an upload is expected from.  Raises UploadNotExpected."""
    row = db.import_drafts.find_one({"_id": id_, "state": "awaited"})
    if row is None:
        raise UploadNotExpected("this page is outdated: reload it, then upload the file again")
    return row["by"], row["session"]


def receive(db: Db, id_: str, name: str) -> Upload:
    """Start an expected upload.  Raises UploadNotExpected."""
    started = {"$set": {"state": "coming"}}
    if not db.import_drafts.update_one({"_id": id_, "state": "awaited"}, started).modified_count:
        raise UploadNotExpected("this file is being sent already")
    return Upload(db, id_, clean_name(name))


def clean_name(sent: str) -> str:
    """Return the name of a file without folders and unprintable characters."""
    printable = "".join(sign if sign.isprintable() else " " for sign in sent)
    return " ".join(printable.replace("\\", "/").rpartition("/")[2].split())[-MAX_NAME:] or "file"


def draft(db: Db, id_: str, *, by: str) -> Draft | None:
    """Return a draft of a user; None if it does not exist, or is another user's.

    The file of a draft is deleted when a person in it is erased; the draft is then gone, too.
    """
    row = db.import_drafts.find_one({"_id": id_, "by": by, "state": "sent"})
    return _draft(row) if row is not None and stored_files.exists(db, id_) else None


def of_user(db: Db, by: str, *, limit: int = 5) -> list[Draft]:
    """Return the drafts of a user, the latest first."""
    rows = db.import_drafts.find({"by": by, "state": "sent"}).sort("created_at", -1).limit(limit)
    return list(map(_draft, rows))


def exists(db: Db, id_: str) -> bool:
    """Return whether a draft and its file exist."""
    row = db.import_drafts.find_one({"_id": id_, "state": "sent"}, {"_id": 1})
    return row is not None and stored_files.exists(db, id_)


def store_settings(db: Db, id_: str, settings: ImportSettings) -> None:
    """Store the settings of a draft, for when the user comes back to it."""
    db.import_drafts.update_one({"_id": id_}, {"$set": {"settings": settings.encode()}})


def copy(db: Db, job: str, *, by: str, now: datetime) -> str:
    """Create a draft with the file of an import; return its id.  Raises StoredFileNotFound."""
    try:
        file = stored_files.bucket(db).open_download_stream(job)
    except NoFile:
        raise StoredFileNotFound(job, "the file of this import is not kept any more: send it again") from None
    id_ = expect(db, by=by, session=None, now=now)
    upload = receive(db, id_, str(file.filename))
    while chunk := file.read(CHUNK):
        upload.write(chunk)
    upload.finish()
    return id_


def mark_imported(db: Db, id_: str) -> None:
    """Remove a draft that has become an import; its file stays."""
    cancel_previews(db, id_)
    db.import_drafts.delete_one({"_id": id_})


def discard(db: Db, ids: Iterable[str]) -> None:
    """Delete drafts, and their files unless those are imported."""
    for id_ in ids:
        if jobs.job(db, id_) is None:
            stored_files.delete(db, id_)
        cancel_previews(db, id_)
        db.import_drafts.delete_one({"_id": id_})


def sweep(db: Db, *, now: datetime) -> int:
    """Delete old drafts and uploads that broke off; return how many."""
    old = [row["_id"] for row in db.import_drafts.find({"created_at": {"$lt": now - KEPT_FOR}}, {"_id": 1})]
    discard(db, old)
    return len(old)


def _draft(row: Document) -> Draft:
    settings = row.get("settings")
    return Draft(
        row["_id"],
        row["by"],
        row["name"],
        row["size"],
        row["created_at"],
        None if settings is None else ImportSettings.decode(settings),
    )


# The result of the preview (`preview_job`)


def preview_prefix(id_: str) -> str:
    """Return what the ids of the preview jobs of a draft start with."""
    return f"{id_}:check:"


def store_preview(db: Db, id_: str, job: str, result: str) -> None:
    """Store the result of a preview, as text: headings may be keys that MongoDB does not accept."""
    db.import_drafts.update_one({"_id": id_}, {"$set": {"checked": {"by": job, "found": result}}})


def preview_result(db: Db, id_: str, job: str) -> str | None:
    """Return the stored result of a preview job; None if it is not done."""
    row = db.import_drafts.find_one({"_id": id_, "checked.by": job}, {"checked": 1})
    return None if row is None else str(row["checked"]["found"])


def cancel_previews(db: Db, id_: str) -> None:
    """Remove the previews of a draft; one that is running stops by itself."""
    jobs.forget(db, preview_prefix(id_))
    db.import_drafts.update_one({"_id": id_}, {"$unset": {"checked": ""}})
