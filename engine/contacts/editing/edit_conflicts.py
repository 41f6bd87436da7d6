"""Edits of one contact run one after another, and none overwrites a value that its author did not see."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar

from pymongo.client_session import ClientSession
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from engine.contacts.editing.edit import FieldConflict, state_in, value_of
from engine.db import Db
from engine.domain.activities import ContactId
from engine.domain.document import Document
from engine.domain.fields import CUSTOM, PROFILE_FIELDS
from engine.domain.folding.profile import CLEARED
from engine.domain.identity.identities import IDENTIFYING, Key
from engine.domain.rulebook import Ruleset
from engine.errors import EditConflict, Unavailable

_T = TypeVar("_T")

Guard = Callable[[Db], None]
"""Raises what stands against a change; called in the transaction that locks the contact."""

PENDING_SINCE = timedelta(hours=1)
"""The period in which pending edits are searched."""


def serialized(db: Db, contact: ContactId, work: Callable[[Db], _T], *, now: datetime) -> _T:
    """Run `work` in a transaction that locks a contact against other edits; return its result.

    Of two at a time MongoDB aborts one, as both write the contact's document of `edit_turns`; it starts
    over once the other has committed, and sees its changes.  `work` gets the database to use, and may
    run several times.  Raises what it raises, and Unavailable.
    """
    within = db.with_options(write_concern=WriteConcern())  # the transaction has one, its parts must not

    def locked(_session: ClientSession) -> _T:
        within.edit_turns.update_one(
            {"_id": contact}, {"$set": {"at": now}, "$inc": {"turn": 1}}, upsert=True
        )
        return work(within)

    try:
        with db.client.start_session() as session, session.bind():
            return session.with_transaction(locked, ReadConcern("snapshot"), db.write_concern)
    except PyMongoError as error:
        raise Unavailable(f"MongoDB did not confirm the edit: {error}") from error


def refuse_conflict(
    db: Db,
    row: Document,
    read: Mapping[str, Any],
    ruleset: Ruleset,
    *,
    stream: Key,
    now: datetime,
) -> None:
    """Raise FieldConflict if a field or status no longer has the value that was `read`."""
    values = {
        name: state_in(row, ruleset.machines[name]) if name in ruleset.machines else value_of(row, name)
        for name in read
    }
    pending = _pending_values(db, stream, ruleset, since=now - PENDING_SINCE)
    values |= {name: pending[name] for name in read if name in pending}
    changed = {name: value for name, value in values.items() if value != read[name]}
    if changed:
        raise FieldConflict(changed)


def refuse_pending(db: Db, stream: Key, *, now: datetime) -> None:
    """Raise EditConflict if an edit of a contact is stored that has not taken effect yet."""
    if db.activities.find_one(_pending(stream, since=now - PENDING_SINCE), {"_id": 1}) is not None:
        raise EditConflict("another change of this contact has not taken effect yet: read it again")


def _pending(stream: Key, *, since: datetime) -> Document:
    return {
        "stream": stream,
        "happened_at": {"$gte": since},
        "type": "contact_edited",
        "state": "received",
    }


def _pending_values(db: Db, stream: Key, ruleset: Ruleset, *, since: datetime) -> Document:
    """The values that stored edits of a contact will give it once they take effect."""
    values: Document = {}
    for edit in db.activities.find(_pending(stream, since=since)).sort("happened_at", 1):
        properties = edit.get("properties", {})
        values |= {_FIELD_OF.get(name, name): value for name, value in edit.get("identities", {}).items()}
        values |= {_field_of(trait): value for trait, value in edit.get("traits", {}).items()}
        values |= {machine: properties[machine] for machine in ruleset.machines if machine in properties}
        values |= dict.fromkeys(properties.get(CLEARED, ()))
    return values


_FIELD_OF = {kind.event_field: kind.contact_field for kind in IDENTIFYING}


def _field_of(trait: str) -> str:
    return trait if trait in PROFILE_FIELDS or trait == "email" else f"{CUSTOM}{trait}"
