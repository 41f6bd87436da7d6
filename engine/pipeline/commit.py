"""The commit: one transaction for a batch, in which all of it takes effect or nothing.

The fold runs outside, on what was read before.  Inside, every write says what it was
decided on: activities must still be `received`, contacts must have the version that was
read, keys must belong to no other contact, and the lane or job must still be held.  Whatever fails aborts
the transaction with CommitConflict (read again), LeaseLost (stop) or WriteRefused (set something aside).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import uuid_utils
from bson.errors import InvalidDocument
from pymongo import DeleteOne, InsertOne, ReadPreference, ReplaceOne, UpdateOne
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.errors import BulkWriteError, DuplicateKeyError, OperationFailure, PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from engine.db import Db
from engine.db.leases import Basis
from engine.domain.activities import ActivityId, ContactId
from engine.domain.document import Document
from engine.domain.identity.identities import IdentityKind
from engine.errors import CommitConflict, FoldFailed, Unavailable, WriteRefused

RenewLease = Callable[[ClientSession, datetime], None]
"""Renews inside the transaction, at a time, the right to write what was decided on.  Raises LeaseLost,
and CommitConflict if it was decided on under older rules, or not knowing of an erasure."""
Write = InsertOne[Document] | UpdateOne | ReplaceOne[Document] | DeleteOne

WRITE_CONFLICT = 112
NO_SUCH_TRANSACTION = 251
DUPLICATE_KEY = 11000


@dataclass
class Writes:
    """Everything that one batch changes, collected before the transaction begins.

    Contacts are written in three passes, so that a key can pass from one contact to
    another although each belongs to one alone: `leaving` (deleted), `letting_go` (gives
    keys up), then `contacts`.
    """

    basis: Basis = field(default_factory=Basis)
    """The basis of the decision."""
    read: dict[str, int] = field(default_factory=dict)
    """The contacts that were read for it, with their versions."""
    applied: list[ActivityId] = field(default_factory=list)
    kept: list[Document] = field(default_factory=list)
    """Activities that are not there yet: they are kept, and take effect, by this."""
    failed: list[FoldFailed] = field(default_factory=list)
    leaving: list[Write] = field(default_factory=list)
    letting_go: list[Write] = field(default_factory=list)
    contacts: list[Write] = field(default_factory=list)
    ledger: list[Write] = field(default_factory=list)
    derived: list[Write] = field(default_factory=list)
    merges: list[Write] = field(default_factory=list)
    suggestions: list[Write] = field(default_factory=list)
    shared_devices: list[Write] = field(default_factory=list)
    merged: int = 0
    """Contacts that merged into another by this batch."""
    calls: list[Write] = field(default_factory=list)
    stale_hours: set[datetime] = field(default_factory=set)
    """Hours of which the figures kept by day are no longer right."""
    changed_orders: set[ContactId] = field(default_factory=set)
    """Contacts whose orders have changed."""
    erased: list[ActivityId] = field(default_factory=list)
    """Activities of who was erased: they are not kept."""

    def record_read(self, rows: Iterable[Document]) -> None:
        """Record contacts that the decision rests on."""
        self.read.update((row["_id"], row["v"]) for row in rows)

    @property
    def content(self) -> object:
        """What is decided, and on what: if both are the same again, so is the outcome."""
        kept = (row["_id"] for row in self.kept)
        settled = frozenset([*self.applied, *self.erased, *(row.activity_id for row in self.failed), *kept])
        return settled, frozenset(self.read.items()), self.basis


def commit(db: Db, writes: Writes, renew: RenewLease, *, clock: Callable[[], datetime]) -> None:
    """Write a batch in one transaction.  Raises CommitConflict, LeaseLost, WriteRefused or Unavailable."""
    try:
        with db.client.start_session() as session:
            session.with_transaction(
                lambda own: _write(db, writes, renew, own, clock()),
                read_concern=ReadConcern("snapshot"),
                write_concern=WriteConcern(w="majority", j=True),
                read_preference=ReadPreference.PRIMARY,
                max_commit_time_ms=30_000,
            )
    except (BulkWriteError, OperationFailure) as error:
        if _has_lost_a_race(error):
            raise CommitConflict("a contact of this batch was changed meanwhile") from error
        refused = _refused_write(error)
        if refused.get("code") == DUPLICATE_KEY:
            raise CommitConflict(duplicate(refused), content=writes.content) from error
        if refused:
            raise WriteRefused(f"error {refused.get('code')} of MongoDB") from error
        raise
    except (InvalidDocument, OverflowError) as error:
        raise WriteRefused(f"it is no document that MongoDB stores: {type(error).__name__}") from error
    except PyMongoError as error:
        raise Unavailable(f"MongoDB did not take the batch: {error}") from error


def _write(db: Db, writes: Writes, renew: RenewLease, session: ClientSession, now: datetime) -> None:
    renew(session, now)
    if writes.kept:
        db.activities.insert_many(writes.kept, ordered=True, session=session)
    _settle_activities(db, writes, session, now)
    for passed in (writes.leaving, writes.letting_go, writes.contacts):
        if _write_contacts(db.contacts, passed, session) != len(passed):
            raise CommitConflict(
                "a contact of this batch was changed by another worker", content=writes.content
            )
    for collection, operations in (
        (db.ledger, writes.ledger),
        (db.activities, writes.derived),
        (db.merges, writes.merges),
        (db.suggestions, writes.suggestions),
        (db.shared_devices, writes.shared_devices),
        (db.outbox, writes.calls),
    ):
        if operations:
            collection.bulk_write(operations, ordered=True, session=session)
    if writes.stale_hours:
        # A row of its own for each batch: two lanes that mark the same hour do not conflict.
        hours = {"_id": uuid_utils.uuid7().hex, "hours": sorted(writes.stale_hours)}
        db.stale_hours.insert_one(hours, session=session)
    if writes.changed_orders:
        changed = {"_id": uuid_utils.uuid7().hex, "contacts": sorted(writes.changed_orders)}
        db.changed_orders.insert_one(changed, session=session)


def _settle_activities(db: Db, writes: Writes, session: ClientSession, now: datetime) -> None:
    if writes.applied:
        settled = db.activities.update_many(
            {"_id": {"$in": writes.applied}, "state": "received"},
            {"$set": {"state": "applied"}, "$unset": {"failure": "", "backfill": ""}},
            session=session,
        )
        if settled.modified_count != len(writes.applied):
            raise CommitConflict(
                "an activity of this batch was applied by another worker", content=writes.content
            )
    if writes.erased:
        db.activities.delete_many({"_id": {"$in": writes.erased}, "state": "received"}, session=session)
        db.raw_notices.delete_many({"_id": {"$in": writes.erased}}, session=session)
    for failure in writes.failed:
        db.activities.update_one(
            {"_id": failure.activity_id},
            {"$set": {"state": "failed", "failure": {"reason": failure.reason, "at": now}}},
            session=session,
        )


def _write_contacts(
    contacts: Collection[Document], operations: Sequence[Write], session: ClientSession
) -> int:
    """Write contacts; return how many were there as they were read."""
    if not operations:
        return 0
    by_kind = sorted(operations, key=lambda write: type(write).__name__)  # runs of a kind go in one command
    result = contacts.bulk_write(by_kind, ordered=True, session=session)
    return result.inserted_count + result.matched_count + result.deleted_count


def _has_lost_a_race(error: PyMongoError) -> bool:
    """Whether another transaction was quicker: a duplicate key is no such thing in itself."""
    if isinstance(error, BulkWriteError) or not isinstance(error, OperationFailure):
        return False
    transient = error.has_error_label("TransientTransactionError")
    return transient or error.code in (WRITE_CONFLICT, NO_SUCH_TRANSACTION)


def _refused_write(error: PyMongoError) -> Mapping[str, Any]:
    """The one write that MongoDB refused; empty if it refused something else."""
    details: Mapping[str, Any] = getattr(error, "details", None) or {}
    if isinstance(error, BulkWriteError):
        return next(iter(details.get("writeErrors", ())), {})
    return {"code": DUPLICATE_KEY, **details} if isinstance(error, DuplicateKeyError) else {}


_INDEX = re.compile(r"collection: [^.\s]+\.(\S+) index: (\S+)")


def duplicate(refused: Mapping[str, Any]) -> str:
    """Name a key that is there already, without the email, phone or number that it may hold."""
    found = _INDEX.search(str(refused.get("errmsg", "")))
    where = " ".join(found.groups()) if found else "an index"
    values = [_shown(name, value) for name, value in (refused.get("keyValue") or {}).items()]
    return f"a duplicate key in {where}: {', '.join(values)}"


def _shown(name: str, value: object) -> str:
    if name == "_id":
        return f"_id {value}"
    kinds = [kind.label for kind in IdentityKind if str(value).startswith(kind.prefix)]
    return f"{name} ({kinds[0].lower() if kinds else 'no value'})"
