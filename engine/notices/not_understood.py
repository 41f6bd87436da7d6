"""Payloads of sending services and returned mail that were not understood, to be run again.

They are kept whole among the refused events.  Running one again reads it with the present program:
a process that can read it (the collector) takes what is marked, makes the activities (once, by
their ids) and marks it as done.  A kill in between leaves the mark, and it is taken again.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from pymongo.errors import PyMongoError

from engine.db import Db
from engine.domain.bounce_messages.addresses import addresses_in
from engine.domain.document import Document
from engine.errors import NotFound, Unavailable
from engine.notices.raw_notices import Media, charset_of, insert_new, text_of
from engine.pipeline import tombstones
from engine.rules import versions

MAX_KEPT = 1024 * 1024
"""Characters of one payload that are kept; a longer one is a message with attachments."""

POLL = 0.1
"""Seconds between two looks while waiting for a result."""

State = Literal["kept", "waiting", "done"]


@dataclass(frozen=True)
class NotUnderstood:
    """A payload that made no activity, or not all that it should.

    Parameters:
      source(str): What sent it: `webhook:sendgrid`, `webhook:bounce` or `mailbox:NAME`.
      state(str): `kept`; `waiting` to be run again; `done`: understood since.
      tried_at(datetime): When it was last run again, without success unless it is done.
      activities(list): The ids of what it became.
      topic(str): What it is about, where that does not stand in it: a shop's names it in a header.
      waits_for(str): What has to be known before it can be understood, such as an order of a shop.
    """

    received_at: datetime
    source: str
    reason: str
    event: str
    media: Media = "application/json"
    charset: str = "utf-8"
    id: str = ""
    state: State = "kept"
    tried_at: datetime | None = None
    activities: list[str] = field(default_factory=list)
    topic: str = ""
    waits_for: str = ""

    @property
    def raw(self) -> bytes:
        """The payload as it came."""
        return self.event.encode(self.charset)

    @property
    def service(self) -> str:
        """The provider's name, `bounce`, or that of a mailbox."""
        return self.source.partition(":")[2]


class PayloadNotFound(NotFound):
    """No payload with this id is kept."""

    def __init__(self, id_: str) -> None:
        self.id = id_
        super().__init__(f"no payload {id_!r} is kept; see `sheets webhook kept`")


def payload(raw: bytes, *, source: str, reason: str, received_at: datetime, media: Media) -> NotUnderstood:
    """A payload to keep, whole up to MAX_KEPT."""
    return NotUnderstood(received_at, source, reason, text_of(raw, at_most=MAX_KEPT), media, charset_of(raw))


def keep(db: Db, payloads: Sequence[NotUnderstood]) -> None:
    """Keep payloads, the same one once, for thirty days; one that names an erased person without content.

    Raises Unavailable.
    """
    if not payloads:
        return
    try:
        insert_new(db, "refusals", [_row_of(db, kept) for kept in payloads])
    except PyMongoError as error:
        raise Unavailable(f"MongoDB did not take what was not understood: {error}") from error


def list_not_understood(db: Db, *, limit: int = 50, done: bool = False) -> list[NotUnderstood]:
    """What waits to be understood, the latest first; with `done` what was understood since."""
    query: Document = {"media": {"$exists": True}, "done_at": {"$exists": done}}
    return [_of(row) for row in db.refusals.find(query).sort("received_at", -1).limit(limit)]


def count_not_understood(db: Db) -> int:
    """How many payloads wait to be understood."""
    return db.refusals.count_documents({"media": {"$exists": True}, "done_at": {"$exists": False}})


def find(db: Db, id_: str) -> NotUnderstood:
    """One payload.  Raises PayloadNotFound."""
    row = db.refusals.find_one({"_id": id_, "media": {"$exists": True}})
    if row is None:
        raise PayloadNotFound(id_)
    return _of(row)


def run_again(db: Db, id_: str, *, now: datetime, wait: float = 5.0) -> NotUnderstood:
    """Have a payload read again, and wait so many seconds for the result; raise PayloadNotFound.

    The result is `done` with its activities, `kept` with the reason why it is still not
    understood, or `waiting` while no collector has taken it.  One that is done stays done.
    """
    find(db, id_)
    db.refusals.update_one({"_id": id_, "done_at": {"$exists": False}}, {"$set": {"again_at": now}})
    until = time.monotonic() + wait
    while (found := find(db, id_)).state == "waiting" and time.monotonic() < until:
        time.sleep(POLL)
    return found


def run_all_again(db: Db, *, now: datetime) -> int:
    """Have every payload that waits read again; return how many."""
    waiting = {"media": {"$exists": True}, "done_at": {"$exists": False}, "again_at": {"$exists": False}}
    return db.refusals.update_many(waiting, {"$set": {"again_at": now}}).modified_count


def run_what_waits(db: Db, known: Sequence[str], *, now: datetime) -> int:
    """Have every payload read again that waits for what is known now; return how many."""
    if not known:
        return 0
    waiting = {"waits_for": {"$in": list(known)}, "done_at": {"$exists": False}}
    return db.refusals.update_many(waiting, {"$set": {"again_at": now}}).modified_count


def marked(db: Db, *, limit: int = 100) -> list[NotUnderstood]:
    """What is to be run again, the first marked first."""
    rows = db.refusals.find({"again_at": {"$exists": True}}).sort("again_at", 1).limit(limit)
    return [_of(row) for row in rows]


def settle(db: Db, id_: str, activities: Sequence[str], *, unclear: str, now: datetime) -> None:
    """Record the outcome of running a payload again, once its activities are durable."""
    change: Document = {"tried_at": now, "activities": list(activities)}
    change |= {"reason": unclear} if unclear else {"done_at": now}
    db.refusals.update_one({"_id": id_}, {"$set": change, "$unset": {"again_at": ""}})


def _row_of(db: Db, kept: NotUnderstood) -> Document:
    named = "\0".join(filter(None, (kept.source, kept.topic, kept.event))).encode(errors="replace")
    row: Document = {
        "_id": f"payload-{hashlib.blake2b(named, digest_size=16).hexdigest()}",
        "received_at": kept.received_at,
        "source": kept.source,
        "field": "event",
        "reason": kept.reason,
        "event": kept.event,
        "media": kept.media,
        "charset": kept.charset,
        **{name: value for name in ("topic", "waits_for") if (value := getattr(kept, name))},
    }
    if not tombstones.any_exist(db):
        return row
    region = versions.current(db).account.default_region
    words = " ".join(addresses_in(kept.event)) if kept.media == "message/rfc822" else kept.event
    if tombstones.names_erased(db, words, region=region):
        row |= {"event": "", "reason": "it names a person who was erased"}
    return row


def _of(row: Document) -> NotUnderstood:
    state: State = "done" if "done_at" in row else "waiting" if "again_at" in row else "kept"
    return NotUnderstood(
        id=row["_id"],
        received_at=row["received_at"],
        source=row["source"],
        reason=row["reason"],
        event=row["event"],
        media=row["media"],
        charset=row["charset"],
        state=state,
        tried_at=row.get("tried_at"),
        activities=list(row.get("activities", [])),
        topic=row.get("topic", ""),
        waits_for=row.get("waits_for", ""),
    )
