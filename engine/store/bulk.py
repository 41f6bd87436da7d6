"""One change of many contacts, by hand: a job whose every step is a few hundred edits.

A step first notes which contacts it is about (`job_items`), then keeps an edit for each,
whose id follows from the job and the contact, then says how far it has come.  Killed in
between, the same contacts are done again, which changes nothing; none is left out and
none counted twice.  Steps wait while the workers have much to do, so that a visit does
not stand behind a million edits.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any

from pymongo import UpdateOne
from pymongo.database import Database

from engine.core.activities import Activity, ActivityId, ContactId
from engine.errors import ContactSheetsError
from engine.store import contacts, edits, inbox, jobs, listing
from engine.store.contact_documents import LIVING
from engine.store.edits import Edit, InvalidEdit
from engine.store.jobs import Job, Step
from engine.store.listing import Listing, UnknownFilter

Document = dict[str, Any]
Clock = Callable[[], datetime]

KIND = "bulk-edit"

STEP = 500
"""Contacts of one step."""

MAX_WAITING = 2_000
"""While more activities than this wait for the workers, a job waits, too."""

PAUSE = 0.2
"""Seconds between two looks whether the workers have caught up."""


@dataclass(frozen=True)
class Selection:
    """Contacts by their ids, or all that a list holds."""

    ids: tuple[ContactId, ...] = ()
    listing: Listing | None = None

    def matching(self, db: Database[Document]) -> Document:
        """The query for them."""
        if self.listing is None:
            return {"_id": {"$in": list(self.ids)}, **LIVING}
        return listing.matching(db, self.listing)


@dataclass(frozen=True)
class Deletion:
    """To delete the contacts."""

    reason: str = ""


Change = Edit | Deletion


class NothingSelected(ContactSheetsError):
    """A change of nobody."""


class NotInBulk(ContactSheetsError):
    """A change that can only be made of one contact."""


@dataclass(frozen=True)
class Refused:
    """A contact that could not be changed, and why."""

    contact: ContactId
    reason: str


def start(
    db: Database[Document],
    selection: Selection,
    change: Change,
    *,
    id_: str,
    by: str,
    by_name: str,
    title: str,
    now: datetime,
) -> str:
    """Keep a change of many as a job, once for its id; return that.

    Raises NothingSelected and NotInBulk.
    """
    if not selection.ids and selection.listing is None:
        raise NothingSelected("choose at least one contact")
    if isinstance(change, Edit):
        _refuse_single(change)
    wanted = {"selection": _encode_selection(selection), "change": _encode_change(change)}
    jobs.add(db, Job(id_, KIND, title, by, by_name, created_at=now, wanted=wanted))
    return id_


def undo(db: Database[Document], of: str, *, by: str, by_name: str, now: datetime) -> str:
    """Keep a job that takes another back, once for each; return its id.

    What was done to the contacts since stays.  Raises NothingSelected for a job that is
    not there or not at its end.
    """
    undone = jobs.job(db, of)
    if undone is None or undone.kind != KIND or undone.under_way:
        raise NothingSelected("there is nothing to take back: it has not been done, or is not finished yet")
    id_ = f"{of}:undo"
    title = f"Took back: {undone.title}"
    jobs.add(db, Job(id_, KIND, title, by, by_name, created_at=now, undoes=of))
    return id_


def refusals(db: Database[Document], job: str, *, limit: int = 100) -> list[Refused]:
    """Contacts that a job could not change, and why."""
    rows = db.job_items.find({"job": job, "refusal": {"$exists": True}}).sort("contact", 1).limit(limit)
    return [Refused(row["contact"], row["refusal"]) for row in rows]


def run_next(db: Database[Document], *, clock: Clock, stopped: Callable[[], bool]) -> bool:
    """Work on the job that has waited longest until it ends; false if none waits.

    Safe to be killed at any point; with `stopped` it is left for another to go on with.
    """
    job = jobs.claim(db, [KIND], now=clock())
    if job is None:
        return False
    try:
        _work(db, job, clock=clock, stopped=stopped)
    except UnknownFilter as error:
        jobs.fail(db, job.id, f"its list cannot be read any more: {error}", now=clock())
    return True


def _work(db: Database[Document], job: Job, *, clock: Clock, stopped: Callable[[], bool]) -> None:
    work = _Undoing(db, job) if job.undoes is not None else _Changing(db, job)
    if job.total is None:
        jobs.note_total(db, job.id, work.total())
    current: Job | None = job
    while current is not None:
        if not _caught_up(db, job.id, clock=clock, stopped=stopped):
            jobs.let_go(db, job.id)
            return
        step = work.step(current.cursor, now=clock())
        if step is None:
            jobs.finish(db, job.id, now=clock())
            return
        current = jobs.advance(db, current, step, now=clock())


def _caught_up(db: Database[Document], job: str, *, clock: Clock, stopped: Callable[[], bool]) -> bool:
    """Wait until the workers have little to do; false if told to stop meanwhile."""
    while db.activities.count_documents({"state": "received"}, limit=MAX_WAITING + 1) > MAX_WAITING:
        if stopped() or not jobs.keep(db, job, now=clock()):
            return False
        time.sleep(PAUSE)
    return not stopped()


class _Changing:
    """A change of many, step by step in the order of the contacts' ids."""

    def __init__(self, db: Database[Document], job: Job) -> None:
        self.db, self.job = db, job
        self.change = _decode_change(job.wanted["change"])
        self.query = _decode_selection(job.wanted["selection"]).matching(db)

    def total(self) -> int:
        return self.db.contacts.count_documents(self.query)

    def step(self, cursor: str, *, now: datetime) -> Step | None:
        """Change the next contacts; unset if there are none left."""
        chosen = self._next(cursor)
        if not chosen:
            return None
        _note(self.db, self.job.id, chosen)
        done = _there(self.db, [activity_id(self.job.id, contact) for contact in chosen])
        rows = {row["_id"]: row for row in self.db.contacts.find({"_id": {"$in": chosen}})}
        changes, unchanged, refused = [], 0, {}
        for contact in chosen:
            id_, row = activity_id(self.job.id, contact), rows.get(contact)
            if id_ in done:  # an earlier try of this step came as far
                continue
            try:
                change = self._activity(row, id_, now)
            except InvalidEdit as error:
                refused[contact] = str(error)
                continue
            if change is None:
                unchanged += 1
            else:
                changes.append(change)
        inbox.receive(self.db, changes)
        _note_refusals(self.db, self.job.id, refused)
        return Step(chosen[-1], len(chosen), unchanged, len(refused))

    def _next(self, cursor: str) -> list[str]:
        """The next contacts, and those that an earlier try of this step had begun with."""
        found = self.db.contacts.find({"$and": [{"_id": {"$gt": cursor}}, self.query]}, {"_id": 1})
        fresh = [row["_id"] for row in found.sort("_id", 1).limit(STEP)]
        begun = [item["contact"] for item in _items(self.db, self.job.id, cursor)]
        return sorted({*fresh, *begun})

    def _activity(self, row: Document | None, id_: ActivityId, now: datetime) -> Activity | None:
        """What is done to a contact; unset if it is as wanted already.  Raises InvalidEdit."""
        if row is None:
            raise InvalidEdit({"": "this contact is not there any more: it may have been merged"})
        author = self.job.by_name
        if isinstance(self.change, Deletion):
            reason = self.change.reason
            if row.get("deleted"):
                return None
            return edits.deletion_of(self.db, row, id_=id_, author=author, now=now, reason=reason)
        if edits.is_so(row, self.change):
            return None
        return edits.edit_of(self.db, row, self.change, id_=id_, author=author, now=now)


