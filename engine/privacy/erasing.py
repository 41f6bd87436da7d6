"""Requests to erase a person, stored as jobs; `erasure_job` runs them, `report` counts what they removed."""

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
"""The title of the job, which outlives the person: it must not name them."""


@dataclass(frozen=True)
class ErasurePreview:
    """The data that an erasure would remove, and the systems (webhooks) that received it."""

    activities: int
    orders: int
    entries: int
    merged: int
    notified_systems: tuple[str, ...]


def preview_erasure(db: Db, contact: ContactId) -> ErasurePreview | None:
    """Count what an erasure would remove; None if there is no such contact."""
    person = person_of(db, contact)
    if person is None:
        return None
    row = db.contacts.find_one({"_id": person.ids[0]}, {"activities": 1, "commerce.orders": 1}) or {}
    ids = {"contact": {"$in": list(person.ids)}}
    return ErasurePreview(
        activities=row.get("activities", 0),
        orders=row.get("commerce", {}).get("orders", 0),
        entries=db.ledger.count_documents(ids),
        merged=len(person.ids) - 1,
        notified_systems=tuple(sorted(db.outbox.distinct("webhook", {**ids, "state": "sent"}))),
    )


def start(db: Db, contact: ContactId, *, id_: str, by: str, by_name: str, now: datetime) -> str:
    """Start the erasure of a person; return its job.  Idempotent by `id_`.

    An earlier erasure of the person that did not finish is resumed instead.  Raises ContactNotFound.
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
