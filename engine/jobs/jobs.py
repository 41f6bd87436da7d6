"""Jobs: long work that people start, done by the workers in steps, whoever is killed.

A job says how far it has come (`cursor`); whoever claims it goes on from there.  What a
step does has ids that follow from the job, so doing a step again changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from pymongo import ReturnDocument
from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from engine.db import leases
from engine.db.leases import Basis
from engine.errors import LeaseLost

if TYPE_CHECKING:
    from engine.domain.activities import ContactId

Document = dict[str, Any]
Place = tuple[datetime, str]
"""Where in the history one is: when a job was begun, and its id."""

CLAIM = timedelta(seconds=20)
"""How long after its last step another may go on with a job."""

UNDO_FOR = timedelta(days=30)
"""How long after its end a job can be taken back; what that needs, its file and what it refused
are kept for so long."""

MAX_ATTEMPTS = 20
"""Holders in a row that may die over one step before the job is given up."""


class JobState(StrEnum):
    """How far a job has come."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"


_UNDER_WAY = [JobState.WAITING.value, JobState.RUNNING.value]

HELD: Document = {"state": "running", "claimed_until": {"$ne": None}}
"""Matches the jobs that a worker holds (see `leases.release_dead`)."""


@dataclass(frozen=True)
class Job:
    """Long work, and how far it is.

    `wanted` says what is to be done, in the words of its kind.  `total` is unset until it
    is counted; `done` of it are settled, of which `unchanged` were so already and
    `refused` could not be; `created` are those that were not there before.  `made` is what came
    of it, in the words of its kind.  `undoes` is the job that this one takes back, `undone_by`
    the one that took this one back.
    """

    id: str
    kind: str
    title: str
    by: str
    by_name: str
    created_at: datetime
    wanted: Mapping[str, Any] = field(default_factory=dict)
    state: JobState = JobState.WAITING
    cursor: str = ""
    total: int | None = None
    done: int = 0
    unchanged: int = 0
    refused: int = 0
    created: int = 0
    made: Mapping[str, Any] = field(default_factory=dict)
    started_at: datetime | None = None
    finished_at: datetime | None = None
    failure: str | None = None
    undoes: str | None = None
    undone_by: str | None = None

    @property
    def under_way(self) -> bool:
        return self.state in (JobState.WAITING, JobState.RUNNING)

    @property
    def changed(self) -> int:
        """How many are otherwise than before."""
        return self.done - self.unchanged - self.refused

    @property
    def kept_until(self) -> datetime | None:
        """Until when it can be taken back, if it can at all, and what it refused be seen."""
        return None if self.finished_at is None else self.finished_at + UNDO_FOR

    @property
    def share(self) -> float:
        """How much of it is done, 0 to 1."""
        if not self.under_way:
            return 1.0
        return min(self.done / self.total, 1.0) if self.total else 0.0


@dataclass(frozen=True)
class Refused:
    """What a job could not do, and why: to a contact, or with a line of its file."""

    reason: str
    contact: ContactId | None = None
    line: int | None = None


@dataclass(frozen=True)
class Step:
    """What a step settled: up to where, how many, which lanes have work by it, and what came of it."""

    cursor: str
    done: int
    unchanged: int = 0
    refused: int = 0
    lanes: frozenset[int] = frozenset()
    created: int = 0
    made: Mapping[str, Any] = field(default_factory=dict)


def add(db: Database[Document], job: Job) -> bool:
    """Keep a new job; false if there is one of that id already."""
    row = {name: getattr(job, name) for name in _KEPT}
    try:
        db.jobs.insert_one({"_id": job.id, "state": "waiting", "done": 0, "attempts": 0, **row})
    except DuplicateKeyError:
        return False
    if job.undoes is not None:
        db.jobs.update_one({"_id": job.undoes}, {"$set": {"undone_by": job.id}})
    return True


_KEPT = ("kind", "title", "by", "by_name", "created_at", "wanted", "undoes")


def job(db: Database[Document], id_: str) -> Job | None:
    """One job; unset if there is none of that id."""
    row = db.jobs.find_one({"_id": id_})
    return None if row is None else _job(row)


