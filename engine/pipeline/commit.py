"""The commit: one transaction for a batch, in which all of it takes effect or nothing.

The fold runs outside, on what was read before.  Inside, every write says what it was
decided on: activities must still be `received`, contacts must have the version that was
read, keys must belong to no other contact, and the lane or job must still be held.  Whatever fails aborts
the transaction with CommitConflict (read again) or LeaseLost (stop).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import uuid_utils
from pymongo import DeleteOne, InsertOne, ReadPreference, ReplaceOne, UpdateOne
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.errors import BulkWriteError, DuplicateKeyError, OperationFailure, PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from engine.db import Db
from engine.db.leases import Basis
from engine.domain.activities import ActivityId
from engine.domain.document import Document
from engine.errors import CommitConflict, FoldFailed, Unavailable

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
    erased: list[ActivityId] = field(default_factory=list)
    """Activities of who was erased: they are not kept."""


def commit(db: Db, writes: Writes, renew: RenewLease, *, clock: Callable[[], datetime]) -> None:
    """Write a batch in one transaction.  Raises CommitConflict, LeaseLost or Unavailable."""
    try:
        with db.client.start_session() as session:
            session.with_transaction(
                lambda own: _write(db, writes, renew, own, clock()),
                read_concern=ReadConcern("snapshot"),
                write_concern=WriteConcern(w="majority", j=True),
                read_preference=ReadPreference.PRIMARY,
                max_commit_time_ms=30_000,
            )
    except (BulkWriteError, DuplicateKeyError, OperationFailure) as error:
        if _is_conflict(error):
            raise CommitConflict("a contact of this batch was changed meanwhile") from error
        raise
    except PyMongoError as error:
        raise Unavailable(f"MongoDB did not take the batch: {error}") from error


def _write(db: Db, writes: Writes, renew: RenewLease, session: ClientSession, now: datetime) -> None:
    renew(session, now)
    if writes.kept:
        db.activities.insert_many(writes.kept, ordered=True, session=session)
    _settle_activities(db, writes, session, now)
    for passed in (writes.leaving, writes.letting_go, writes.contacts):
        _write_contacts(db.contacts, passed, session)
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


def _settle_activities(db: Db, writes: Writes, session: ClientSession, now: datetime) -> None:
    if writes.applied:
        settled = db.activities.update_many(
            {"_id": {"$in": writes.applied}, "state": "received"},
            {"$set": {"state": "applied"}, "$unset": {"failure": ""}},
            session=session,
        )
        if settled.modified_count != len(writes.applied):
            raise CommitConflict("an activity of this batch was applied by another worker")
    if writes.erased:
        db.activities.delete_many({"_id": {"$in": writes.erased}, "state": "received"}, session=session)
    for failure in writes.failed:
        db.activities.update_one(
            {"_id": failure.activity_id},
            {"$set": {"state": "failed", "failure": {"reason": failure.reason, "at": now}}},
            session=session,
        )


def _write_contacts(
    contacts: Collection[Document], operations: Sequence[Write], session: ClientSession
) -> None:
    if not operations:
        return
    by_kind = sorted(operations, key=lambda write: type(write).__name__)  # runs of a kind go in one command
    result = contacts.bulk_write(by_kind, ordered=True, session=session)
    done = result.inserted_count + result.matched_count + result.deleted_count
    if done != len(operations):
        raise CommitConflict("a contact of this batch was changed by another worker")


def _is_conflict(error: PyMongoError) -> bool:
    if isinstance(error, BulkWriteError):
        return any(
            problem["code"] == DUPLICATE_KEY for problem in (error.details or {}).get("writeErrors", [])
        )
    if isinstance(error, OperationFailure):
        return error.code in (DUPLICATE_KEY, WRITE_CONFLICT, NO_SUCH_TRANSACTION) or error.has_error_label(
            "TransientTransactionError"
        )
    return False
