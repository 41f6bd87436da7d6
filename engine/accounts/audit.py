"""The audit log: author, time, subject, and old and new values of each change.

An entry is written before the change and updated after it: a change whose process died stays
"begun", and a refused one keeps the reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal, get_args

import mongoengine as me
import uuid_utils
from mongoengine.queryset import Q

from engine.accounts.accounts import User, changed_meanwhile
from engine.accounts.actor import Actor
from engine.accounts.permissions import Permission
from engine.db import Db
from engine.db.documents.fields import Moment
from engine.db.documents.stored import Part, Stored
from engine.domain.document import Document
from engine.errors import ContactSheetsError, NotAllowed

Cursor = str
Ending = Literal["begun", "done", "refused"]

MAX_WORDS = 500
"""The longest value that is stored; longer ones are cut."""


class StaleSession(NotAllowed):
    """The user acted on a page that was drawn before they were signed out or got another role."""

    def __init__(self) -> None:
        super().__init__("you were signed out or your role has changed: reload the page")


@dataclass(frozen=True)
class Subject:
    """The object of a change: its kind (`contact`, `user`, `rules`, …) and its id."""

    kind: str
    id: str


@dataclass(frozen=True)
class Change:
    """A changed value before and after, as text; None for no value."""

    what: str
    before: str | None = None
    after: str | None = None


@dataclass(frozen=True)
class Entry:
    """An entry of the log; `reason` is the author's, `refusal` the reason for a refused change."""

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


class StoredSubject(Part):
    """A `Subject` inside its stored entry."""

    kind: str = me.StringField(required=True)
    id: str = me.StringField(required=True)


class StoredChange(Part):
    """A `Change` inside its stored entry."""

    what: str = me.StringField(required=True)
    before: str | None = me.StringField(max_length=MAX_WORDS, null=True)
    after: str | None = me.StringField(max_length=MAX_WORDS, null=True)


class AuditEntry(Stored):
    """A stored entry of the log; `Entry` documents its fields."""

    meta = {
        "collection": "audit",
        "indexes": [
            {"fields": ["-at", "-_id"]},
            {"fields": ["by", "-at", "-_id"]},
            {"fields": ["act", "-at", "-_id"]},
            {"fields": ["subject.kind", "-at", "-_id"]},
            {"fields": ["subject.kind", "subject.id", "-at", "-_id"]},
        ],
    }
    id: str = me.StringField(primary_key=True)
    at: datetime = Moment(required=True)
    by: str = me.StringField(required=True)
    by_name: str = me.StringField(required=True)
    act: str = me.StringField(required=True)
    subject: StoredSubject = me.EmbeddedDocumentField(StoredSubject, required=True)
    changes: list[StoredChange] = me.EmbeddedDocumentListField(StoredChange)
    reason: str | None = me.StringField(max_length=MAX_WORDS, null=True)
    ending: Ending = me.StringField(required=True, choices=get_args(Ending))
    refusal: str | None = me.StringField(max_length=MAX_WORDS)

    def clean(self) -> None:
        if (self.ending == "refused") is not (self.refusal is not None):
            self.refuse("refusal", "only a refused entry has a refusal")


@contextmanager
def recorded(
    actor: Actor,
    act: str,
    *,
    subject: Subject,
    changes: Sequence[Change] = (),
    reason: str = "",
    id_: str | None = None,
) -> Iterator[None]:
    """Record the block in the audit log.  A repeated `id_` reuses its entry.

    Raises StaleSession if the user was signed out, disabled or given another role since
    their page was drawn.
    """
    now = actor.now
    if changed_meanwhile(actor):
        raise StaleSession
    entry = _entry(act, by=actor.user.id, by_name=actor.user.name, subject=subject, changes=changes, at=now)
    entry.id = id_ or entry.id
    entry.reason = reason.strip()[:MAX_WORDS] or None
    entry.ending = "begun"
    line = AuditEntry.on(actor.db, id=entry.id)
    line.insert_once(entry)
    try:
        yield
    except ContactSheetsError as error:
        begun = AuditEntry.on(actor.db, id=entry.id, ending="begun")
        begun.update_one(set__ending="refused", set__refusal=str(error)[:MAX_WORDS])
        raise
    line.update_one(set__ending="done")