def recent(
    db: Database[Document], kinds: Sequence[str], *, before: Place | None = None, limit: int = 20
) -> list[Job]:
    """Jobs of some kinds, the newest first, from a place on."""
    query: Document = {"kind": {"$in": list(kinds)}}
    if before is not None:
        at, id_ = before
        query["$or"] = [{"created_at": {"$lt": at}}, {"created_at": at, "_id": {"$lt": id_}}]
    return [_job(row) for row in db.jobs.find(query).sort(_NEWEST).limit(limit)]


_NEWEST = [("created_at", -1), ("_id", -1)]


def at_hand(
    db: Database[Document], kinds: Sequence[str], *, by: str, since: datetime, limit: int = 5
) -> list[Job]:
    """Jobs under way, whoever began them, and those of one person that ended since, until
    they are dismissed or taken back; the newest first."""
    ended = {"by": by, "finished_at": {"$gte": since}, "dismissed": None, "undone_by": None}
    query = {"kind": {"$in": list(kinds)}, "$or": [{"state": {"$in": _UNDER_WAY}}, ended]}
    return [_job(row) for row in db.jobs.find(query).sort(_NEWEST).limit(limit)]


def dismiss(db: Database[Document], id_: str, *, by: str) -> None:
    """Show a job that ended no longer to who began it; the history keeps it."""
    db.jobs.update_one({"_id": id_, "by": by}, {"$set": {"dismissed": True}})


def _free(kinds: Sequence[str], now: datetime, holder: str) -> Document:
    free: list[Document] = [{"claimed_until": None}, {"claimed_until": {"$lte": now}}]
    if holder:
        free.append({"holder": holder})
    return {"state": {"$in": _UNDER_WAY}, "kind": {"$in": list(kinds)}, "$or": free}


def any_waits(db: Database[Document], kinds: Sequence[str], *, now: datetime, holder: str = "") -> bool:
    """Whether there is a job to take: asked again and again, it costs half of what `claim` does."""
    return db.jobs.find_one(_free(kinds, now, holder), {"_id": 1}) is not None


def claim(db: Database[Document], kinds: Sequence[str], *, now: datetime, holder: str = "") -> Job | None:
    """Take the job that has waited longest and that nobody is at, for `holder`.

    What that one holds already it had to leave when MongoDB was away: it goes on with it.
    """
    row = db.jobs.find_one_and_update(
        _free(kinds, now, holder),
        {
            "$set": {"state": "running", "claimed_until": now + CLAIM, "holder": holder},
            "$inc": {"attempts": 1},
        },
        sort=[("created_at", 1)],
        return_document=ReturnDocument.AFTER,
    )
    if row is None:
        return None
    if row["attempts"] > MAX_ATTEMPTS:
        fail(db, row["_id"], f"{MAX_ATTEMPTS} workers in a row died over its next step", now=now)
        return None
    if row.get("started_at") is None:
        row["started_at"] = now
        db.jobs.update_one({"_id": row["_id"]}, {"$set": {"started_at": now}})
    return _job(row)


def note_total(db: Database[Document], id_: str, total: int) -> None:
    """Say how much there is to do."""
    db.jobs.update_one({"_id": id_}, {"$set": {"total": total}})


def advance(db: Database[Document], before: Job, step: Step, *, now: datetime) -> Job | None:
    """Note a step that is done, and go on holding the job.

    Unset if somebody stopped it, or another went on with it meanwhile.
    """
    there = {"$in": ["running", "stopped"]}
    made = {"made": dict(step.made)} if step.made else {}
    row = db.jobs.find_one_and_update(
        {"_id": before.id, "state": there, "cursor": _place(before.cursor)},
        {
            "$set": {"cursor": step.cursor, "claimed_until": now + CLAIM, "attempts": 0, **made},
            "$inc": {name: getattr(step, name) for name in _COUNTED},
        },
        return_document=ReturnDocument.AFTER,
    )
    return None if row is None or row["state"] == "stopped" else _job(row)


_COUNTED = ("done", "unchanged", "refused", "created")


def keep(db: Database[Document], id_: str, *, now: datetime) -> bool:
    """Hold on to a job while waiting; false if somebody stopped it."""
    held = db.jobs.update_one({"_id": id_, "state": "running"}, {"$set": {"claimed_until": now + CLAIM}})
    return bool(held.matched_count)


