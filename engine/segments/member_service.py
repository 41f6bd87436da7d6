"""Members of static segments, added and removed by the hundred: the role is checked, and the audit log kept.

Each contact gets an activity whose id follows from the request and the contact, so that the same request
again changes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from engine.accounts import audit
from engine.accounts.actor import Actor
from engine.accounts.audit import Change, Subject
from engine.accounts.permissions import Permission
from engine.contacts.editing import edit_activities
from engine.contacts.editing.edit import Edit, InvalidEdit
from engine.contacts.editing.edit_activities import CONTACT_FIELDS
from engine.contacts.listing import list_service
from engine.db.contact_codec import LIVING
from engine.domain.activities import Activity, ActivityId, ContactId
from engine.domain.document import Document
from engine.errors import Conflict, LimitExceeded
from engine.pipeline import inbox
from engine.rules import versions
from engine.segments.segment_service import SegmentNotFound

MAX_MEMBERS = 1_000
"""Contacts of one request."""

Membership = Literal["add", "remove"]
Outcome = Literal["changed", "unchanged", "not_found", "refused"]


class DynamicSegment(Conflict):
    """Members of a dynamic segment cannot be chosen: its condition decides."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is dynamic: its condition decides who is in it")


@dataclass(frozen=True)
class MemberResult:
    """What became of one entry of a request; `contact` is unset if nobody holds its key."""

    contact: ContactId | None
    outcome: Outcome
    reason: str = ""


@dataclass(frozen=True)
class MembersChanged:
    """The result for each key in its order, and the lanes that have work."""

    results: list[MemberResult]
    lanes: frozenset[int]


def change_members(
    actor: Actor, segment: str, keys: Sequence[str], how: Membership, *, id_: str
) -> MembersChanged:
    """Add contacts to a static segment, or remove them, once for the id of the request.

    Raises NotAllowed, SegmentNotFound, DynamicSegment, LimitExceeded and Unavailable.
    """
    actor.require(Permission.EDIT_SEGMENTS)
    declared = versions.current(actor.db).segments.get(segment)
    if declared is None:
        raise SegmentNotFound(segment)
    if declared.dynamic:
        raise DynamicSegment(declared.name)
    if len(keys) > MAX_MEMBERS:
        raise LimitExceeded(f"{len(keys):,} contacts; at most {MAX_MEMBERS:,} are changed at once")
    word = f"{len(keys)} contacts"
    with audit.recorded(
        actor,
        "added contacts to a segment" if how == "add" else "removed contacts from a segment",
        subject=Subject("segment", segment),
        changes=[Change("contacts", None if how == "add" else word, word if how == "add" else None)],
        id_=f"members:{id_}",
    ):
        return _change(actor, segment, keys, how, id_)


def _change(actor: Actor, segment: str, keys: Sequence[str], how: Membership, id_: str) -> MembersChanged:
    found = {key: list_service.find(actor, key) for key in dict.fromkeys(keys)}
    ids = {contact: _activity_id(id_, contact) for contact in found.values() if contact is not None}
    rows: Mapping[ContactId, Document] = {
        row["_id"]: row
        for row in actor.db.contacts.find({"_id": {"$in": list(ids)}, **LIVING}, CONTACT_FIELDS)
    }
    stored = {row["_id"] for row in actor.db.activities.find({"_id": {"$in": list(ids.values())}}, ["_id"])}
    change = Edit(add_to=[segment]) if how == "add" else Edit(remove_from=[segment])
    results = dict[ContactId, MemberResult]()
    activities = list[Activity]()
    for contact, activity in ids.items():
        results[contact] = _result(actor, contact, rows.get(contact), change, activity, stored, activities)
    lanes = inbox.receive(actor.db, activities).lanes
    nobody = MemberResult(None, "not_found", "no contact has this id, email, phone, external id or tracker")
    return MembersChanged(
        [nobody if (holder := found[key]) is None else results[holder] for key in keys], lanes
    )


def _result(
    actor: Actor,
    contact: ContactId,
    row: Document | None,
    change: Edit,
    id_: ActivityId,
    stored: set[ActivityId],
    activities: list[Activity],
) -> MemberResult:
    """The result for a contact; adds the activity that changes it."""
    if id_ in stored:  # by an earlier try of the same request
        return MemberResult(contact, "changed")
    if row is None:
        return MemberResult(contact, "not_found", "this contact was deleted")
    if edit_activities.changes_nothing(row, change):
        return MemberResult(contact, "unchanged")
    ruleset, author = versions.current(actor.db), actor.user.name
    try:
        activities.append(
            edit_activities.edit(
                actor.db, row, change, ruleset=ruleset, id_=id_, author=author, now=actor.now
            )
        )
    except InvalidEdit as error:
        return MemberResult(contact, "refused", str(error))
    return MemberResult(contact, "changed")


def _activity_id(request: str, contact: str) -> ActivityId:
    return ActivityId(hashlib.blake2b(f"{request}\n{contact}".encode(), digest_size=16).hexdigest())
