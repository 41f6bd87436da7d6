"""What contacts may receive, for those who send: looked up by any of their keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from engine.contacts.contact_lookup import candidate_keys, find_contact
from engine.db import Db, contact_codec
from engine.db.contact_codec import LIVING, held_keys
from engine.domain.activities import ContactId
from engine.domain.document import Document
from engine.domain.identity.identities import Key
from engine.domain.reachability import Reach, reach_of
from engine.domain.rulebook import Ruleset

MOST = 1_000
"""Contacts that are looked up at once."""


@dataclass(frozen=True)
class Reachability:
    """What the contact with a key can receive; without a `contact` nobody holds the key."""

    key: str
    contact: ContactId | None
    reach: Sequence[Reach] = ()


def reachability(db: Db, keys: Iterable[str], ruleset: Ruleset) -> list[Reachability]:
    """What contacts can receive now, in the order of their ids, emails, numbers, external ids or trackers."""
    wanted = {key: [*candidate_keys(db, key.strip())] for key in keys}
    found = _held(db, [candidate for candidates in wanted.values() for candidate in candidates])
    rows = {key: _row(db, key, candidates, found) for key, candidates in wanted.items()}
    return [_of(key, row, ruleset) for key, row in rows.items()]


def _held(db: Db, candidates: Sequence[Key]) -> Mapping[Key, Document]:
    """Living contacts by each of the keys that they hold."""
    rows = db.contacts.find({"keys": {"$in": list(candidates)}, **LIVING})
    return {key: row for row in rows for key in held_keys(row)}


def _row(db: Db, key: str, candidates: Iterable[Key], found: Mapping[Key, Document]) -> Document | None:
    row = next((found[candidate] for candidate in candidates if candidate in found), None)
    if row is None and (contact := find_contact(db, key)) is not None:  # an id, maybe of before a merge
        row = db.contacts.find_one({"_id": contact, **LIVING})
    return row


def _of(key: str, row: Document | None, ruleset: Ruleset) -> Reachability:
    if row is None:
        return Reachability(key, None)
    state = contact_codec.decode(row).state
    reach = reach_of(state, ruleset, email=row.get("email"), phone=row.get("mobile_phone"))
    return Reachability(key, row["_id"], reach)
