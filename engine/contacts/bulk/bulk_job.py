"""A change of many contacts, done: every step is a few hundred edits.

A step first notes which contacts it is about (`job_items`), then keeps an edit for each,
whose id follows from the job and the contact, then says how far it has come.  Killed in
between, the same contacts are done again, which changes nothing; none is left out and
none counted twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from pymongo import UpdateOne
from pymongo.database import Database
from pymongo.errors import BulkWriteError

from engine.accounts.permissions import Permission
from engine.contacts import contacts
from engine.contacts.bulk import bulk
from engine.contacts.bulk.bulk import Deletion
from engine.contacts.editing import edits
from engine.contacts.editing.edits import InvalidEdit
from engine.db.regex_query import regex_errors
from engine.domain.activities import Activity, ActivityId, ContactId
from engine.domain.rulebook import Ruleset
from engine.jobs import jobs
from engine.jobs.jobs import Job, Step
from engine.jobs.kinds import JobKind, Work, register
from engine.pipeline.activity_steps import ActivitySteps
from engine.pipeline.inbox import DUPLICATE_KEY
from engine.rules import rulesets

Document = dict[str, Any]

STEP = 500
"""Contacts of one step."""

GONE = "this contact is not there any more: it may have been merged or erased"


def work_of(db: Database[Document], job: Job) -> Work:
    """What a job of this kind does: change contacts, or take that back."""
    return _Changing(db, job) if job.undoes is None else _Undoing(db, job, job.undoes)


def activity_id(job: str, contact: str) -> ActivityId:
    """The id of what a job does to a contact: the same however often it is tried."""
    return ActivityId(hashlib.blake2b(f"{job}\n{contact}".encode(), digest_size=16).hexdigest())


class _Changing(ActivitySteps):
    """A change of many, step by step in the order of the contacts' ids."""

    def __init__(self, db: Database[Document], job: Job) -> None:
        super().__init__(db, job)
        self.change = bulk.decode_change(job.wanted["change"])
        self.query = bulk.decode_selection(job.wanted["selection"]).matching(db)

    def total(self) -> int:
        with regex_errors():
            return self.db.contacts.count_documents(self.query)

    def step(self, cursor: str, *, now: datetime) -> Step | None:
        """Change the next contacts; unset if there are none left."""
        rows, begun = self._next(cursor)
        chosen = sorted({*rows, *begun})
        if not chosen:
            return self.end(cursor)
        _note(self.db, self.job.id, [contact for contact in chosen if contact not in begun])
        done = _there(self.db, [activity_id(self.job.id, contact) for contact in begun])
        ruleset = rulesets.current(self.db)
        changes, unchanged, refused = [], 0, {}
        for contact in chosen:
            id_ = activity_id(self.job.id, contact)
            if id_ in done:  # an earlier try of this step came as far
                continue
            try:
                change = self._activity(rows.get(contact), id_, ruleset, now)
            except InvalidEdit as error:
                refused[contact] = str(error)
                continue
            if change is None:
                unchanged += 1
            else:
                changes.append(change)
        lanes = self.keep(changes)
        _note_refusals(self.db, self.job.id, refused)
        return Step(chosen[-1], len(chosen), unchanged, len(refused), lanes=lanes)

    def _next(self, cursor: str) -> tuple[dict[str, Document], set[str]]:
        """The next contacts, and those of them that an earlier try of this step had begun with."""
        found = self.db.contacts.find({"$and": [{"_id": {"$gt": cursor}}, self.query]}, edits.READ)
        with regex_errors():
            rows = {row["_id"]: row for row in found.sort("_id", 1).limit(STEP)}
        begun = {item["contact"] for item in _items(self.db, self.job.id, cursor)}
        missing = [contact for contact in begun if contact not in rows]
        if missing:
            found = self.db.contacts.find({"_id": {"$in": missing}}, edits.READ)
            rows |= {row["_id"]: row for row in found}
        return rows, begun

    def _activity(
        self, row: Document | None, id_: ActivityId, ruleset: Ruleset, now: datetime
    ) -> Activity | None:
        """What is done to a contact; unset if it is as wanted already.  Raises InvalidEdit."""
        if row is None:
            raise InvalidEdit({"": GONE})
        change, author = self.change, self.job.by_name
        if isinstance(change, Deletion):
            if row.get("deleted"):
                return None
            version, reason = ruleset.version, change.reason
            return edits.deletion_of(row, version=version, id_=id_, author=author, now=now, reason=reason)
        if edits.is_so(row, change):
            return None
        return edits.edit_of(self.db, row, change, ruleset=ruleset, id_=id_, author=author, now=now)


