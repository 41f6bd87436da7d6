"""Whose an event will be: the contacts that hold its keys, before the event is applied."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from engine.db import Db, contact_codec
from engine.domain.activities import ContactId
from engine.domain.identity.identities import Key, is_tracker, key_kind, key_value
from engine.domain.identity.people import Person, Tracker


def holders_of(db: Db, keys: Iterable[Key]) -> list[Person]:
    """The contacts that hold some keys, and those that waiting activities will make, with these alone."""
    wanted = set(keys)
    holders = [
        contact_codec.decode_person(row) for row in db.contacts.find({"keys": {"$in": list(wanted)}}, _READ)
    ]
    unheld = wanted.difference(*(person.keys() for person in holders))
    if unheld:
        rows = db.activities.find({"stream": {"$in": list(unheld)}}, {"_id": 0, "stream": 1})
        holders += [provisional([stream]) for stream in {row["stream"] for row in rows}]
    return holders


_READ = dict.fromkeys(("first_seen", "identities", "former", "trackers", "vouched"), 1)


_EVER = datetime(1, 1, 1, tzinfo=UTC)


def provisional(keys: Sequence[Key]) -> Person:
    """A contact that is not there yet, and that a browser names by these keys."""
    identities = {key_kind(key): key for key in keys if not is_tracker(key)}
    trackers = [Tracker(id=key_value(key), created=bool(identities)) for key in keys if is_tracker(key)]
    return Person(id=ContactId(keys[0]), first_seen=_EVER, identities=identities, trackers=trackers)