def record_event(
    db: Db,
    act: str,
    *,
    by: str,
    by_name: str,
    subject: Subject,
    now: datetime,
    changes: Sequence[Change] = (),
    refusal: str | None = None,
    id_: str | None = None,
) -> None:
    """Record what happens at one moment and needs no permission, as a sign-in.

    A repeated `id_` keeps the first entry.
    """
    entry = _entry(act, by=by, by_name=by_name, subject=subject, changes=changes, at=now)
    entry.id = id_ or entry.id
    entry.ending = "done" if refusal is None else "refused"
    entry.refusal = None if refusal is None else refusal[:MAX_WORDS]
    AuditEntry.on(db, id=entry.id).insert_once(entry)


def _entry(
    act: str, *, by: str, by_name: str, subject: Subject, changes: Sequence[Change], at: datetime
) -> AuditEntry:
    return AuditEntry(
        id=uuid_utils.uuid7().hex,
        at=at,
        by=by,
        by_name=by_name,
        act=act,
        subject=StoredSubject(**asdict(subject)),
        changes=[StoredChange(**_cut(change)) for change in changes],
    )


# Reading


PAGE = 50


@dataclass(frozen=True)
class Filters:
    """Filters of the log: author, act, subject and period."""

    by: str | None = None
    act: str | None = None
    kind: str | None = None
    subject: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Page:
    """A page of entries, the newest first; `next` is the cursor of the following page."""

    entries: Sequence[Entry]
    next: Cursor | None


@dataclass(frozen=True)
class Choices:
    """The values of the filters: authors by id with their names, acts, kinds of subject."""

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
    """A page of the log, in time independent of its position.  Raises NotAllowed."""
    actor.require(Permission.SEE_AUDIT)
    found = list(_rows(actor.db, filters, after=after, limit=limit + 1))
    more = len(found) > limit
    last = found[limit - 1] if more else None
    return Page(
        entries=[entry_of(row) for row in found[:limit]],
        next=f"{last['at'].isoformat()}~{last['_id']}" if last else None,
    )


def walk(actor: Actor, filters: Filters, *, limit: int) -> Iterator[Entry]:
    """Iterate over entries, the newest first, for a file.  Raises NotAllowed."""
    actor.require(Permission.SEE_AUDIT)
    return (entry_of(row) for row in _rows(actor.db, filters, after=None, limit=limit))


def choices(actor: Actor) -> Choices:
    """The values that the log can be filtered by.  Raises NotAllowed."""
    actor.require(Permission.SEE_AUDIT)
    log = AuditEntry.on(actor.db)
    names = {user.id: user.shown_name for user in User.on(actor.db)}
    people = {by: names.get(by) or _last_name(actor.db, by) for by in log.distinct("by")}
    return Choices(
        people=dict(sorted(people.items(), key=lambda pair: pair[1].lower())),
        acts=sorted(log.distinct("act")),
        kinds=sorted(log.distinct("subject.kind")),
    )


def _last_name(db: Db, by: str) -> str:
    entry = AuditEntry.on(db, by=by).order_by("-at").one()
    return by if entry is None else entry.by_name


def _rows(db: Db, filters: Filters, *, after: Cursor | None, limit: int) -> Iterator[Document]:
    wanted = {
        "by": filters.by,
        "act": filters.act,
        "subject__kind": filters.kind,
        "subject__id": filters.subject,
        "at__gte": filters.since,
        "at__lt": filters.until,
    }
    found = AuditEntry.on(db, **{name: value for name, value in wanted.items() if value is not None})
    place = _place(after)
    if place is not None:
        at, id_ = place
        found = found(Q(at__lt=at) | Q(at=at, id__lt=id_))
    # A file takes thousands of lines: documents would take thirty times as long as their rows.
    return iter(found.order_by("-at", "-id").limit(limit).as_pymongo())


def _place(after: Cursor | None) -> tuple[datetime, str] | None:
    """Parse a cursor; an invalid one is the beginning."""
    at, tilde, id_ = (after or "").partition("~")
    try:
        return (datetime.fromisoformat(at), id_) if tilde else None
    except ValueError:
        return None


def _cut(change: Change) -> dict[str, str | None]:
    return {name: value if value is None else value[:MAX_WORDS] for name, value in asdict(change).items()}


def entry_of(row: Document) -> Entry:
    """The entry of a stored row."""
    return Entry(
        id=row["_id"],
        at=row["at"],
        by=row["by"],
        by_name=row["by_name"],
        act=row["act"],
        subject=Subject(**row["subject"]),
        changes=[Change(**change) for change in row["changes"]],
        ending=row["ending"],
        reason=row.get("reason"),
        refusal=row.get("refusal"),
    )