class _Undoing(ActivitySteps):
    """Taking a job back, contact by contact of those that it changed."""

    def __init__(self, db: Database[Document], job: Job, undone: str) -> None:
        super().__init__(db, job)
        self.undone = undone

    def total(self) -> int:
        undone = jobs.job(self.db, self.undone)
        return 0 if undone is None else undone.changed

    def step(self, cursor: str, *, now: datetime) -> Step | None:
        """Take back what was done to the next contacts; unset if there are none left."""
        items = _items(self.db, self.undone, cursor)
        if not items:
            return self.end(cursor)
        undone = {item["contact"]: activity_id(self.undone, item["contact"]) for item in items}
        there = _there(self.db, undone.values())
        wanted = [contact for contact, id_ in undone.items() if id_ in there]
        rows, version = self._living(wanted), rulesets.current_number(self.db)
        changes, refused = [], {}
        for contact in wanted:
            try:
                changes.append(self._activity(contact, rows.get(contact), version, now))
            except InvalidEdit as error:
                refused[contact] = str(error)
        lanes = self.keep(changes)
        _note_refusals(self.db, self.job.id, refused)
        return Step(items[-1]["contact"], len(wanted), refused=len(refused), lanes=lanes)

    def _activity(self, contact: ContactId, row: Document | None, version: int, now: datetime) -> Activity:
        """What takes back what was done to a contact.  Raises InvalidEdit."""
        if row is None:
            raise InvalidEdit({"": GONE})
        undone, id_ = activity_id(self.undone, contact), activity_id(self.job.id, contact)
        return edits.taking_back(row, undone, version=version, id_=id_, author=self.job.by_name, now=now)

    def _living(self, wanted: Iterable[ContactId]) -> dict[ContactId, Document]:
        """The contacts by the ids that they had; one that was merged since is whom it became."""
        ids = list(wanted)
        rows = {row["_id"]: row for row in self.db.contacts.find({"_id": {"$in": ids}}, edits.READ)}
        for merged in (contact for contact in ids if contact not in rows):
            living = contacts.find_contact(self.db, merged)
            row = None if living is None else self.db.contacts.find_one({"_id": living}, edits.READ)
            if row is not None:
                rows[merged] = row
        return rows


# The contacts of a job


def _there(db: Database[Document], ids: Iterable[ActivityId]) -> set[ActivityId]:
    """Those of some activities that are kept already."""
    wanted = list(ids)
    found = db.activities.find({"_id": {"$in": wanted}}, {"_id": 1}) if wanted else ()
    return {row["_id"] for row in found}


def _items(db: Database[Document], job: str, after: str) -> list[Document]:
    found = db.job_items.find({"job": job, "contact": {"$gt": after}}).sort("contact", 1)
    return list(found.limit(STEP))


def _note(db: Database[Document], job: str, chosen: Sequence[str]) -> None:
    """Note contacts, each once: another may be at the same step."""
    if not chosen:
        return
    try:
        db.job_items.insert_many([{"job": job, "contact": contact} for contact in chosen], ordered=False)
    except BulkWriteError as error:
        problems = (error.details or {}).get("writeErrors", [])
        if any(problem["code"] != DUPLICATE_KEY for problem in problems):
            raise


def _note_refusals(db: Database[Document], job: str, refused: Mapping[str, str]) -> None:
    notes = [
        UpdateOne({"job": job, "contact": contact}, {"$set": {"refusal": reason[:500]}}, upsert=True)
        for contact, reason in refused.items()
    ]
    if notes:
        db.job_items.bulk_write(notes, ordered=False)


register(
    JobKind(
        id=bulk.KIND,
        work=work_of,
        permission=Permission.EDIT_CONTACTS,
        acts=("undid a bulk change", "stopped a bulk change"),
        undo=bulk.undo,
        refusals=bulk.refusals,
    )
)
