"""Previews of merges, undos and splits: the contacts as they would be, folded without writing anything."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from engine.accounts.actor import Actor
from engine.accounts.permissions import Permission
from engine.contacts.contact_lookup import living_contact
from engine.contacts.editing.edit_activities import own_stream
from engine.contacts.merging import merge_activities, merge_service
from engine.contacts.merging.comparison import (
    Line,
    Side,
    compare,
    default_survivor,
    masked_side,
    side_of,
    united,
)
from engine.contacts.merging.merge_activities import Decided
from engine.contacts.viewer_mask import masks
from engine.db import Db, contact_codec
from engine.db.installation import namespace
from engine.domain.activities import Activity, ActivityId, ContactId
from engine.domain.document import Document
from engine.domain.folding import component
from engine.domain.folding.component import Contact
from engine.errors import FoldFailed
from engine.pipeline.groups import Group, groups_around, histories_of, shared_devices
from engine.rules import versions

MAX_HISTORY = 20_000
"""Activities that a preview folds; beyond them it shows fields and no totals."""

_PREVIEW = ActivityId("preview")


class Preview(msgspec.Struct, frozen=True):
    """Contacts before and after a decision, compared field by field.

    `exact` is false if their histories are too long to be folded for a preview: then totals are missing.
    """

    before: list[Side]
    after: list[Side]
    lines: list[Line]
    exact: bool


def pair(actor: Actor, one: ContactId, other: ContactId) -> tuple[ContactId, ContactId]:
    """Return two contacts in the order in which a merge would take them: the survivor first.

    Raises NotAllowed, ContactNotFound.
    """
    actor.require(Permission.SEE)
    first, second = (contact_codec.decode(living_contact(actor.db, id_)) for id_ in (one, other))
    survivor = default_survivor(first, second, now=actor.now)
    return (survivor, other if survivor == one else one)


def of_merge(actor: Actor, survivor: ContactId, other: ContactId) -> Preview:
    """Preview the merge of `other` into `survivor`.  Raises NotAllowed, ContactNotFound, InvalidMerge."""
    actor.require(Permission.SEE)
    db, ruleset = actor.db, versions.current(actor.db)
    rows = [living_contact(db, id_) for id_ in (survivor, other)]
    merge_service.refuse_merge(rows[0], rows[1])
    before = [side_of(contact_codec.decode(row), ruleset) for row in rows]
    decided = Decided(_PREVIEW, "", "", actor.now, ruleset.version)
    folded = _folded(db, rows, merge_activities.joined(decided, rows[0], rows[1], {}), now=actor.now)
    result = None if folded is None else folded.get(survivor)
    after = united(*before) if result is None else side_of(result, ruleset)
    return _preview(actor, before, [after], exact=result is not None)


def of_undo(actor: Actor, loser: ContactId) -> Preview:
    """Preview the undo of the merge of `loser`: the contact that it leads to now, and both as they would be.

    Raises NotAllowed, MergeNotFound, ContactNotFound.
    """
    actor.require(Permission.SEE)
    record = merge_service.record_of(actor.db, loser)
    row = merge_service.survivor_of(actor.db, record)
    return _of_division(actor, row, merge_service.undoing(actor, loser, id_=_PREVIEW))


def of_tracker_split(actor: Actor, contact: ContactId, tracker: str) -> Preview:
    """Preview splitting a tracker off a contact.  Raises NotAllowed, ContactNotFound, InvalidMerge."""
    actor.require(Permission.SEE)
    row = living_contact(actor.db, contact)
    return _of_division(actor, row, merge_service.splitting_tracker(actor, contact, tracker, id_=_PREVIEW))


def of_activities_split(actor: Actor, contact: ContactId, activities: Sequence[ActivityId]) -> Preview:
    """Preview splitting activities off a contact.  Raises NotAllowed, ContactNotFound, InvalidMerge."""
    actor.require(Permission.SEE)
    row = living_contact(actor.db, contact)
    split = merge_service.splitting_activities(actor, contact, activities, id_=_PREVIEW)
    return _of_division(actor, row, split)


def _of_division(actor: Actor, row: Document, activity: Activity) -> Preview:
    """Preview a decision that makes two contacts of one; the one that keeps its strongest key comes first."""
    db, ruleset = actor.db, versions.current(actor.db)
    before = [side_of(contact_codec.decode(row), ruleset)]
    folded = _folded(db, [row], activity, now=actor.now)
    if folded is None:
        return _preview(actor, before, [], exact=False)
    others = {contact["_id"] for contact in _component(db, [row]).documents.values()} - {row["_id"]}
    own = own_stream(row)
    after = sorted(
        (contact for id_, contact in folded.items() if id_ not in others),
        key=lambda contact: (own not in contact.person.keys(), contact.person.first_seen),
    )
    return _preview(actor, before, [side_of(contact, ruleset) for contact in after], exact=True)


def _preview(actor: Actor, before: list[Side], after: list[Side], *, exact: bool) -> Preview:
    if masks(actor):
        before, after = [masked_side(side) for side in before], [masked_side(side) for side in after]
    return Preview(before, after, compare(before, after, versions.current(actor.db)), exact)


def _folded(
    db: Db, rows: Sequence[Document], decision: Activity, *, now: datetime
) -> dict[ContactId, Contact] | None:
    """The contacts that a decision would leave; None if their histories are too long or cannot be folded."""
    group = _component(db, rows)
    if group.past > MAX_HISTORY:
        return None
    [history] = histories_of(db, [group], join=False)
    shared = shared_devices(db, history)
    try:
        outcome = component.refold(
            [*history, decision],
            versions.rulebook(db),
            namespace=namespace(db),
            shared=shared,
            until=now,
            valuations=contact_codec.valuations(group.documents.values()),
        )
    except FoldFailed:
        return None
    return outcome.contacts


def _component(db: Db, rows: Sequence[Document]) -> Group:
    """All contacts that any claim connects with some, as one group."""
    documents: dict[ContactId, Document] = {}
    for group in groups_around(db, rows):
        documents |= group.documents
    return Group([], documents)
