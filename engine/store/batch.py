"""A batch: the activities that wait in a lane become changes of contacts.

Read what the activities may touch, fold each group (one step at the tip, or all of it
again when something came late), and commit the writes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
from pymongo.database import Database

from engine.core import component, fold
from engine.core.activities import Activity, ActivityId
from engine.core.component import Contact, Settled
from engine.core.rulebook import Rulebook
from engine.errors import FoldFailed
from engine.store import contact_documents, lanes
from engine.store.commit import Writes, commit
from engine.store.connection import lane_count, namespace
from engine.store.groups import Group, decode_activity, groups_of, history_of, shared_devices
from engine.store.lanes import Lease
from engine.store.results import Folding, collect, document_of, write_contact

Document = dict[str, Any]
Clock = Callable[[], datetime]

BATCH = 500
"""Activities of one transaction: the fastest size measured."""


@dataclass(frozen=True)
class Waiting:
    """Activities taken from a lane; `unreadable` are rows that are no activities."""

    activities: list[Activity]
    unreadable: list[FoldFailed] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.activities or self.unreadable)


@dataclass(frozen=True)
class Applied:
    """What a batch came to."""

    applied: int
    failed: list[FoldFailed]


def next_activities(db: Database[Document], lane: int, *, limit: int = BATCH) -> Waiting:
    """The activities that have waited longest in a lane."""
    waiting = Waiting([])
    for row in db.activities.find({"lane": lane, "state": "received"}).sort("received_at", 1).limit(limit):
        try:
            waiting.activities.append(decode_activity(row))
        except msgspec.ValidationError as error:
            waiting.unreadable.append(FoldFailed(row["_id"], f"cannot be read: {error}"))
    return waiting


def apply(
    db: Database[Document], lease: Lease, waiting: Waiting, rulebook: Rulebook, *, clock: Clock
) -> Applied:
    """Fold activities and commit what comes of it; each takes effect once.

    An activity that makes the fold fail is set aside as failed, the others go on.
    Raises Conflict, LeaseLost or Unavailable, and then nothing was written.
    """
    folding = Folding(db, rulebook, namespace(db), lane_count(db), clock())
    writes = Writes(failed=list(waiting.unreadable))
    for group in groups_of(db, waiting.activities):
        _fold_group(folding, group, writes)
    commit(db, writes, lease, clock=clock)
    return Applied(applied=len(writes.applied), failed=writes.failed)


def apply_due(db: Database[Document], lease: Lease, rulebook: Rulebook, *, clock: Clock) -> int:
    """Let time pass for the contacts of a lane for which something falls due; say how many."""
    now, writes = clock(), Writes()
    for row in db.contacts.find(lanes.due_in(lease.lane, now)).limit(BATCH):
        contact = contact_documents.decode(row)
        outcome = fold.fold(contact.state, [], rulebook, contact=contact.person.id, until=now)
        aged = Contact(contact.person, outcome.state)
        write_contact(writes, document_of(aged, like=row, lanes=lane_count(db), now=now), row)
    if writes.contacts:
        commit(db, writes, lease, clock=clock)
    return len(writes.contacts)


def _fold_group(folding: Folding, group: Group, writes: Writes) -> None:
    """Fold a group; what makes the fold fail is left out, alone, and noted."""
    failed: dict[ActivityId, FoldFailed] = {}
    while True:
        remaining = [activity for activity in group.activities if activity.id not in failed]
        try:
            left = Group(remaining, group.documents, group.shared)
            settled = _settle(folding, left, without=set(failed))
            break
        except FoldFailed as error:
            failed[ActivityId(error.activity_id)] = error
    writes.failed.extend(failed.values())
    writes.applied.extend(activity.id for activity in remaining)
    if settled is not None:
        collect(folding, group, settled, writes)


def _settle(folding: Folding, group: Group, *, without: set[ActivityId]) -> Settled | None:
    """Fold a group's activities but for those `without`, which may be of the past."""
    if not group.activities:
        return _refold(folding, group, without) if group.documents and without else None
    settled = None if without else _step(folding, group)
    return _refold(folding, group, without) if settled is None else settled


def _step(folding: Folding, group: Group) -> Settled | None:
    activities = sorted(group.activities, key=lambda activity: activity.moment)
    contacts = {id_: contact_documents.decode(row) for id_, row in group.documents.items()}
    return component.step(
        contacts, activities, folding.rulebook, namespace=folding.namespace, shared=group.shared
    )


def _refold(folding: Folding, group: Group, without: set[ActivityId]) -> Settled:
    past = [activity for activity in history_of(folding.db, group) if activity.id not in without]
    everything = [*past, *group.activities]
    shared = group.shared | shared_devices(folding.db, past)
    return component.refold(everything, folding.rulebook, namespace=folding.namespace, shared=shared)
