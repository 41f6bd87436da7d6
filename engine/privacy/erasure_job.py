"""The erasure job: a sequence of idempotent stages.

Tombstones come first; no batch that does not know them can be committed afterwards, so nothing new
of the person is stored.  The activities are removed next, then the contact, in one transaction with
the time of the tombstones; contacts connected by a claim are folded again without the person.  Then
every collection and file is swept, and once more after a while, when nothing can be in flight.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import uuid_utils
from pymongo.client_session import ClientSession

from engine.accounts.permissions import Permission
from engine.db import Db
from engine.db.connection import utc_now
from engine.domain import daily_figures
from engine.domain.activities import ContactId
from engine.errors import ContactNotFound
from engine.jobs import job_lease, jobs
from engine.jobs.jobs import Job, Step
from engine.jobs.kinds import JobKind, Work, register
from engine.pipeline import lanes, tombstones
from engine.privacy import erasing, files, report, sweep
from engine.privacy.mentions import Mentions, mentions_of
from engine.privacy.person import Person, decode, encode, person_of

PORTION = 500
"""Activities removed in one transaction."""

ALIVE_EVERY = 2.0
"""Seconds between two renewals of the job's lease."""

SETTLED_AFTER = timedelta(seconds=10)
"""After this time no operation is in flight that does not know the erasure."""

PATIENCE = 60.0
"""Seconds to wait until connected contacts are folded again."""

PAUSE = 0.3


def work_of(db: Db, job: Job) -> Work:
    """The work of an erasure job."""
    return _Erasing(db, job)


