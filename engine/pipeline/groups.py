"""Disjoint groups of activities and contacts that a batch may change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import msgspec
from bson.dbref import DBRef

from engine.db import Db
from engine.domain.activities import Activity, ContactId
from engine.domain.document import Document
from engine.domain.identity.identities import Key, tracker_key
from engine.pipeline import tombstones


@dataclass
class Group:
    """Activities that are folded together, and the contacts that they may change.

    `shared` are the trackers of the batch that are known to be shared devices.  `repeats` says
    that a source of another weight has sent one of the activities, too.
    """

    activities: list[Activity]
    documents: dict[ContactId, Document]
    shared: set[str] = field(default_factory=set)
    repeats: bool = False

    @property
    def has_claims(self) -> bool:
        return any(activity.is_claim for activity in self.activities)

    @property
    def past(self) -> int:
        """The number of activities of its contacts."""
        return sum(row.get("activities", 0) for row in self.documents.values())


@dataclass
class Prefetched:
    """Contacts that were read before: all that these keys lead to, by id."""

    keys: set[Key] = field(default_factory=set)
    documents: dict[ContactId, Document] = field(default_factory=dict)


def groups_of(db: Db, activities: Sequence[Activity], *, seen: Prefetched | None = None) -> list[Group]:
    """Divide a batch into groups, each with all contacts of the components it names.

    What was `seen` is not read again: the commit finds out if it has changed since.
    """
    keys = {key for activity in activities for key in activity.keys()}
    before = Prefetched() if seen is None else seen
    documents = {id_: row for id_, row in before.documents.items() if not keys.isdisjoint(row["keys"])}
    unseen = keys - before.keys
    if unseen:
        documents.update((row["_id"], row) for row in db.contacts.find({"keys": {"$in": list(unseen)}}))
    linked = {row["component"] for row in documents.values() if row.get("linked")}
    if linked:
        others = db.contacts.find({"component": {"$in": list(linked)}, "_id": {"$nin": list(documents)}})
        documents.update((row["_id"], row) for row in others)
    groups = divide(activities, documents, shared=shared_devices(db, activities))
    _mark_repeats(db, groups, activities)
    return groups


def _mark_repeats(db: Db, groups: Iterable[Group], activities: Iterable[Activity]) -> None:
    """Find the activities that a source of another weight has sent under the same id."""
    counterparts = {a.counterpart: a.id for a in activities if a.counterpart is not None}
    if not counterparts:
        return
    found = db.activities.find({"_id": {"$in": list(counterparts)}, "state": "applied"}, {"_id": 1})
    repeated = {counterparts[row["_id"]] for row in found}
    for group in groups if repeated else ():
        group.repeats = any(activity.id in repeated for activity in group.activities)


def groups_around(db: Db, rows: Sequence[Document]) -> list[Group]:
    """A group for each component that some contacts are of, with all of its contacts."""
    documents = {row["_id"]: row for row in rows}
    linked = {row["component"] for row in rows if row.get("linked")}
    if linked:
        others = db.contacts.find({"component": {"$in": list(linked)}, "_id": {"$nin": list(documents)}})
        documents.update((row["_id"], row) for row in others)
    groups: dict[str, Group] = {}
    for row in documents.values():
        groups.setdefault(row["component"], Group([], {})).documents[row["_id"]] = row
    return list(groups.values())


def divide(
    activities: Sequence[Activity], documents: dict[ContactId, Document], *, shared: set[str]
) -> list[Group]:
    """Join the groups that a claim connects; a shared device connects none."""
    component = {key: row["component"] for row in documents.values() for key in row.get("keys", ())}
    links = _Links()
    for activity in activities:
        apart = _shared_key(activity, shared)
        links.join([component.get(key, key) for key in activity.keys() if key != apart])
    groups: dict[str, Group] = {}
    for activity in activities:
        name = links.find(component.get(activity.stream, activity.stream))
        groups.setdefault(name, Group([], {}, shared)).activities.append(activity)
    for row in documents.values():
        group = groups.get(links.find(row["component"]))
        if group is not None:
            group.documents[row["_id"]] = row
    return list(groups.values())


def _shared_key(activity: Activity, shared: set[str]) -> Key | None:
    """The key of a claim's tracker if that is a shared device, which connects nothing."""
    if activity.tracker in shared and activity.tracker is not None and activity.is_claim:
        return tracker_key(activity.tracker)
    return None