def hold(
    db: Database[Document],
    id_: str,
    cursor: str,
    session: ClientSession,
    *,
    now: datetime,
    basis: Basis,
    applied: int,
) -> None:
    """Hold on to a job within the transaction that does the step after `cursor`.

    `applied` activities are added to the job's count.  Raises LeaseLost if another did that
    step meanwhile, and CommitConflict if newer rules came into force or a contact was erased.
    """
    ours = {"_id": id_, "state": {"$in": ["running", "stopped"]}, "cursor": _place(cursor)}
    change = {"$set": {"claimed_until": now + CLAIM}, "$inc": {"applied": applied}}
    if not leases.renew(db.jobs, ours, change, session, basis=basis):
        raise LeaseLost(f"the job {id_} went on without us")


def bar(db: Database[Document], known: Mapping[str, int]) -> None:
    """Let no step be committed any more that does not know of these `rules` or `erasures`; this
    waits for those under way."""
    db.jobs.update_many({"state": {"$in": _UNDER_WAY}}, {"$max": dict(known)})


def reach(db: Database[Document], before: Job, done: int, *, now: datetime) -> bool:
    """Say how far a single long step is, and hold on to the job; false if somebody stopped it, or
    another did that step meanwhile."""
    held = db.jobs.update_one(
        {"_id": before.id, "state": "running", "cursor": _place(before.cursor)},
        {"$set": {"claimed_until": now + CLAIM, "done": done}},
    )
    return bool(held.matched_count)


def finish(db: Database[Document], id_: str, *, now: datetime) -> None:
    """Say that a job is done."""
    _end(db, id_, {"state": "done", "finished_at": now})


def fail(db: Database[Document], id_: str, reason: str, *, now: datetime) -> None:
    """Say that a job cannot go on, and why; what it has done stays."""
    _end(db, id_, {"state": "failed", "finished_at": now, "failure": reason[:500]})


def stop(db: Database[Document], id_: str, *, now: datetime) -> None:
    """Let a job end after the step at hand; what it has done stays."""
    _end(db, id_, {"state": "stopped", "finished_at": now})


def ended_before(db: Database[Document], kinds: Sequence[str], moment: datetime) -> list[Job]:
    """Jobs of some kinds that were over by a moment and of which something is kept still."""
    query = {"kind": {"$in": list(kinds)}, "finished_at": {"$lte": moment}, "cleared": None}
    return [_job(row) for row in db.jobs.find(query)]


def note_cleared(db: Database[Document], id_: str) -> None:
    """Say that nothing more is kept of a job than that it was."""
    db.jobs.update_one({"_id": id_}, {"$set": {"cleared": True}})


def resume(db: Database[Document], id_: str) -> None:
    """Let a job that failed or was stopped go on from where it is; another is left as it is."""
    ended = {"_id": id_, "state": {"$in": [JobState.FAILED.value, JobState.STOPPED.value]}}
    over = {"finished_at": "", "failure": "", "claimed_until": ""}
    again = {"$set": {"state": "waiting", "attempts": 0}, "$unset": over}
    db.jobs.update_one(ended, again)


def forget_wanted(db: Database[Document], id_: str) -> None:
    """Keep no longer what a job was about."""
    db.jobs.update_one({"_id": id_}, {"$set": {"wanted": {}}})


def let_go(db: Database[Document], id_: str) -> None:
    """Leave a job for another to go on with at once."""
    db.jobs.update_one({"_id": id_}, {"$unset": {"claimed_until": ""}, "$set": {"attempts": 0}})


def _place(cursor: str) -> object:
    """The place that a job must still be at; a try that came to nothing leaves it at the beginning."""
    return cursor or {"$in": [None, ""]}


def _end(db: Database[Document], id_: str, change: Document) -> None:
    under_way = {"_id": id_, "state": {"$in": _UNDER_WAY}}
    db.jobs.update_one(under_way, {"$set": change, "$unset": {"claimed_until": ""}})


def _job(row: Document) -> Job:
    said = {name: row[name] for name in _READ if row.get(name) is not None}
    return Job(id=row["_id"], state=JobState(row["state"]), **said)


_READ = (
    *_KEPT, *_COUNTED, "cursor", "total", "made", "started_at", "finished_at", "failure", "undone_by",
)  # fmt: skip
