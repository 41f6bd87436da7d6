"""The audit log: who changed what, when, from what and to what.

A row is there before the change is made, and says afterwards how it ended: a change whose
process died in between is seen as begun, and one that was refused with the reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

import uuid_utils
from pymongo.database import Database

from engine.accounts.actor import Actor, changed_meanwhile
from engine.accounts.permissions import Permission
from engine.errors import ContactSheetsError, NotAllowed

Document = dict[str, Any]
Cursor = str
Ending = Literal["begun", "done", "refused"]

MAX_WORDS = 500
"""Characters that are kept of one value."""


class StaleSession(NotAllowed):
    """The user acted on a page that was drawn before they were signed out or got another role."""

    def __init__(self) -> None:
        super().__init__("you were signed out or your role was changed meanwhile: load the page again")


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
    actor: Actor,
    act: str,
    *,
    subject: Subject,
    changes: Sequence[Change] = (),
    reason: str = "",
    id_: str | None = None,
) -> Iterator[None]:
    """Log what is done within.  The same `id_` again is the same line, so a repeated act is one.

    Raises StaleSession if the user was signed out, disabled or given another role since
    their page was drawn.
    """
    now = actor.now
    if changed_meanwhile(actor):
        raise StaleSession
    row = {
        "at": now,
        "by": actor.user.id,
        "by_name": actor.user.name,
        "act": act,
        "subject": asdict(subject),
        "changes": [_cut(change) for change in changes],
        "reason": reason.strip()[:MAX_WORDS] or None,
        "ending": "begun",
    }
    id_ = id_ or uuid_utils.uuid7().hex
    actor.db.audit.update_one({"_id": id_}, {"$setOnInsert": row}, upsert=True)
    try:
        yield
    except ContactSheetsError as error:
        refused = {"ending": "refused", "refusal": str(error)[:MAX_WORDS]}
        actor.db.audit.update_one({"_id": id_, "ending": "begun"}, {"$set": refused})
        raise
    actor.db.audit.update_one({"_id": id_}, {"$set": {"ending": "done"}})


# Reading


PAGE = 50


@dataclass(frozen=True)
class Filters:
    """Which lines are wanted: by one person, of one act, about one thing, from a moment and before one."""

    by: str | None = None
    act: str | None = None
    kind: str | None = None
    subject: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Page:
    """Lines, the newest first; `next` continues them."""

    entries: Sequence[Entry]
    next: Cursor | None


@dataclass(frozen=True)
class Choices:
    """What the lines can be filtered by: people by id with their names, acts, kinds of subject."""

    people: Mapping[str, str]
    acts: Sequence[str]
    kinds: Sequence[str]


def page(
    actor: Actor,
    filters: Filters,
    *,
    after: Cursor | None = None,
    limit: int = PAGE,
) -> Page:
    """Some lines of the log.  A page costs the same wherever it is.  Raises NotAllowed."""
    actor.require(Permission.SEE_AUDIT)
    found = list(_rows(actor.db, filters, after=after, limit=limit + 1))
    more = len(found) > limit
    last = found[limit - 1] if more else None
    return Page(
        entries=[entry_of(row) for row in found[:limit]],
        next=f"{last['at'].isoformat()}~{last['_id']}" if last else None,
    )


def walk(actor: Actor, filters: Filters, *, limit: int) -> Iterator[Entry]:
    """Lines of the log one by one, the newest first, for a file.  Raises NotAllowed."""
    actor.require(Permission.SEE_AUDIT)
    return (entry_of(row) for row in _rows(actor.db, filters, after=None, limit=limit))


def choices(actor: Actor) -> Choices:
    """What there is to filter by.  Raises NotAllowed."""
    actor.require(Permission.SEE_AUDIT)
    names = {
        row["_id"]: row.get("name") or row["email"]
        for row in actor.db.users.find({}, {"name": 1, "email": 1})
    }
    people = {by: names.get(by) or _last_name(actor.db, by) for by in actor.db.audit.distinct("by")}
    return Choices(
        people=dict(sorted(people.items(), key=lambda pair: pair[1].lower())),
        acts=sorted(actor.db.audit.distinct("act")),
        kinds=sorted(actor.db.audit.distinct("subject.kind")),
    )


def _last_name(db: Database[Document], by: str) -> str:
    row = db.audit.find_one({"by": by}, {"by_name": 1}, sort=[("at", -1)])
    return by if row is None else str(row["by_name"])


def _rows(
    db: Database[Document], filters: Filters, *, after: Cursor | None, limit: int
) -> Iterator[Document]:
    equal = {
        "by": filters.by,
        "act": filters.act,
        "subject.kind": filters.kind,
        "subject.id": filters.subject,
    }
    query: Document = {name: value for name, value in equal.items() if value is not None}
    bounds = {"$gte": filters.since, "$lt": filters.until}
    times = {operator: at for operator, at in bounds.items() if at is not None}
    if times:
        query["at"] = times
    place = _place(after)
    if place is not None:
        at, id_ = place
        query = {"$and": [query, {"$or": [{"at": {"$lt": at}}, {"at": at, "_id": {"$lt": id_}}]}]}
    return iter(db.audit.find(query).sort([("at", -1), ("_id", -1)]).limit(limit))


def _place(after: Cursor | None) -> tuple[datetime, str] | None:
    """Read a place back; one that somebody has tampered with is the beginning."""
    at, tilde, id_ = (after or "").partition("~")
    try:
        return (datetime.fromisoformat(at), id_) if tilde else None
    except ValueError:
        return None


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
