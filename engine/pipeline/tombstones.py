"""Tombstones: which keys led to erased persons, and when, without personal data.

A tombstone is a keyed hash of a tracker or an identity, with the installation's own secret: a key
cannot be read from it, and for a given key it shows whether it was erased.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

import msgspec
from pymongo import UpdateOne
from pymongo.client_session import ClientSession

from engine.db import Db
from engine.db.contact_codec import held_keys
from engine.db.installation import namespace
from engine.domain.activities import Activity, ActivityId
from engine.domain.document import Document
from engine.domain.identity import erasure_marks, normalisation
from engine.domain.identity.erasure_marks import ErasureMark
from engine.domain.identity.identities import IdentityKind, Key, make_key, tracker_key
from engine.errors import InvalidIdentity

MAX_WORDS = 500
"""Words of an event that are looked at for a key."""

_NUMBER = "erasures"


def hash_of(db: Db, key: Key) -> str:
    """The keyed hash of a key."""
    return hashlib.blake2b(key.encode(), key=namespace(db), person=b"erased", digest_size=16).hexdigest()


def put(db: Db, erasure: str, spans: Iterable[tuple[Key, Document]]) -> None:
    """Store the tombstones of keys, each for a span (`since`, `until`).  Idempotent."""
    by_key: dict[str, list[Document]] = {}
    for key, span in spans:
        by_key.setdefault(hash_of(db, key), []).append({"erasure": erasure, **span})
    db.tombstones.bulk_write(
        [
            UpdateOne({"_id": name}, {"$addToSet": {"marks": {"$each": marks}}}, upsert=True)
            for name, marks in by_key.items()
        ]
    )


def settle(db: Db, erasure: str, at: datetime, *, session: ClientSession) -> None:
    """Set the time of an erasure: later activities are not erased."""
    db.tombstones.update_many(
        {"marks.erasure": erasure},
        {"$set": {"marks.$[mine].at": at}},
        array_filters=[{"mine.erasure": erasure}],
        session=session,
    )


def marks_of(db: Db, keys: Iterable[Key]) -> dict[Key, list[ErasureMark]]:
    """The marks of those of some keys that have any."""
    if not any_exist(db):
        return {}
    names = {hash_of(db, key): key for key in keys}
    return {
        names[row["_id"]]: [ErasureMark(m.get("at"), m.get("since"), m.get("until")) for m in row["marks"]]
        for row in db.tombstones.find({"_id": {"$in": list(names)}})
    }


def any_exist(db: Db) -> bool:
    """Whether there are tombstones at all: mostly not, which saves every other query."""
    return db.tombstones.find_one({}, {"_id": 1}) is not None


def covered_among(db: Db, activities: Sequence[Activity]) -> set[ActivityId]:
    """The activities that happened before an erasure and are suppressed permanently.

    For later ones the fold decides, which sees the other activities.
    """
    marks, about = _about(db, activities)
    late = [a for a in about if _is_covered(a, marks)]
    return _suppressed(db, late, marks)


def named_among(db: Db, activities: Sequence[Activity]) -> set[ActivityId]:
    """The activities that name a key of an erased person."""
    return {activity.id for activity in _about(db, activities)[1]}


def erased_among(db: Db, activities: Sequence[Activity]) -> set[ActivityId]:
    """The activities that are suppressed (see `engine.domain.identity.erasure_marks`)."""
    marks, about = _about(db, activities)
    if not about:
        return set()
    beside = db.activities.find(
        {
            "stream": {"$in": list(marks)},
            "state": "received",
            "type": {"$in": list(erasure_marks.RETURNING_TYPES)},
        }
    )
    asked = {activity.id for activity in about}
    returning = [_decode(row) for row in beside if row["_id"] not in asked]
    return _suppressed(db, [*about, *returning], marks) & asked


def unreadable_among(db: Db, ids: Sequence[ActivityId]) -> set[ActivityId]:
    """The unreadable activities whose stream led to an erased person."""
    if not ids or not any_exist(db):
        return set()
    streams = {row["_id"]: row.get("stream") for row in db.activities.find({"_id": {"$in": list(ids)}})}
    suppressed = refused(db, {Key(stream) for stream in streams.values() if isinstance(stream, str)})
    return {ActivityId(id_) for id_, stream in streams.items() if stream in suppressed}


def _about(db: Db, activities: Sequence[Activity]) -> tuple[dict[Key, list[ErasureMark]], list[Activity]]:
    """The marks of what some activities name, and those of the activities that name any."""
    if not activities or not any_exist(db):
        return {}, []
    marks = marks_of(db, {key for activity in activities for key in activity.keys()})
    return marks, [a for a in activities if not marks.keys().isdisjoint(a.keys())]


def _suppressed(db: Db, about: Sequence[Activity], marks: dict[Key, list[ErasureMark]]) -> set[ActivityId]:
    if not about:
        return set()
    under_way = {key for key, found in marks.items() if any(mark.at is None for mark in found)}
    held = _held(db, {key for activity in about for key in activity.keys()}) - under_way
    return erasure_marks.erased_activities(about, marks, held)


def _is_covered(activity: Activity, marks: dict[Key, list[ErasureMark]]) -> bool:
    found = (mark for key in activity.keys() for mark in marks.get(key, ()))
    return any(mark.covers(activity.happened_at) for mark in found)


def _decode(row: Document) -> Activity:
    return msgspec.convert({**row, "id": row["_id"], "properties": {}, "traits": {}, "context": {}}, Activity)


def refused(db: Db, keys: Iterable[Key]) -> set[Key]:
    """The keys that users cannot enter again: erased, and held by no contact since."""
    marks = marks_of(db, keys)
    return set(marks) - _held(db, marks) if marks else set()


def _held(db: Db, keys: Iterable[Key]) -> set[Key]:
    asked = set(keys)
    rows = db.contacts.find({"keys": {"$in": list(asked)}}, ["keys", "named"])
    return {key for row in rows for key in held_keys(row) & asked}


# The number of the last erasure: a batch that did not see it cannot be committed


def number(db: Db) -> int:
    """The number of erasures so far."""
    row = db.installation.find_one({"_id": _NUMBER})
    return 0 if row is None else int(row["value"])


def next_number(db: Db) -> int:
    """Count one more."""
    db.installation.update_one({"_id": _NUMBER}, {"$inc": {"value": 1}}, upsert=True)
    return number(db)


# Events that could not be read


def names_erased(db: Db, event: str, *, region: str) -> bool:
    """Whether an event, given as its text, names an erased person."""
    return any_exist(db) and bool(marks_of(db, _keys_in(event, region)))


def _keys_in(event: str, region: str) -> set[Key]:
    """The possible keys among the first words of an event."""
    found: set[Key] = set()
    for word in list(dict.fromkeys(_words(event)))[:MAX_WORDS]:
        text = word.strip()
        if not text or len(text) > normalisation.MAX_LENGTH:
            continue
        found |= {tracker_key(text), make_key(IdentityKind.EXTERNAL_ID, text)}
        try:
            if "@" in text:
                found.add(make_key(IdentityKind.EMAIL, normalisation.normalise_email(text)))
            elif re.fullmatch(r"\+?[\d\s().\-/]{6,20}", text):
                number = normalisation.normalise_phone(text, region=region)
                found.add(make_key(IdentityKind.PHONE, number))
        except InvalidIdentity:
            continue
    return found


def _words(event: str) -> Iterator[str]:
    try:
        yield from _leaves(json.loads(event))
    except ValueError:
        yield from re.findall(r"[^\s\"'<>,;{}\[\]]+", event)


def _leaves(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for part in value.values():
            yield from _leaves(part)
    elif isinstance(value, list):
        for part in value:
            yield from _leaves(part)
    elif isinstance(value, str | int) and not isinstance(value, bool):
        yield str(value)
