"""Watched mailboxes: each is read from time to time, and how that went is kept for admins."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice

import structlog
from pymongo.errors import DuplicateKeyError

from engine.db import Db
from engine.domain.document import Document
from engine.domain.rulebook import BounceMailbox, Ruleset
from engine.notices import not_understood
from engine.notices.imap_mailbox import open_imap
from engine.notices.mailboxes import Message, State, UnreadableMailbox, open_path
from engine.notices.taken import MAIL, TakenNotices, take_mail
from engine.pipeline import inbox
from engine.rules import versions

BATCH = 50
"""Messages whose activities are stored together, before they are marked."""

CLAIMED_FOR = timedelta(minutes=2)
"""After this time another scheduler reads a mailbox whose reader seems gone."""

Wake = Callable[[Iterable[int]], None]

log = structlog.get_logger()


def read_all(
    db: Db,
    environment: Mapping[str, str],
    wake: Wake,
    *,
    clock: Callable[[], datetime],
    stopped: Callable[[], bool] = lambda: False,
) -> int:
    """Read every mailbox; return how many messages were new.

    One that cannot be read is recorded, and does not keep the others waiting.  Raises PyMongoError
    and Unavailable for our own database.
    """
    ruleset, found = versions.current(db), 0
    db.mailboxes.delete_many({"_id": {"$nin": [mailbox.id for mailbox in ruleset.mailboxes]}})
    for mailbox in ruleset.mailboxes:
        if stopped() or not _claim(db, mailbox.id, clock()):
            continue
        try:
            found += _read(db, mailbox, ruleset, environment, wake, clock=clock, stopped=stopped)
            done: Document = {"$set": {"read_at": clock()}, "$unset": {"error": "", "failing_since": ""}}
        except UnreadableMailbox as error:
            log.warning("a mailbox cannot be read", mailbox=mailbox.id, error=str(error))
            since = _row(db, mailbox.id).get("failing_since", clock())
            done = {"$set": {"error": str(error)[:500], "failing_since": since}}
        done["$unset"] = {**done.get("$unset", {}), "until": ""}
        db.mailboxes.update_one({"_id": mailbox.id}, done)
    return found


def _read(
    db: Db,
    mailbox: BounceMailbox,
    ruleset: Ruleset,
    environment: Mapping[str, str],
    wake: Wake,
    *,
    clock: Callable[[], datetime],
    stopped: Callable[[], bool],
) -> int:
    """Read what is new: first the activities are durable, then messages are marked, then the state."""
    found, open_ = 0, open_path if mailbox.path else open_imap
    with open_(mailbox, _row(db, mailbox.id).get("state", {}), environment) as opened:
        unread = opened.unread()
        while messages := list(islice(unread, BATCH)):
            notices = _take(db, mailbox.id, messages, ruleset, wake, now=clock())
            state = opened.settle(messages)
            change = _progress(state, messages=len(messages), notices=notices, now=clock())
            db.mailboxes.update_one({"_id": mailbox.id}, change)
            found += len(messages)
            if stopped():
                break
    return found


def _progress(state: State, *, messages: int, notices: int, now: datetime) -> Document:
    return {
        "$set": {"state": state, "until": now + CLAIMED_FOR},
        "$inc": {"messages": messages, "notices": notices},
    }


def _take(
    db: Db, mailbox: str, messages: Sequence[Message], ruleset: Ruleset, wake: Wake, *, now: datetime
) -> int:
    """Store durably what some messages mean; return how many reported something."""
    taken = [_taken(message.raw, f"mailbox:{mailbox}", ruleset, now=now) for message in messages]
    receipt = inbox.receive(db, [activity for one in taken for activity in one.activities])
    for one in taken:
        one.keep_beside(db)
    if receipt.lanes:
        wake(receipt.lanes)
    return sum(bool(one.activities or one.unclear) for one in taken)


def _taken(raw: bytes, source: str, ruleset: Ruleset, *, now: datetime) -> TakenNotices:
    try:
        return take_mail(raw, ruleset, source=source, received_at=now)[1]
    except Exception as error:
        log.exception("a mail cannot be read", source=source)  # it must not keep those behind it waiting
        reason = f"{type(error).__name__}: {error}"[:500]
        unclear = not_understood.payload(raw, source=source, reason=reason, received_at=now, media=MAIL)
        return TakenNotices(unclear=[unclear])


def _claim(db: Db, mailbox: str, now: datetime) -> bool:
    """Whether this process reads the mailbox now; two that do read the same, once."""
    free = {"_id": mailbox, "$or": [{"until": None}, {"until": {"$lt": now}}]}
    try:
        db.mailboxes.update_one(free, {"$set": {"until": now + CLAIMED_FOR}}, upsert=True)
    except DuplicateKeyError:
        return False
    return True


def _row(db: Db, mailbox: str) -> Document:
    return db.mailboxes.find_one({"_id": mailbox}) or {}
