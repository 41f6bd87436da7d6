"""A batch: the activities that wait in a lane become changes of contacts.

Read what the activities may touch, fold each group (one step at the tip, or all of it
again when something came late), and commit the writes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import accumulate

import msgspec
from pymongo.client_session import ClientSession

from engine.db import Db, contact_codec
from engine.domain import daily_figures
from engine.domain.activities import Activity, ActivityId
from engine.domain.document import Document
from engine.domain.folding import component, fold
from engine.domain.folding.component import Contact, FoldedComponent
from engine.domain.rulebook import Rulebook
from engine.errors import FoldFailed
from engine.pipeline import lanes, tombstones
from engine.pipeline.commit import Writes, commit
from engine.pipeline.groups import (
    Group,
    decode_activity,
    groups_around,
    groups_of,
    histories_of,
    shared_devices,
)
from engine.pipeline.lanes import Lease
from engine.pipeline.results import (
    Folding,
    add_changes,
    add_results,
    document_of,
    replace_results,
    write_contact,
)

Clock = Callable[[], datetime]

BATCH = 500
"""Activities of one transaction: the fastest size measured."""

OUTDATED = 100
"""Contacts of one transaction that are folded again because the rules have changed."""

BACKFILL_SHARE = 5
"""One of so many activities of a batch may be of a backfill, if both wait."""

PAST = 500
"""Activities of the past after which the other groups of a batch wait, so that each batch stays short."""


@dataclass(frozen=True)
class Waiting:
    """Activities taken from a lane; `unreadable` are rows that are no activities."""

    activities: list[Activity]
    unreadable: list[FoldFailed] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.activities or self.unreadable)


@dataclass(frozen=True)
class Applied:
    """The outcome of a batch."""

    applied: int = 0
    failed: Sequence[FoldFailed] = ()
    erased: int = 0
    """Activities of who was erased, which were not kept."""
    due: int = 0
    """Contacts for which time passed, or that were brought up to newer rules."""
    folded_again: int = 0
    """Components of contacts that were folded from the beginning of their history."""
    merged: int = 0
    """Contacts that merged into another."""
    calls: int = 0
    """Calls of webhooks that now wait in the outbox."""
    left: int = 0
    """Activities that were taken and still wait, because others needed much of the past."""


def next_activities(db: Db, lane: int, *, limit: int = BATCH) -> Waiting:
    """The activities of a lane that are next: live ones first, each kind in the order of arrival.

    A backfill of any size delays no live event, and live events leave it its share of each batch.
    """
    live = _waiting_longest(db, lane, limit, backfill=None)
    share = limit // BACKFILL_SHARE if live else limit
    old = _waiting_longest(db, lane, share, backfill=True)
    waiting = Waiting([])
    for row in (*live[: limit - len(old)], *old):
        try:
            waiting.activities.append(decode_activity(row))
        except msgspec.ValidationError as error:
            waiting.unreadable.append(FoldFailed(row["_id"], f"cannot be read: {error}"))
    return waiting


def _waiting_longest(db: Db, lane: int, limit: int, *, backfill: bool | None) -> list[Document]:
    if not limit:
        return []
    received = {"lane": lane, "state": "received", "backfill": backfill}
    return list(db.activities.find(received).sort("received_at", 1).limit(limit))


def apply(db: Db, lease: Lease, waiting: Waiting, rulebook: Rulebook, *, clock: Clock) -> Applied:
    """Fold activities and commit what comes of it; each takes effect once.

    An activity that makes the fold fail is quarantined; the others are applied.
    Raises CommitConflict, LeaseLost, WriteRefused or Unavailable, and then nothing was written.
    """
    folding = Folding.begin(db, rulebook, clock())
    writes = Writes(folding.basis)
    erased = tombstones.erased_among(db, waiting.activities)
    erased |= tombstones.unreadable_among(db, [ActivityId(row.activity_id) for row in waiting.unreadable])
    writes.erased.extend(erased)
    writes.failed.extend(row for row in waiting.unreadable if row.activity_id not in erased)
    groups = groups_of(db, [a for a in waiting.activities if a.id not in erased])
    folded, rest = fold_at_tip(folding, groups, writes)
    writes.applied.extend(activity.id for activity in folded)
    now, later = affordable(rest)
    if now:
        _fold_again(folding, now, writes)
    applied = set(writes.applied)
    writes.stale_hours |= daily_figures.counted_hours(a for a in waiting.activities if a.id in applied)
    _commit(db, writes, lease, clock=clock)
    return Applied(
        applied=len(writes.applied),
        failed=writes.failed,
        erased=len(erased),
        folded_again=len(now),
        merged=writes.merged,
        calls=len(writes.calls),
        left=sum(len(group.activities) for group in later),
    )


def apply_due(db: Db, lease: Lease, rulebook: Rulebook, *, clock: Clock) -> Applied:
    """Let time pass for the contacts of a lane for which something falls due, and bring up to
    date those that were folded for rules that are no longer in force.
    """
    folding = Folding.begin(db, rulebook, clock())
    now, writes = folding.now, Writes(folding.basis)
    outdated = list(db.contacts.find(lanes.outdated_in(lease.lane, lanes.outdated_below(db))).limit(OUTDATED))
    due = list(db.contacts.find(lanes.due_in(lease.lane, now)).limit(BATCH))
    # What is to be filled and due is folded again: its time comes first.
    unkept = [row for row in due if row["upkeep"] < rulebook.present.kept_from]
    groups, later = affordable(
        groups_around(db, list({row["_id"]: row for row in (*outdated, *unkept)}.values()))
    )
    folded_again = {id_ for group in (*groups, *later) for id_ in group.documents}
    for row in due:
        if row["_id"] not in folded_again:
            _age(folding, row, writes)
    if groups:
        _fold_again(folding, groups, writes)
    if writes.contacts:
        _commit(db, writes, lease, clock=clock)
    return Applied(
        due=len(writes.contacts), folded_again=len(groups), merged=writes.merged, calls=len(writes.calls)
    )


def _commit(db: Db, writes: Writes, lease: Lease, *, clock: Clock) -> None:
    def renew(session: ClientSession, now: datetime) -> None:
        lanes.hold(db, lease, session, now=now, basis=writes.basis, applied=len(writes.applied))

    commit(db, writes, renew, clock=clock)


def _age(folding: Folding, row: Document, writes: Writes) -> None:
    """Advance time for one contact, up to now."""
    contact = contact_codec.decode(row)
    outcome = fold.fold(contact.state, [], folding.rulebook, contact=contact.person.id, until=folding.now)
    aged = Contact(contact.person, outcome.state)
    writes.record_read([row])
    write_contact(writes, document_of(folding, aged, like=row), row)
    add_results(folding, outcome.ledger, outcome.derived, outcome.calls, writes)


def fold_at_tip(
    folding: Folding, groups: Iterable[Group], writes: Writes, *, until: datetime | None = None
) -> tuple[list[Activity], list[Group]]:
    """Fold groups at the tip into `writes`; return their activities, and the groups that need their past.

    With `until`, time then advances to that point for their contacts.
    """
    folded: list[Activity] = []
    rest = []
    for group in groups:
        writes.record_read(group.documents.values())
        settled = _step(folding, group, until)
        if settled is None:
            rest.append(group)
        else:
            folded += group.activities
            add_changes(folding, group, settled, writes)
    return folded, rest


def _step(folding: Folding, group: Group, until: datetime | None) -> FoldedComponent | None:
    """Fold a group at the tip; None if its whole past is needed, as after any failure."""
    if group.repeats:
        return None
    activities = sorted(group.activities, key=lambda activity: activity.moment)
    contacts = {id_: contact_codec.decode(row) for id_, row in group.documents.items()}
    try:
        return component.step(
            contacts,
            activities,
            folding.rulebook,
            namespace=folding.namespace,
            shared=group.shared,
            until=until,
        )
    except FoldFailed:
        return None


def affordable(groups: Sequence[Group]) -> tuple[Sequence[Group], Sequence[Group]]:
    """The first groups, whose past makes a short batch, and those that wait; one always goes."""
    past = list(accumulate(group.past for group in groups))
    count = max(1, bisect_right(past, PAST))
    return groups[:count], groups[count:]


def _fold_again(folding: Folding, groups: Sequence[Group], writes: Writes) -> None:
    """Fold groups from the start; every read is one for all of them."""
    histories = histories_of(folding.db, groups)
    known = shared_devices(folding.db, (activity for history in histories for activity in history))
    settled = []
    for group in groups:
        writes.record_read(group.documents.values())
    for group, history in zip(groups, histories, strict=True):
        result = _refold(folding, group, history, known | group.shared, writes)
        if result is not None:
            settled.append((group, result))
    replace_results(folding, settled, writes)


def _refold(
    folding: Folding, group: Group, history: Sequence[Activity], shared: set[str], writes: Writes
) -> FoldedComponent | None:
    """Fold one group's history with what is new; what makes the fold fail is left out, alone."""
    failed: dict[ActivityId, FoldFailed] = {}
    while True:
        folded = [a for a in (*history, *group.activities) if a.id not in failed]
        try:
            settled = (
                component.refold(
                    folded,
                    folding.rulebook,
                    namespace=folding.namespace,
                    shared=shared,
                    valuations=contact_codec.valuations(group.documents.values()),
                )
                if folded
                else None
            )
            break
        except FoldFailed as error:
            failed[ActivityId(error.activity_id)] = error
    writes.failed.extend(failed.values())
    writes.stale_hours |= daily_figures.counted_hours(a for a in history if a.id in failed)
    writes.applied.extend(activity.id for activity in group.activities if activity.id not in failed)
    return settled
