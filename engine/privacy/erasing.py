"""Erasing somebody: the wish, kept as a job (`jobs`); `steps` does it, `report` says what it came to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from engine.db import Db
from engine.domain.activities import ContactId
from engine.errors import ContactNotFound
from engine.jobs import jobs
from engine.jobs.jobs import Job
from engine.privacy.person import person_of

KIND = "erasure"

TITLE = "Erase a contact"
"""What the job is called: it outlives whom it is about."""


@dataclass(frozen=True)
class Foretold:
    """What goes if somebody is erased: so much of each, and which systems were told of them."""

    activities: int
    orders: int
    entries: int
    merged: int
    told: tuple[str, ...]


def foretold(db: Db, contact: ContactId) -> Foretold | None:
    """Say what would go; unset if there is no such contact."""
    person = person_of(db, contact)
    if person is None:
        return None
    row = db.contacts.find_one({"_id": person.ids[0]}, {"activities": 1, "commerce.orders": 1}) or {}
    ids = {"contact": {"$in": list(person.ids)}}
    return Foretold(
        activities=row.get("activities", 0),
        orders=row.get("commerce", {}).get("orders", 0),
        entries=db.ledger.count_documents(ids),
        merged=len(person.ids) - 1,
        told=tuple(sorted(db.outbox.distinct("webhook", {**ids, "state": "sent"}))),
    )


def start(db: Db, contact: ContactId, *, id_: str, by: str, by_name: str, now: datetime) -> str:
    """Keep the wish to erase somebody, once for its id; return the job that does it.

    If that was wanted before and could not be finished, that job goes on.  Raises ContactNotFound.
    """
    if jobs.job(db, id_) is not None:
        return id_
    person = person_of(db, contact)
    ids = [contact] if person is None else list(person.ids)
    begun = [job for id_ in ids for job in jobs.wanting(db, KIND, "contact", id_)]
    if begun:
        jobs.resume(db, begun[0].id)
        return begun[0].id
    if person is None:
        raise ContactNotFound(contact, "this contact does not exist: it may have been erased already")
    jobs.add(db, Job(id_, KIND, TITLE, by, by_name, created_at=now, wanted={"contact": person.ids[0]}))
    return id_