def histories_of(db: Db, groups: Sequence[Group], *, join: bool = True) -> list[list[Activity]]:
    """All applied activities of each group's contacts, in no order; one read for all groups.

    With `join`, activities of these contacts that wait in any lane join the group, so that a
    long history is folded once for all of them; but not those that name a key of no contact
    of the group.
    """
    streams = [_streams_of(group) for group in groups]
    every = sorted({stream for own in streams for stream in own})
    past: dict[str, list[Activity]] = {}
    waiting: dict[str, list[Activity]] = {}
    states = {"applied": past, "received": waiting} if join else {"applied": past}
    query = {"stream": {"$in": every}, "state": {"$in": list(states)}, "derived": None}
    for row in db.activities.find(query):
        with suppress(msgspec.ValidationError):  # its own lane sets an unreadable one aside
            states[row["state"]].setdefault(row["stream"], []).append(decode_activity(row))
    _leave_out_erased(db, waiting)
    for group, own in zip(groups, streams, strict=True):
        _join(group, (activity for stream in own for activity in waiting.get(stream, ())))
    return [[activity for stream in own for activity in past.get(stream, ())] for own in streams]


def _leave_out_erased(db: Db, waiting: dict[str, list[Activity]]) -> None:
    """Remove the waiting activities of erased persons: their own lanes delete them."""
    erased = tombstones.erased_among(db, [a for found in waiting.values() for a in found])
    for stream, found in waiting.items() if erased else ():
        waiting[stream] = [activity for activity in found if activity.id not in erased]


def _join(group: Group, waiting: Iterable[Activity]) -> None:
    known = {key for row in group.documents.values() for key in row.get("keys", ())}
    known |= {key for activity in group.activities for key in activity.keys()}
    present = {activity.id for activity in group.activities}
    group.activities += [a for a in waiting if a.id not in present and known.issuperset(a.keys())]


def _streams_of(group: Group) -> set[str]:
    """The keys of a group's past: those its contacts hold, and those its activities name."""
    held = {span["key"] for row in group.documents.values() for span in row.get("spans", ())}
    named = {activity.stream for activity in group.activities}
    linked = {a.tracker for a in group.activities if a.tracker is not None} - group.shared
    return held | named | {tracker_key(tracker) for tracker in linked}


def shared_devices(db: Db, activities: Iterable[Activity]) -> set[str]:
    """The trackers among those of `activities` that are known to be shared devices."""
    trackers = {activity.tracker for activity in activities if activity.tracker is not None}
    if not trackers:
        return set()
    return {row["_id"] for row in db.shared_devices.find({"_id": {"$in": list(trackers)}})}


def decode_activity(row: Document) -> Activity:
    """Read an activity back from MongoDB; raise msgspec.ValidationError if it is none."""
    return msgspec.convert({**without_dbrefs(row), "id": row["_id"]}, Activity)


def without_dbrefs(row: Document) -> Document:
    """The row with the sender's objects as they were sent.

    PyMongo decodes an object with the keys `$ref` and `$id` as a DBRef; here it is data.
    """
    for name in ("properties", "traits", "context"):
        if isinstance(row.get(name), DBRef):
            row[name] = dict(row[name].as_doc())
    return row


class _Links:
    """Which names belong together (union-find)."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}

    def find(self, name: str) -> str:
        while (parent := self._parent.get(name, name)) != name:
            name = parent
        return name

    def join(self, names: Sequence[str]) -> None:
        first = self.find(names[0])
        for name in names[1:]:
            self._parent[self.find(name)] = first
