"""Lanes and their leases: who may work on which share of the activities.

A lease is for a few seconds and has a fencing number that grows with each holder.  Every
commit checks the number inside its transaction, so a holder that was thought dead can
write nothing.  What makes an activity apply once is its own state; leases only keep
workers from doing the same work side by side.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import datetime, timedelta

from pymongo import ReturnDocument
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from engine.db import Db, leases
from engine.db.leases import Basis
from engine.db.timeouts import tolerate_timeout
from engine.domain.document import Document
from engine.errors import LeaseLost

Lane = int | Document
"""The number of a lane, or what matches some."""

SETTLED_AFTER = timedelta(seconds=2)
"""How long a contact must be left alone before time passes for it.  While its history is
still coming in, letting all that is long past fall due would make the rest of it late."""

LEASE = timedelta(seconds=10)
"""The lease of a lane: another worker may take it over after this silence."""


@dataclass(frozen=True)
class Lease:
    """The right to work on a lane.

    `attempts` counts the holders, this one included, since the lane last got anything
    done: more than one means that a holder died or was stopped over its next batch.
    """

    lane: int
    fence: int
    holder: str
    attempts: int


@dataclass(frozen=True)
class LaneBacklog:
    """The backlog of a lane: received activities, and due contacts."""

    lane: int
    waiting: int
    oldest_received_at: datetime | None
    due: int
    holder: str | None
    lease_until: datetime | None

    @property
    def idle(self) -> bool:
        return not self.waiting and not self.due


def create(db: Db, count: int) -> None:
    """Make the lanes 0 to `count` - 1, unless they are there."""
    for lane in range(count):
        fresh = {"fence": 0, "attempts": 0, "wanted": False}
        try:
            db.lanes.update_one({"_id": lane}, {"$setOnInsert": fresh}, upsert=True)
        except DuplicateKeyError:  # two processes prepare at once
            continue


def take(db: Db, lane: int, holder: str, *, now: datetime) -> Lease | None:
    """Claim a free lane; if it is held, announce new work to its holder."""
    taken = None
    with tolerate_timeout():
        taken = db.lanes.find_one_and_update(
            {"_id": lane, **_free(now)},
            {
                "$set": {"holder": holder, "lease_until": now + LEASE, "wanted": False},
                "$inc": {"fence": 1, "attempts": 1},
            },
            return_document=ReturnDocument.AFTER,
        )
    if taken is None:
        with tolerate_timeout():
            db.lanes.update_one({"_id": lane}, {"$set": {"wanted": True}})
        return None
    return Lease(lane=lane, fence=taken["fence"], holder=holder, attempts=taken["attempts"])


def hold(
    db: Db,
    lease: Lease,
    session: ClientSession,
    *,
    now: datetime,
    basis: Basis,
    applied: int,
) -> None:
    """Renew a lease within the transaction that does its work.

    `applied` activities are added to the lane's count.  Raises LeaseLost if the lease is not
    ours, and CommitConflict if newer rules came into force or a contact was erased meanwhile.
    """
    change = {"$set": {"lease_until": now + LEASE, "attempts": 0}, "$inc": {"applied": applied}}
    if not leases.renew(db.lanes, _held_by(lease), change, session, basis=basis):
        raise LeaseLost(f"lane {lease.lane} went to another worker")


def bar_older_erasures(db: Db, erasures: int) -> None:
    """Reject later commits of batches folded with fewer erasures."""
    _bar(db, {"erasures": erasures})


def bar_older_rules(db: Db, version: int) -> None:
    """Reject later commits of batches folded under older rules.

    Each lane and job is written, so that this waits for the commits that are under way, and
    later ones are decided again.
    """
    _bar(db, {"rules": version})


def _bar(db: Db, known: Mapping[str, int]) -> None:
    from engine.jobs import job_lease  # `sheets status` asks for lanes and does without the documents of jobs

    for lane in db.lanes.find({}, {"_id": 1}):
        db.lanes.update_one({"_id": lane["_id"]}, {"$max": dict(known)})
    job_lease.bar(db, known)


def release(db: Db, lease: Lease) -> bool:
    """Release a lane; false if work was announced meanwhile, and the lane is still held."""
    freed = db.lanes.update_one(
        {**_held_by(lease), "wanted": False},
        {"$set": {"attempts": 0}, "$unset": {"holder": "", "lease_until": ""}},
    )
    if freed.matched_count:
        return True
    kept = db.lanes.update_one(_held_by(lease), {"$set": {"wanted": False}})
    return not kept.matched_count


def abandon(db: Db, lease: Lease) -> None:
    """Release a lane although work is left, so that the scheduler wakes it again."""
    db.lanes.update_one(_held_by(lease), {"$unset": {"holder": "", "lease_until": ""}})


def waiting(db: Db, *, now: datetime) -> list[int]:
    """The free lanes that have work."""
    free = _free_lanes(db, now)
    received = _with_any(db.activities, {"state": "received"}, free)
    due = _with_any(db.contacts, _due_by(now), free - received)
    outdated = _with_any(db.contacts, _outdated(outdated_below(db)), free - received - due)
    return sorted(received | due | outdated)


def free_with_live_events(db: Db, *, now: datetime) -> list[int]:
    """The free lanes in which events wait that are no backfill."""
    return sorted(_with_any(db.activities, {"state": "received", "backfill": None}, _free_lanes(db, now)))


def _free_lanes(db: Db, now: datetime) -> set[int]:
    return {lane["_id"] for lane in db.lanes.find(_free(now), {"_id": 1})}


def _with_any(collection: Collection[Document], query: Document, lanes: Set[int]) -> set[int]:
    """Those of the lanes that have a document: asked of all at once, until none of the others has."""
    found: set[int] = set()
    while left := sorted(lanes - found):
        row = collection.find_one({**query, "lane": {"$in": left}}, {"lane": 1})
        if row is None:
            break
        found.add(row["lane"])
    return found


def idle(db: Db, *, now: datetime) -> bool:
    """Whether nothing waits in any lane, and nothing will fall due by now."""
    lanes = [lane["_id"] for lane in db.lanes.find({}, {"_id": 1})]
    due = {"lane": {"$in": lanes}, "next_due": {"$lte": now}}
    upkeep = outdated_below(db)
    newest = db.rulesets.find_one({}, {"filling": 1}, sort=[("_id", -1)])
    if newest is not None and newest.get("filling"):
        return False
    return not (
        _received(db, {"$in": lanes}) or _any(db, outdated_in({"$in": lanes}, upkeep)) or _any(db, due)
    )


def _any(db: Db, contacts: Document) -> bool:
    return db.contacts.find_one(contacts, {"_id": 1}) is not None


def outdated_below(db: Db) -> int:
    """The oldest version of the rules for which a contact may be kept, and not be outdated."""
    newest = db.rulesets.find_one({}, {"outdated_below": 1}, sort=[("_id", -1)])
    return 1 if newest is None else int(newest["outdated_below"])


WAITING: Document = {"lane": {"$gte": 0}, "state": "received"}
"""Matches what waits in any lane.  Without a lane MongoDB would read all activities."""


def backlog_exceeds(db: Db, limit: int) -> bool:
    """Whether more activities than this wait; none beyond them is counted."""
    return db.activities.count_documents(WAITING, limit=limit + 1) > limit


def _received(db: Db, lane: Lane) -> bool:
    # A look at an index: a `distinct` would read the whole backlog.
    return db.activities.find_one({"lane": lane, "state": "received"}, {"_id": 1}) is not None


def _free(now: datetime) -> Document:
    # A lease that ends later than any can was taken by a clock that was wrong.
    ends = [{"lease_until": None}, {"lease_until": {"$lte": now}}, {"lease_until": {"$gt": now + 2 * LEASE}}]
    return {"$or": ends}


def due_in(lane: Lane, now: datetime) -> Document:
    """Matches the contacts of a lane, or of some, for which time has come, and that are left alone."""
    return {"lane": lane, **_due_by(now)}


def _due_by(now: datetime) -> Document:
    return {"next_due": {"$lte": now}, "folded_at": {"$lte": now - SETTLED_AFTER}}


def any_due(db: Db, at: datetime) -> bool:
    """Whether something that fell due by `at` has not been applied yet."""
    lanes = [lane["_id"] for lane in db.lanes.find({}, {"_id": 1})]
    due = ({"lane": lane, "next_due": {"$lte": at}} for lane in lanes)
    return any(db.contacts.find_one(query, {"_id": 1}) is not None for query in due)


def outdated_in(lane: Lane, upkeep: int) -> Document:
    """Matches the contacts of a lane, or of some, that were folded for older rules."""
    return {"lane": lane, **_outdated(upkeep)}


def _outdated(upkeep: int) -> Document:
    return {"upkeep": {"$lt": upkeep}}


def backlog(db: Db, now: datetime) -> list[LaneBacklog]:
    """The backlog of each lane, and its age."""
    received = {row["_id"]: row for row in db.activities.aggregate(_RECEIVED)}
    due = {row["_id"]: row["due"] for row in db.contacts.aggregate(_due(now, outdated_below(db)))}
    return [
        LaneBacklog(
            lane=lane["_id"],
            waiting=received.get(lane["_id"], {}).get("waiting", 0),
            oldest_received_at=received.get(lane["_id"], {}).get("oldest"),
            due=due.get(lane["_id"], 0),
            holder=lane.get("holder"),
            lease_until=lane.get("lease_until"),
        )
        for lane in db.lanes.find().sort("_id", 1)
    ]


def capped_backlog(db: Db, *, now: datetime, limit: int) -> list[LaneBacklog]:
    """The same, each lane counted up to a limit, so that it is quick whatever waits."""
    upkeep = outdated_below(db)
    found = []
    for lane in db.lanes.find().sort("_id", 1):
        received = {"lane": lane["_id"], "state": "received"}
        oldest = min(filter(None, (_oldest(db, received, kind) for kind in (None, True))), default=None)
        due = db.contacts.count_documents(due_in(lane["_id"], now), limit=limit)
        outdated = db.contacts.count_documents(outdated_in(lane["_id"], upkeep), limit=limit)
        found.append(
            LaneBacklog(
                lane=lane["_id"],
                waiting=db.activities.count_documents(received, limit=limit) if oldest else 0,
                oldest_received_at=oldest,
                due=due + outdated,
                holder=lane.get("holder"),
                lease_until=lane.get("lease_until"),
            )
        )
    return found


def _oldest(db: Db, received: Document, backfill: bool | None) -> datetime | None:
    """When what waits longest was received, of live events or of a backfill."""
    of_kind = {**received, "backfill": backfill}
    found = db.activities.find_one(of_kind, {"received_at": 1}, sort=[("received_at", 1)])
    return None if found is None else found["received_at"]


_RECEIVED: list[Document] = [
    {"$match": WAITING},
    {"$group": {"_id": "$lane", "waiting": {"$sum": 1}, "oldest": {"$min": "$received_at"}}},
]


def _due(now: datetime, upkeep: int) -> list[Document]:
    behind = [{"next_due": {"$lte": now}}, {"upkeep": {"$lt": upkeep}}]
    return [
        {"$match": {"lane": {"$gte": 0}, "$or": behind}},
        {"$group": {"_id": "$lane", "due": {"$sum": 1}}},
    ]


def _held_by(lease: Lease) -> Document:
    return {"_id": lease.lane, "fence": lease.fence, "holder": lease.holder}