class _Undoing:
    """Taking a job back, contact by contact of those that it changed."""

    def __init__(self, db: Database[Document], job: Job) -> None:
        assert job.undoes is not None
        self.db, self.job, self.undone = db, job, job.undoes

    def total(self) -> int:
        return self.db.job_items.count_documents({"job": self.undone})

    def step(self, cursor: str, *, now: datetime) -> Step | None:
        """Take back what was done to the next contacts; unset if there are none left."""
        items = _items(self.db, self.undone, cursor)[:STEP]
        if not items:
            return None
        changed = {
            ContactId(item["contact"]): activity_id(self.undone, item["contact"])
            for item in items
            if "refusal" not in item
        }
        there = _there(self.db, changed.values())
        changes = []
        for contact, undone in changed.items():
            living = contacts.find_contact(self.db, contact) if undone in there else None
            row = None if living is None else self.db.contacts.find_one({"_id": living})
            if row is not None:
                id_ = activity_id(self.job.id, contact)
                changes.append(
                    edits.taking_back(self.db, row, undone, id_=id_, author=self.job.by_name, now=now)
                )
        inbox.receive(self.db, changes)
        return Step(items[-1]["contact"], len(items), unchanged=len(items) - len(changes))


def activity_id(job: str, contact: str) -> ActivityId:
    """The id of what a job does to a contact: the same however often it is tried."""
    return ActivityId(hashlib.blake2b(f"{job}\n{contact}".encode(), digest_size=16).hexdigest())


