"""Edits of one contact take effect one after another, and none on what its author did not see."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar

from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from engine.contacts.editing.edit_model import Document, EditedMeanwhile, state_in, value_of
from engine.domain.activities import ContactId
from engine.domain.fields import CUSTOM, PROFILE_FIELDS
from engine.domain.identities import IDENTIFYING, Key
from engine.domain.profile import CLEARED
from engine.domain.rulebook import Ruleset
from engine.errors import Unavailable

_T = TypeVar("_T")

UNDER_WAY = timedelta(hours=1)
"""How far back edits are looked for that have not taken effect yet."""


def in_turn(
    db: Database[Document], contact: ContactId, work: Callable[[Database[Document]], _T], *, now: datetime
) -> _T:
    """Do what reads and writes of a contact in one transaction, one after another.

    Of two at a time MongoDB refuses one for having written the same document; it begins anew
    when the other is through, and sees what that one did.  `work` is given the database to use,
    and may be called several times.  Raises what it raises, and Unavailable.
    """
    within = db.with_options(write_concern=WriteConcern())  # the transaction has one, its parts must not

    def turn(_session: ClientSession) -> _T:
        within.edit_turns.update_one(
            {"_id": contact}, {"$set": {"at": now}, "$inc": {"turn": 1}}, upsert=True
        )
        return work(within)

    try:
        with db.client.start_session() as session, session.bind():
            return session.with_transaction(turn, ReadConcern("snapshot"), db.write_concern)
    except PyMongoError as error:
        raise Unavailable(f"MongoDB did not confirm the edit: {error}") from error


def refuse_overtaken(
    db: Database[Document],
    row: Document,
    read: Mapping[str, Any],
    ruleset: Ruleset,
    *,
    stream: Key,
    now: datetime,
) -> None:
    """Raise EditedMeanwhile if a field or status is not any more what was `read` of it."""
    present = {
        name: state_in(row, ruleset.machines[name]) if name in ruleset.machines else value_of(row, name)
        for name in read
    }
    under_way = _under_way(db, stream, ruleset, since=now - UNDER_WAY)
    present |= {name: under_way[name] for name in read if name in under_way}
    theirs = {name: value for name, value in present.items() if value != read[name]}
    if theirs:
        raise EditedMeanwhile(theirs)


def _under_way(db: Database[Document], stream: Key, ruleset: Ruleset, *, since: datetime) -> Document:
    """What other edits make of the contact that were kept and have not taken effect yet."""
    query = {
        "stream": stream,
        "happened_at": {"$gte": since},
        "type": "contact_edited",
        "state": "received",
    }
    values: Document = {}
    for waiting in db.activities.find(query).sort("happened_at", 1):
        said, who = waiting.get("properties", {}), waiting.get("identities", {})
        values |= {_FIELD_OF.get(name, name): value for name, value in who.items()}
        values |= {_field_of(trait): value for trait, value in waiting.get("traits", {}).items()}
        values |= {machine: said[machine] for machine in ruleset.machines if machine in said}
        values |= dict.fromkeys(said.get(CLEARED, ()))
    return values


_FIELD_OF = {kind.event_field: kind.contact_field for kind in IDENTIFYING}


def _field_of(trait: str) -> str:
    return trait if trait in PROFILE_FIELDS or trait == "email" else f"{CUSTOM}{trait}"
