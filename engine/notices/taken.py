"""What a notice came to: activities, the evidence behind them, and what was not understood."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from engine.db import Db
from engine.domain.activities import Activity
from engine.domain.rulebook import Ruleset
from engine.notices import not_understood, raw_notices
from engine.notices.not_understood import NotUnderstood
from engine.notices.raw_notices import EVIDENCE_OF, Media, RawNotice, text_of
from engine.notices.returned_mail import ReturnedMail, read_mail

MAIL: Media = "message/rfc822"


@dataclass
class TakenNotices:
    """The outcome of a payload.  The activities are stored first, then the rest by `keep_beside`."""

    activities: list[Activity] = field(default_factory=list)
    evidence: list[RawNotice] = field(default_factory=list)
    unclear: list[NotUnderstood] = field(default_factory=list)

    def add(self, activity: Activity, raw: bytes, media: Media, addresses: Iterable[str]) -> None:
        """Add an activity, with the notice that it comes from if that is kept."""
        self.activities.append(activity)
        if activity.type in EVIDENCE_OF:
            self.evidence.append(
                RawNotice(
                    activity=activity.id,
                    media=media,
                    text=text_of(raw),
                    size=len(raw),
                    source=activity.source,
                    received_at=activity.received_at,
                    addresses=_all_of(activity, addresses),
                )
            )

    def keep_beside(self, db: Db) -> None:
        """Store the evidence and what was not understood; idempotent.  Raises Unavailable."""
        raw_notices.keep(db, self.evidence)
        not_understood.keep(db, self.unclear)


def _all_of(activity: Activity, addresses: Iterable[str]) -> list[str]:
    """The addresses as they were written, and that of the activity as it is stored."""
    stored = (activity.identities.email, activity.identities.phone)
    return list(dict.fromkeys([*addresses, *(address for address in stored if address is not None)]))


def take_mail(
    raw: bytes, ruleset: Ruleset, *, source: str, received_at: datetime
) -> tuple[ReturnedMail, TakenNotices]:
    """Read a message that came back; one that is no notice leaves nothing."""
    found, taken = read_mail(raw, ruleset, source=source, received_at=received_at), TakenNotices()
    for activity in found.activities:
        taken.add(activity, raw, MAIL, found.addresses)
    if found.unclear:
        taken.unclear.append(
            not_understood.payload(
                raw, source=source, reason=found.unclear, received_at=received_at, media=MAIL
            )
        )
    return found, taken