# The contacts of a job


def _there(db: Database[Document], ids: Iterable[ActivityId]) -> set[ActivityId]:
    """Those of some activities that are kept already."""
    return {row["_id"] for row in db.activities.find({"_id": {"$in": list(ids)}}, {"_id": 1})}


def _items(db: Database[Document], job: str, after: str) -> list[Document]:
    found = db.job_items.find({"job": job, "contact": {"$gt": after}}).sort("contact", 1)
    return list(found.limit(STEP))


def _note(db: Database[Document], job: str, chosen: Sequence[str]) -> None:
    rows = [{"job": job, "contact": contact} for contact in chosen]
    notes = [UpdateOne(row, {"$setOnInsert": row}, upsert=True) for row in rows]
    db.job_items.bulk_write(notes, ordered=False)


def _note_refusals(db: Database[Document], job: str, refused: Mapping[str, str]) -> None:
    notes = [
        UpdateOne({"job": job, "contact": contact}, {"$set": {"refusal": reason[:500]}})
        for contact, reason in refused.items()
    ]
    if notes:
        db.job_items.bulk_write(notes, ordered=False)


# What is wanted, as MongoDB keeps it: a condition may have keys that MongoDB would read as its own


def _refuse_single(change: Edit) -> None:
    single = [name for name in change.fields if name in edits.IDENTITIES]
    if single or change.undoes is not None:
        what = ", ".join(single) or "taking something back"
        raise NotInBulk(f"{what}: this is one contact's own, change it on its sheet")
    if not change:
        raise NothingSelected("say what is to be changed")


def _encode_selection(selection: Selection) -> str:
    asked = None if selection.listing is None else asdict(selection.listing)
    return json.dumps({"ids": selection.ids, "listing": asked})


def _decode_selection(said: str) -> Selection:
    found = json.loads(said)
    asked = found["listing"]
    return Selection(tuple(found["ids"]), None if asked is None else Listing(**asked))


def _encode_change(change: Change) -> str:
    if isinstance(change, Deletion):
        return json.dumps({"delete": change.reason})
    said = asdict(change)
    said["until"] = None if change.until is None else change.until.isoformat()
    return json.dumps(said)


def _decode_change(said: str) -> Change:
    found = json.loads(said)
    if "delete" in found:
        return Deletion(found["delete"])
    until = found.pop("until")
    return replace(Edit(**found), until=None if until is None else date.fromisoformat(until))
