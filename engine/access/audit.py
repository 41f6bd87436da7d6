"""The audit log: who changed what, when, from what and to what.

A row is there before the change is made, and says afterwards how it ended: a change whose
process died in between is seen as begun, and one that was refused with the reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

import uuid_utils
from pymongo.database import Database

from engine.access.accounts import CurrentUser
from engine.errors import ContactSheetsError

Document = dict[str, Any]
Ending = Literal["begun", "done", "refused"]

MAX_WORDS = 500
"""Characters that are kept of one value."""


@dataclass(frozen=True)
class Subject:
    """What a change is about: a kind (`contact`, `user`, `rules`, …) and its id there."""

    kind: str
    id: str


@dataclass(frozen=True)
class Change:
    """One thing that changed, from what to what, in words; unset for nothing."""

    what: str
    before: str | None = None
    after: str | None = None


@dataclass(frozen=True)
class Entry:
    """A line of the log; `reason` is what its author gave, `refusal` why it was not done."""

    id: str
    at: datetime
    by: str
    by_name: str
    act: str
    subject: Subject
    changes: Sequence[Change]
    reason: str | None
    ending: Ending
    refusal: str | None


@contextmanager
def noted(
    db: Database[Document],
    user: CurrentUser,
    act: str,
    *,
    subject: Subject,
    now: datetime,
    changes: Sequence[Change] = (),
    reason: str = "",
    id_: str | None = None,
) -> Iterator[None]:
    """Log what is done within.  The same `id_` again is the same line, so a repeated act is one."""
    row = {
        "at": now,
        "by": user.id,
        "by_name": user.name,
        "act": act,
        "subject": asdict(subject),
        "changes": [_cut(change) for change in changes],
        "reason": reason.strip()[:MAX_WORDS] or None,
        "ending": "begun",
    }
    id_ = id_ or uuid_utils.uuid7().hex
    db.audit.update_one({"_id": id_}, {"$setOnInsert": row}, upsert=True)
    try:
        yield
    except ContactSheetsError as error:
        refused = {"ending": "refused", "refusal": str(error)[:MAX_WORDS]}
        db.audit.update_one({"_id": id_, "ending": "begun"}, {"$set": refused})
        raise
    db.audit.update_one({"_id": id_}, {"$set": {"ending": "done"}})


def _cut(change: Change) -> Document:
    return {name: value if value is None else value[:MAX_WORDS] for name, value in asdict(change).items()}


def entry_of(row: Document) -> Entry:
    """Read a line back."""
    said = {name: row.get(name) for name in ("reason", "refusal")}
    return Entry(
        id=row["_id"],
        at=row["at"],
        by=row["by"],
        by_name=row["by_name"],
        act=row["act"],
        subject=Subject(**row["subject"]),
        changes=[Change(**change) for change in row["changes"]],
        ending=row["ending"],
        **said,
    )
