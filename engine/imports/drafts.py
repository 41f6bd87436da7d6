"""Files that were sent and are not imported yet, each with how it is settled so far.

A draft's id is random and, until its file has come, all that is needed to send that: it can
be used once.  Its file is already where that of the import will be, so nothing is copied.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from gridfs import NoFile
from pymongo.database import Database

from engine.errors import ContactSheetsError
from engine.imports import import_request
from engine.imports.mapping.import_settings import ImportSettings
from engine.imports.stored_files import PIECE
from engine.jobs import jobs

Document = dict[str, Any]

MAX_BYTES = 1024**3
"""Bytes of a file as it is sent."""

KEPT_FOR = timedelta(days=2)
"""How long a file waits to be imported."""

MAX_NAME = 200


class NotExpected(ContactSheetsError):
    """A file that nobody waits for: it came already, or the page was loaded too long ago."""


class TooLarge(ContactSheetsError):
    """A file with more bytes than one may have."""

    def __init__(self) -> None:
        super().__init__(
            f"the file is over {MAX_BYTES // 1024**3} GB: pack it as .gz, split it, or import it on the "
            "server with `sheets import`"
        )


@dataclass(frozen=True)
class Draft:
    """A file that can be imported; `settings` are unset as long as nobody settled anything."""

    id: str
    by: str
    name: str
    size: int
    created_at: datetime
    settings: ImportSettings | None = None


class Incoming:
    """A file while it comes, piece by piece."""

    def __init__(self, db: Database[Document], id_: str, name: str) -> None:
        self._db, self._id, self._name = db, id_, name
        self._size = 0
        self._file = import_request.keep(db, id_, name)

    def write(self, piece: bytes) -> None:
        """Keep a piece.  Raises TooLarge."""
        self._size += len(piece)
        if self._size > MAX_BYTES:
            raise TooLarge
        self._file.write(piece)

    def finish(self) -> None:
        """The file is whole."""
        self._file.finish()
        said = {"state": "sent", "name": self._name, "size": self._size}
        self._db.import_drafts.update_one({"_id": self._id}, {"$set": said})

    def give_up(self) -> None:
        """The file broke off: nothing of it is kept, and it can be sent again."""
        self._file.give_up()
        self._db.import_drafts.update_one({"_id": self._id}, {"$set": {"state": "awaited"}})


def expect(db: Database[Document], *, by: str, session: str | None, now: datetime) -> str:
    """Wait for a file of somebody; return the id under which it may be sent."""
    id_ = secrets.token_hex(16)
    db.import_drafts.insert_one(
        {"_id": id_, "by": by, "session": session, "state": "awaited", "created_at": now}
    )
    return id_


def expected(db: Database[Document], id_: str) -> tuple[str, str | None]:
    """Who waits for a file, and in which session.  Raises NotExpected."""
    row = db.import_drafts.find_one({"_id": id_, "state": "awaited"})
    if row is None:
        raise NotExpected("this page was loaded a while ago: load it again, then send the file")
    return row["by"], row["session"]


def receive(db: Database[Document], id_: str, name: str) -> Incoming:
    """Begin to take a file that is waited for.  Raises NotExpected."""
    coming = {"$set": {"state": "coming"}}
    if not db.import_drafts.update_one({"_id": id_, "state": "awaited"}, coming).modified_count:
        raise NotExpected("this file is being sent already")
    return Incoming(db, id_, name_of(name))


def name_of(sent: str) -> str:
    """What a file is called: without folders, and with no sign that does not show."""
    shown = "".join(sign if sign.isprintable() else " " for sign in sent)
    return " ".join(shown.replace("\\", "/").rpartition("/")[2].split())[-MAX_NAME:] or "file"


def draft(db: Database[Document], id_: str, *, by: str) -> Draft | None:
    """A file that somebody sent; unset if there is none, or it is somebody else's.

    One that named somebody who was erased since is gone.
    """
    row = db.import_drafts.find_one({"_id": id_, "by": by, "state": "sent"})
    there = row is not None and db["imports.files"].find_one({"_id": id_}, {"_id": 1}) is not None
    return _draft(row) if row is not None and there else None


def of_user(db: Database[Document], by: str, *, limit: int = 5) -> list[Draft]:
    """What somebody sent and has not imported yet, the newest first."""
    rows = db.import_drafts.find({"by": by, "state": "sent"}).sort("created_at", -1).limit(limit)
    return list(map(_draft, rows))


def settle(db: Database[Document], id_: str, wanted: ImportSettings) -> None:
    """Keep how a file is to be imported, for when somebody comes back to it."""
    db.import_drafts.update_one({"_id": id_}, {"$set": {"settings": wanted.encode()}})


def is_kept(db: Database[Document], id_: str) -> bool:
    """Whether a draft and its file are there."""
    there = db.import_drafts.find_one({"_id": id_, "state": "sent"}, {"_id": 1})
    return there is not None and db["imports.files"].find_one({"_id": id_}, {"_id": 1}) is not None


# What a check of the whole file found (`checks`)


def checks_of(id_: str) -> str:
    """What the ids of the checks of a draft begin with."""
    return f"{id_}:check:"


def keep_findings(db: Database[Document], id_: str, check: str, found: str) -> None:
    """Keep what a check found, as text: headings may have signs that MongoDB reads as its own."""
    db.import_drafts.update_one({"_id": id_}, {"$set": {"checked": {"by": check, "found": found}}})


def findings(db: Database[Document], id_: str, check: str) -> str | None:
    """What a check found, as it was kept; unset if it has not come to its end."""
    row = db.import_drafts.find_one({"_id": id_, "checked.by": check}, {"checked": 1})
    return None if row is None else str(row["checked"]["found"])


def forget_checks(db: Database[Document], id_: str) -> None:
    """Give up the checks of a draft; one that is under way stops by itself."""
    db.jobs.delete_many({"_id": {"$gte": checks_of(id_), "$lt": f"{id_}:check;"}})
    db.import_drafts.update_one({"_id": id_}, {"$unset": {"checked": ""}})


def copy(db: Database[Document], job: str, *, by: str, now: datetime) -> str:
    """Take the file of an import once more; return the draft.  Raises NotExpected if it is gone."""
    try:
        before = import_request.files(db).open_download_stream(job)
    except NoFile:
        raise NotExpected("the file of this import is not kept any more: send it again") from None
    id_ = expect(db, by=by, session=None, now=now)
    coming = receive(db, id_, str(before.filename))
    while piece := before.read(PIECE):
        coming.write(piece)
    coming.finish()
    return id_


def imported(db: Database[Document], id_: str) -> None:
    """A draft has become an import, whose file is the same."""
    forget_checks(db, id_)
    db.import_drafts.delete_one({"_id": id_})


def discard(db: Database[Document], ids: Iterable[str]) -> None:
    """Remove drafts and their files, but for those that are imported."""
    for id_ in ids:
        if jobs.job(db, id_) is None:
            with suppress(NoFile):
                import_request.files(db).delete(id_)
        forget_checks(db, id_)
        db.import_drafts.delete_one({"_id": id_})


def sweep(db: Database[Document], *, now: datetime) -> int:
    """Remove what was sent long ago and never imported, and what broke off; return how many."""
    old = [row["_id"] for row in db.import_drafts.find({"created_at": {"$lt": now - KEPT_FOR}}, {"_id": 1})]
    discard(db, old)
    return len(old)


def _draft(row: Document) -> Draft:
    said = row.get("settings")
    return Draft(
        row["_id"],
        row["by"],
        row["name"],
        row["size"],
        row["created_at"],
        None if said is None else ImportSettings.decode(said),
    )
