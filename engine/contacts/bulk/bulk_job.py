"""The job of a bulk change: every step changes a few hundred contacts.

A step first records its contacts (`job_items`), then stores an activity for each, whose id follows from
the job and the contact, then its cursor.  After a crash in between, the same contacts are changed again,
which is idempotent: none is left out and none counts twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from pymongo import UpdateOne
from pymongo.errors import BulkWriteError

from engine.accounts.permissions import Permission
from engine.contacts.bulk import bulk_change
from engine.contacts.bulk.bulk_change import Deletion
from engine.contacts.bulk.selection import Selection
from engine.contacts.contact_lookup import find_contact
from engine.contacts.editing import edit_activities
from engine.contacts.editing.edit import InvalidEdit
from engine.contacts.editing.edit_activities import CONTACT_FIELDS
from engine.db import Db
from engine.db.regex_query import regex_errors
from engine.domain.activities import Activity, ActivityId, ContactId
from engine.domain.document import Document
from engine.domain.rulebook import Ruleset
from engine.jobs import jobs
from engine.jobs.jobs import Job, Step
from engine.jobs.kinds import JobKind, Work, register
from engine.pipeline.activity_steps import ActivitySteps
from engine.pipeline.inbox import DUPLICATE_KEY
from engine.rules import versions

STEP = 500
"""Contacts of one step."""

GONE = "this contact is not there any more: it may have been merged or erased"


def work_of(db: Db, job: Job) -> Work:
    """Return the work of a job: to change contacts, or to undo that."""
    return _ChangeContacts(db, job) if job.undoes is None else _UndoChange(db, job, job.undoes)


def activity_id(job: str, contact: str) -> ActivityId:
    """Return the id of what a job does to a contact: the same at every try."""
    return ActivityId(hashlib.blake2b(f"{job}\n{contact}".encode(), digest_size=16).hexdigest())


class _ChangeContacts(ActivitySteps):
    """Changes the selected contacts, in the order of their ids."""

    def __init__(self, db: Db, job: Job) -> None:
        super().__init__(db, job)
        self.change = bulk_change.decode(job.wanted["change"])
        self.query = Selection.decode(job.wanted["selection"]).matching(db)

    def total(self) -> int:
        with regex_errors():
            return self.db.contacts.count_documents(self.query)

    def step(self, cursor: str, *, now: datetime) -> Step | None:
        """Change the next contacts; return None if there are none left."""
        rows, recorded = self._next(cursor)
        contacts = sorted({*rows, *recorded})
        if not contacts:
            return self.end(cursor)
        _record(self.db, self.job.id, [contact for contact in contacts if contact not in recorded])
        stored = _stored(self.db, [activity_id(self.job.id, contact) for contact in recorded])
        ruleset = versions.current(self.db)
        activities, unchanged, refused = [], 0, {}
        for contact in contacts:
            id_ = activity_id(self.job.id, contact)
            if id_ in stored:  # by an earlier try of this step
                continue
            try:
                activity = self._activity(rows.get(contact), id_, ruleset, now)
            except InvalidEdit as error:
                refused[contact] = str(error)
                continue
            if activity is None:
                unchanged += 1
            else:
                activities.append(activity)
        lanes = self.keep(activities)
        _record_refusals(self.db, self.job.id, refused)
        return Step(contacts[-1], len(contacts), unchanged, len(refused), lanes=lanes)

    def _next(self, cursor: str) -> tuple[dict[str, Document], set[str]]:
        """The next contacts, and those that an earlier try of this step has recorded."""
        found = self.db.contacts.find({"$and": [{"_id": {"$gt": cursor}}, self.query]}, CONTACT_FIELDS)
        with regex_errors():
            rows = {row["_id"]: row for row in found.sort("_id", 1).limit(STEP)}
        recorded = {item["contact"] for item in _items(self.db, self.job.id, cursor)}
        missing = [contact for contact in recorded if contact not in rows]
        if missing:
            found = self.db.contacts.find({"_id": {"$in": missing}}, CONTACT_FIELDS)
            rows |= {row["_id"]: row for row in found}
        return rows, recorded

    def _activity(
        self, row: Document | None, id_: ActivityId, ruleset: Ruleset, now: datetime
    ) -> Activity | None:
        """The activity that changes a contact; None if nothing is to change.  Raises InvalidEdit."""
        if row is None:
            raise InvalidEdit({"": GONE})
        change, author = self.change, self.job.by_name
        if isinstance(change, Deletion):
            if row.get("deleted"):
                return None
            version, reason = ruleset.version, change.reason
            return edit_activities.deletion(
                row, version=version, id_=id_, author=author, now=now, reason=reason
            )
        if edit_activities.changes_nothing(row, change):
            return None
        return edit_activities.edit(self.db, row, change, ruleset=ruleset, id_=id_, author=author, now=now)


class _UndoChange(ActivitySteps):
    """Undoes a job for each contact that it changed."""

    def __init__(self, db: Db, job: Job, undone: str) -> None:
        super().__init__(db, job)
        self.undone = undone

    def total(self) -> int:
        undone = jobs.job(self.db, self.undone)
        return 0 if undone is None else undone.changed

    def step(self, cursor: str, *, now: datetime) -> Step | None:
        """Undo the change of the next contacts; return None if there are none left."""
        items = _items(self.db, self.undone, cursor)
        if not items:
            return self.end(cursor)
        ids = {item["contact"]: activity_id(self.undone, item["contact"]) for item in items}
        stored = _stored(self.db, ids.values())
        contacts = [contact for contact, id_ in ids.items() if id_ in stored]
        rows, version = self._living(contacts), versions.current_number(self.db)
        activities, refused = [], {}
        for contact in contacts:
            try:
                activities.append(self._activity(contact, rows.get(contact), version, now))
            except InvalidEdit as error:
                refused[contact] = str(error)
        lanes = self.keep(activities)
        _record_refusals(self.db, self.job.id, refused)
        return Step(items[-1]["contact"], len(contacts), refused=len(refused), lanes=lanes)

    def _activity(self, contact: ContactId, row: Document | None, version: int, now: datetime) -> Activity:
        """The activity that undoes the change of a contact.  Raises InvalidEdit."""
        if row is None:
            raise InvalidEdit({"": GONE})
        undone, id_ = activity_id(self.undone, contact), activity_id(self.job.id, contact)
        return edit_activities.undo(row, undone, version=version, id_=id_, author=self.job.by_name, now=now)

    def _living(self, contacts: Sequence[ContactId]) -> dict[ContactId, Document]:
        """The contacts by the ids that they had; one that was merged since is the one it became."""
        found = self.db.contacts.find({"_id": {"$in": contacts}}, CONTACT_FIELDS)
        rows = {row["_id"]: row for row in found}
        for merged in (contact for contact in contacts if contact not in rows):
            living = find_contact(self.db, merged)
            row = None if living is None else self.db.contacts.find_one({"_id": living}, CONTACT_FIELDS)
            if row is not None:
                rows[merged] = row
        return rows


# The contacts of a job


def _stored(db: Db, ids: Iterable[ActivityId]) -> set[ActivityId]:
    """The activities that are stored already."""
    ids = list(ids)
    found = db.activities.find({"_id": {"$in": ids}}, {"_id": 1}) if ids else ()
    return {row["_id"] for row in found}


def _items(db: Db, job: str, after: str) -> list[Document]:
    found = db.job_items.find({"job": job, "contact": {"$gt": after}}).sort("contact", 1)
    return list(found.limit(STEP))


def _record(db: Db, job: str, contacts: Sequence[str]) -> None:
    """Record contacts of a step, each once: another worker may be at the same step."""
    if not contacts:
        return
    try:
        db.job_items.insert_many([{"job": job, "contact": contact} for contact in contacts], ordered=False)
    except BulkWriteError as error:
        problems = (error.details or {}).get("writeErrors", [])
        if any(problem["code"] != DUPLICATE_KEY for problem in problems):
            raise


def _record_refusals(db: Db, job: str, refused: Mapping[str, str]) -> None:
    updates = [
        UpdateOne({"job": job, "contact": contact}, {"$set": {"refusal": reason[:500]}}, upsert=True)
        for contact, reason in refused.items()
    ]
    if updates:
        db.job_items.bulk_write(updates, ordered=False)


register(
    JobKind(
        id=bulk_change.KIND,
        work=work_of,
        permission=Permission.EDIT_CONTACTS,
        acts=("undid a bulk change", "stopped a bulk change"),
        undo=bulk_change.undo,
        refusals=bulk_change.refusals,
    )
)
