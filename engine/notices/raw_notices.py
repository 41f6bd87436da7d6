"""The raw notice behind a bounce, a complaint or an unsubscription, kept as evidence.

One row for each activity that a notice made, for two years.  It goes with the person
(`engine.privacy.sweep`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Literal

from pymongo.errors import BulkWriteError, PyMongoError

from engine.db import Db
from engine.domain.activities import ActivityId
from engine.domain.document import Document
from engine.errors import Unavailable
from engine.pipeline.inbox import DUPLICATE_KEY

MAX_KEPT = 64 * 1024
"""Characters of a notice that are kept: what happened stands at its beginning."""

Media = Literal["application/json", "message/rfc822"]

EVIDENCE_OF = frozenset(
    {
        "email_bounced", "email_complained", "email_blocked", "email_deferred", "email_auto_replied",
        "sms_bounced", "newsletter_subscribed", "newsletter_unsubscribed", "sms_subscribed",
        "sms_unsubscribed",
    }
)  # fmt: skip
"""Types of activities whose notice is kept: not what is sent, delivered, opened and clicked by thousands."""


@dataclass(frozen=True)
class RawNotice:
    """A notice as it came.

    Parameters:
      text(str): Its beginning.
      size(int): Bytes of the whole notice.
      addresses(list): All that it reports on: the notice goes with each of these people.
    """

    activity: ActivityId
    media: Media
    text: str
    size: int
    source: str
    received_at: datetime
    addresses: list[str] = field(default_factory=list)

    @property
    def shortened(self) -> bool:
        """Whether its end was not kept."""
        return self.size > MAX_KEPT


def charset_of(raw: bytes) -> str:
    """UTF-8, or Latin-1 for other bytes: it reads any, and loses none."""
    try:
        raw.decode()
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8"


def text_of(raw: bytes, *, at_most: int = MAX_KEPT) -> str:
    """The beginning of a notice as text."""
    return raw.decode(charset_of(raw))[:at_most]


def keep(db: Db, notices: Sequence[RawNotice]) -> None:
    """Keep the notices of activities that are in the inbox; idempotent.  Raises Unavailable.

    The notice of an activity that was not kept, because it is of an erased person, goes again.
    """
    if not notices:
        return
    ids = [notice.activity for notice in notices]
    try:
        _insert(db, [_row_of(notice) for notice in notices])
        kept = {row["_id"] for row in db.activities.find({"_id": {"$in": ids}}, {"_id": 1})}
        if len(kept) < len(set(ids)):
            db.raw_notices.delete_many({"_id": {"$in": [id_ for id_ in ids if id_ not in kept]}})
    except PyMongoError as error:
        raise Unavailable(f"MongoDB did not confirm the raw notices: {error}") from error


def raw_notice(db: Db, activity: ActivityId) -> RawNotice | None:
    """The notice behind an activity; None if there is none, or it had its time."""
    row = db.raw_notices.find_one({"_id": activity})
    return None if row is None else RawNotice(activity=row.pop("_id"), **row)


def with_notice(db: Db, activities: Sequence[str]) -> set[str]:
    """Those of some activities whose notice is kept."""
    if not activities:
        return set()
    return {row["_id"] for row in db.raw_notices.find({"_id": {"$in": list(activities)}}, {"_id": 1})}


def _row_of(notice: RawNotice) -> Document:
    row = asdict(notice)
    return {"_id": row.pop("activity"), **row}


def _insert(db: Db, rows: list[Document]) -> None:
    insert_new(db, "raw_notices", rows)


def insert_new(db: Db, collection: str, rows: list[Document]) -> None:
    """Insert the rows that are not there yet."""
    try:
        db[collection].insert_many(rows, ordered=False)
    except BulkWriteError as error:
        details: Document = dict(error.details or {})
        problems = details.get("writeErrors", [])
        if details.get("writeConcernErrors") or any(p["code"] != DUPLICATE_KEY for p in problems):
            raise
