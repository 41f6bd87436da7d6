"""Merge contacts, undo merges and split contacts by hand: checks the role, audits, stores an activity.

Nothing is written on the contacts themselves: the fold applies the decision, so that a merge counts
once, stands on the timeline with its author, and can be undone for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from engine.accounts import audit
from engine.accounts.actor import Actor
from engine.accounts.audit import Change, Subject
from engine.accounts.permissions import Permission
from engine.contacts.contact_lookup import find_contact, living_contact
from engine.contacts.editing import edit_service
from engine.contacts.editing.edit import name_of
from engine.contacts.editing.edit_activities import own_stream
from engine.contacts.editing.identity_decisions import can_be_split_off
from engine.contacts.merging import merge_activities, suggestion_rows
from engine.contacts.merging.merge_activities import Decided
from engine.contacts.merging.merge_errors import InvalidMerge, MergeNotFound
from engine.db import Db
from engine.db.contact_codec import held_by, held_keys
from engine.db.installation import namespace
from engine.domain.activities import Activity, ActivityId, ContactId
from engine.domain.document import Document
from engine.domain.identity.identities import Key, strongest, tracker_key
from engine.domain.identity.merge_decisions import DECISIONS
from engine.domain.identity.people import contact_id_of
from engine.errors import ContactNotFound
from engine.pipeline import activity_spans, inbox
from engine.rules import versions

MAX_SPLIT = 1_000
"""Activities that are split off a contact at once."""


def merge(
    actor: Actor, survivor: ContactId, other: ContactId, *, id_: ActivityId, reason: str = ""
) -> frozenset[int]:
    """Merge `other` into `survivor`, once for the id; return the lanes that have work by it.

    The survivor's values win and the other's fill its gaps.  Raises NotAllowed, ContactNotFound,
    InvalidMerge, Unavailable.
    """
    changes = [Change("merged contact", other, survivor)]
    with _recorded(actor, "merged contacts", survivor, changes, id_=id_, reason=reason):
        return join(actor, survivor, other, id_=id_, reason=reason, suggestion={})


def join(
    actor: Actor,
    survivor: ContactId,
    other: ContactId,
    *,
    id_: ActivityId,
    reason: str,
    suggestion: Document,
) -> frozenset[int]:
    """Store the activity that merges `other` into `survivor`; the caller has checked the role and audits."""

    def decide() -> Activity:
        kept, gone = living_contact(actor.db, survivor), living_contact(actor.db, other)
        refuse_merge(kept, gone)
        return merge_activities.joined(_decided(actor, id_, reason), kept, gone, suggestion)

    return _store(actor.db, id_, decide)


def undo_merge(actor: Actor, loser: ContactId, *, id_: ActivityId, reason: str = "") -> frozenset[int]:
    """Undo the merge by which `loser` became another contact; return the lanes that have work by it.

    Both contacts come back as if it had not happened, and stay apart whatever else claims that they are
    one, until a user merges them.  Raises NotAllowed, MergeNotFound, Unavailable.
    """
    changes = [Change("merged into", _into(actor.db, loser), None)]
    with _recorded(actor, "undid a merge", loser, changes, id_=id_, reason=reason):
        return _store(actor.db, id_, lambda: undoing(actor, loser, id_=id_, reason=reason))


def undoing(actor: Actor, loser: ContactId, *, id_: ActivityId, reason: str = "") -> Activity:
    """Return the activity that undoes the merge of a contact.  Raises MergeNotFound, ContactNotFound."""
    record = record_of(actor.db, loser)
    survivor = survivor_of(actor.db, record)
    decided = _decided(actor, id_, reason)
    return merge_activities.merge_undone(decided, survivor, record, _key_of_loser(actor.db, record, survivor))


def split_tracker(
    actor: Actor, contact: ContactId, tracker: str, *, id_: ActivityId, reason: str = ""
) -> frozenset[int]:
    """Make a tracker of a contact, with all it did as this contact's, an anonymous contact of its own.

    Return the lanes that have work by it.  Raises NotAllowed, ContactNotFound, InvalidMerge, Unavailable.
    """
    changes = [Change("device", tracker, None)]
    with _recorded(actor, "split off a device", contact, changes, id_=id_, reason=reason):
        return _store(
            actor.db, id_, lambda: splitting_tracker(actor, contact, tracker, id_=id_, reason=reason)
        )


def splitting_tracker(
    actor: Actor, contact: ContactId, tracker: str, *, id_: ActivityId, reason: str = ""
) -> Activity:
    """Return the activity that splits a tracker off a contact.  Raises ContactNotFound, InvalidMerge."""
    row = living_contact(actor.db, contact)
    if all(held["id"] != tracker for held in row.get("trackers", ())):
        raise InvalidMerge("this browser or app no longer belongs to the contact")
    if own_stream(row) == tracker_key(tracker):
        raise InvalidMerge("nothing else leads to this contact, so that there is nothing to split it from")
    return merge_activities.tracker_split(_decided(actor, id_, reason), row, tracker)


def split_activities(
    actor: Actor,
    contact: ContactId,
    activities: Sequence[ActivityId],
    *,
    id_: ActivityId,
    reason: str = "",
) -> frozenset[int]:
    """Make some activities of a contact an anonymous contact of their own.

    Return the lanes that have work by it.  Raises NotAllowed, ContactNotFound, InvalidMerge, Unavailable.
    """
    changes = [Change("activity", activity, None) for activity in activities[:50]]
    with _recorded(actor, "split off activities", contact, changes, id_=id_, reason=reason):
        return _store(
            actor.db, id_, lambda: splitting_activities(actor, contact, activities, id_=id_, reason=reason)
        )


def splitting_activities(
    actor: Actor,
    contact: ContactId,
    activities: Sequence[ActivityId],
    *,
    id_: ActivityId,
    reason: str = "",
) -> Activity:
    """Return the activity that splits activities off a contact.  Raises ContactNotFound, InvalidMerge."""
    row = living_contact(actor.db, contact)
    wanted = list(dict.fromkeys(activities))
    if not wanted:
        raise InvalidMerge("choose at least one activity")
    if len(wanted) > MAX_SPLIT:
        raise InvalidMerge(f"at most {MAX_SPLIT:,} activities are split off at once")
    found = list(actor.db.activities.find({"_id": {"$in": wanted}, "state": "applied"}))
    if len(found) < len(wanted) or not all(activity_spans.is_of(row, activity) for activity in found):
        raise InvalidMerge("some of these activities no longer belong to the contact: reload the page")
    if any(not can_be_split_off(activity) for activity in found):
        raise InvalidMerge(
            "only what the contact did can be split off, not changes by hand, imports or consequences"
        )
    return merge_activities.activities_split(_decided(actor, id_, reason), row, wanted)


def take_back(actor: Actor, decision: ActivityId, *, id_: ActivityId, reason: str = "") -> frozenset[int]:
    """Undo a decision (a merge by hand, the undo of a merge, a split); return the lanes with work by it.

    Raises NotAllowed, InvalidMerge if there is no such decision, and InvalidEdit if it cannot be undone.
    """
    actor.require(Permission.MERGE)
    row = actor.db.activities.find_one({"_id": decision}, ["type", "stream", "properties"])
    if row is None or row["type"] not in DECISIONS:
        raise InvalidMerge("there is no such merge or split to undo")
    holder = actor.db.contacts.find_one(held_by(row["stream"]), {"_id": 1})
    if holder is None:
        raise ContactNotFound(row["stream"], "the contact of this decision is not there any more")
    lanes = edit_service.take_back(actor, ContactId(holder["_id"]), decision, id_=id_, reason=reason)
    suggestion_rows.reopen_accepted(actor.db, decision, row.get("properties", {}).get("suggestion"))
    return lanes


# What a decision is about


def refuse_merge(survivor: Document, other: Document) -> None:
    """Raise InvalidMerge if two contacts, given as their documents, cannot be merged."""
    if survivor["_id"] == other["_id"]:
        raise InvalidMerge("these are one contact already")
    if other["identified"] and not survivor["identified"]:
        raise InvalidMerge("an anonymous contact merges into the identified one, not the other way round")
    for row in (survivor, other):
        trackers = row.get("trackers", ())
        if not row["identified"] and any(tracker.get("shared") for tracker in trackers):
            name = name_of(row) or "the anonymous contact"
            raise InvalidMerge(f"{name} is a device that several people share, so it is nobody's alone")


def record_of(db: Db, loser: ContactId) -> Document:
    """Return the record of the merge of a contact.  Raises MergeNotFound."""
    record = db.merges.find_one({"_id": loser, "kind": "merged"})
    if record is None:
        raise MergeNotFound(loser)
    return record


def survivor_of(db: Db, record: Document) -> Document:
    """Return the document of the contact that a merged one leads to.  Raises ContactNotFound."""
    found = find_contact(db, record["_id"])
    if found is None:
        raise ContactNotFound(record["_id"], "the contact that this one was merged into no longer exists")
    return living_contact(db, found)


def _key_of_loser(db: Db, record: Document, survivor: Document) -> Key | None:
    """A key of a merged contact: the strongest that it held, else the one that it began with."""
    sides = record.get("had", ())
    spans = sides[0].get("spans", ()) if sides else ()
    held = strongest(Key(span["key"]) for span in spans if span.get("until") is None)
    if held is not None:
        return held
    secret = namespace(db)
    keys = [*sorted(held_keys(survivor)), *(span["key"] for span in survivor.get("spans", ()))]
    return next((Key(key) for key in keys if contact_id_of(Key(key), secret) == record["_id"]), None)


def _into(db: Db, loser: ContactId) -> str | None:
    record = db.merges.find_one({"_id": loser}, {"into": 1})
    return None if record is None else str(record["into"])


# Storing


@contextmanager
def _recorded(
    actor: Actor, act: str, contact: ContactId, changes: Sequence[Change], *, id_: ActivityId, reason: str
) -> Iterator[None]:
    """Record a decision about a contact in the audit log, once for its id.  Raises NotAllowed."""
    actor.require(Permission.MERGE)
    subject = Subject("contact", contact)
    with audit.recorded(actor, act, subject=subject, changes=changes, reason=reason, id_=f"edit:{id_}"):
        yield


def _decided(actor: Actor, id_: ActivityId, reason: str) -> Decided:
    return Decided(id_, actor.user.name, reason, actor.now, versions.current_number(actor.db))


def _store(db: Db, id_: ActivityId, decide: Callable[[], Activity]) -> frozenset[int]:
    """Store a decision durably, once for its id; one that is stored already is not decided again."""
    stored = db.activities.find_one({"_id": id_}, {"lane": 1})
    if stored is not None:
        return frozenset({stored["lane"]})
    return inbox.receive(db, [decide()]).lanes