class _Erasing:
    """The stages, in order."""

    def __init__(self, db: Db, job: Job) -> None:
        self.db, self.job = db, job
        self._stages: dict[str, Callable[[], bool]] = {
            "marked": self._mark,
            "forgotten": self._remove_activities,
            "gone": self._remove_contact,
            "swept": self._sweep,
            "filed": self._remove_files,
            "checked": self._look_again,
            "closed": self._close,
        }
        self._kept_at = self._began = time.monotonic()
        self._known: tuple[Person, Mentions] | None = None

    def total(self) -> int:
        return len(self._stages)

    def step(self, cursor: str, *, now: datetime) -> Step | None:  # noqa: ARG002  as all `Work`
        """Run the next stage; None if all are done."""
        names = ["", *self._stages]
        following = names[names.index(cursor) + 1 :]
        if not following:
            return None
        if self._stages[following[0]]():
            return Step(following[0], 1)
        time.sleep(PAUSE)
        return Step(cursor, 0)

    # Block new data

    def _mark(self) -> bool:
        """Put the tombstones, until no concurrent change of the person can have missed them."""
        contact = ContactId(self.job.wanted["contact"])
        number, before = tombstones.next_number(self.db), None
        while (person := person_of(self.db, contact)) is not None and person != before:
            self._note(person)
            tombstones.put(self.db, self.job.id, person.marks())
            lanes.bar_older_erasures(self.db, number)
            before = person
        if before is None and self.db.erasures.find_one({"_id": self.job.id}) is None:
            raise ContactNotFound(contact, "this contact no longer exists: it may have been erased already")
        if before is not None:  # time no longer passes for it: nothing falls due while it goes
            apart = {"$set": {"lane": -1}, "$unset": {"next_due": ""}, "$inc": {"v": 1}}
            self.db.contacts.update_one({"_id": before.ids[0]}, apart)
        return True

    def _note(self, person: Person) -> None:
        row = {"by_name": self.job.by_name, "asked_at": self.job.created_at, "person": encode(person)}
        self.db.erasures.update_one({"_id": self.job.id}, {"$set": row}, upsert=True)

    # Remove the activities and the contact

    def _remove_activities(self) -> bool:
        for query in self._person.queries():
            while ids := [row["_id"] for row in self.db.activities.find(query, {"_id": 1}).limit(PORTION)]:
                self._count("activities", partial(self._drop, ids))
                self._go_on()
        for id_ in self._person.ids:
            self._count("ledger", partial(self._drop_entries, id_))
        return True

    def _drop(self, ids: list[str], session: ClientSession) -> int:
        """Remove activities and their audit entries; mark their hours for a recount."""
        counted = {"_id": {"$in": ids}, "type": {"$in": list(daily_figures.COUNTED_TYPES)}}
        rows = self.db.activities.find(counted, {"happened_at": 1}, session=session)
        self._mark_hours({daily_figures.hour_of(row["happened_at"]) for row in rows}, session)
        edits = {"_id": {"$in": [f"edit:{id_}" for id_ in ids]}}
        cleaned = self.db.audit.update_many(edits, {"$set": sweep.BLANK}, session=session).modified_count
        if cleaned:
            report.count(self.db, self.job.id, {"cleaned.audit": cleaned}, session=session)
        return self.db.activities.delete_many({"_id": {"$in": ids}}, session=session).deleted_count

    def _drop_entries(self, contact: ContactId, session: ClientSession) -> int:
        return self.db.ledger.delete_many({"contact": contact}, session=session).deleted_count

    def _mark_hours(self, hours: set[datetime], session: ClientSession) -> None:
        if hours:
            row = {"_id": uuid_utils.uuid7().hex, "hours": sorted(hours)}
            self.db.stale_hours.insert_one(row, session=session)

    def _remove_contact(self) -> bool:
        self._count("contacts", self._drop_contact)
        return True

    def _drop_contact(self, session: ClientSession) -> int:
        """Remove the contact and record the time; connected contacts are folded again."""
        row = self.db.erasures.find_one({"_id": self.job.id}, {"at": 1}, session=session)
        if row is None or row.get("at") is not None:
            return 0
        at, removed = utc_now(), 0
        for contact in self.db.contacts.find({"_id": {"$in": list(self._person.ids)}}, session=session):
            self._mark_hours(daily_figures.hours_of_orders(contact, None), session)
            removed += self.db.contacts.delete_one({"_id": contact["_id"]}, session=session).deleted_count
        self.db.contacts.update_many(
            {"_id": {"$in": list(self._person.others)}},
            {"$set": {"upkeep": 0}, "$inc": {"v": 1}},
            session=session,
        )
        tombstones.settle(self.db, self.job.id, at, session=session)
        self.db.erasures.update_one({"_id": self.job.id}, {"$set": {"at": at}}, session=session)
        return removed

    # Remove all other mentions

    def _sweep(self) -> bool:
        self._count_notified_systems()
        sweep.clean_jobs(self.db, self.job.id, self._person)
        self._go_through(sweep.collections(self.db))
        return True

    def _go_through(self, names: list[str]) -> None:
        """Sweep the activities first: other contacts are derived from them."""
        for name in sorted(names, key=lambda name: name != "activities"):
            streams = sweep.sweep(self.db, self.job.id, name, self._person, self._mentions, go_on=self._go_on)
            if streams:
                again = {"$set": {"upkeep": 0}, "$inc": {"v": 1}}
                self.db.contacts.update_many({"keys": {"$in": sorted(streams)}}, again)

    def _count_notified_systems(self) -> None:
        """Count the calls that other systems received: their copies cannot be erased from here."""
        calls = {"contact": {"$in": list(self._person.ids)}, "state": "sent"}
        found = self.db.outbox.aggregate(
            [{"$match": calls}, {"$group": {"_id": "$webhook", "n": {"$sum": 1}}}]
        )
        calls_sent = {row["_id"]: row["n"] for row in found}
        if calls_sent:
            self.db.erasures.update_one({"_id": self.job.id, "told": None}, {"$set": {"told": calls_sent}})

    def _remove_files(self) -> bool:
        files.remove_files(self.db, self.job.id, self._person, self._mentions, go_on=self._go_on)
        return True

    def _look_again(self) -> bool:
        """Sweep again once nothing can be in flight; false as long as it is too soon."""
        row = self.db.erasures.find_one({"_id": self.job.id}, {"at": 1})
        assert row is not None
        if utc_now() < row["at"] + SETTLED_AFTER or self._others_wait():
            return False
        for query in self._person.queries(until=row["at"] + timedelta(milliseconds=1)):
            ids = [found["_id"] for found in self.db.activities.find(query, {"_id": 1})]
            if ids:
                self._count("activities", partial(self._drop, ids))
        self._go_through([name for name in sweep.collections(self.db) if name != "activities"])
        return True

    def _others_wait(self) -> bool:
        """Whether a connected contact still has to be folded again."""
        if time.monotonic() > self._began + PATIENCE:
            return False
        others = {"_id": {"$in": list(self._person.others)}, "upkeep": {"$lt": 1}}
        return self.db.contacts.find_one(others, {"_id": 1}) is not None

    def _close(self) -> bool:
        """Delete the person's identity from the job; the report stays."""
        done = {"$set": {"finished_at": utc_now()}, "$unset": {"person": ""}}
        self.db.erasures.update_one({"_id": self.job.id, "finished_at": None}, done)
        jobs.forget_wanted(self.db, self.job.id)
        return True

    # The person

    @property
    def _person(self) -> Person:
        return self._load_person()[0]

    @property
    def _mentions(self) -> Mentions:
        return self._load_person()[1]

    def _load_person(self) -> tuple[Person, Mentions]:
        if self._known is None:
            row = self.db.erasures.find_one({"_id": self.job.id})
            assert row is not None
            person = decode(row["person"])
            self._known = person, mentions_of(person)
        return self._known

    def _count(self, place: str, act: Callable[[ClientSession], int]) -> None:
        report.counted(self.db, self.job.id, place, "removed", act)

    def _go_on(self) -> bool:
        """Renew the job's lease from time to time.  An erasure cannot be stopped half-way."""
        if time.monotonic() - self._kept_at >= ALIVE_EVERY:
            self._kept_at = time.monotonic()
            job_lease.keep(self.db, self.job.id, now=utc_now())
        return True


register(
    JobKind(
        id=erasing.KIND,
        work=work_of,
        permission=Permission.ERASE,
        stops=False,
    )
)
