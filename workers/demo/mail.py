"""Mails of the made-up shop, and what becomes of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum, auto

from workers.demo.arrivals import DAY, at_hour, local_day
from workers.demo.diary import Diary, Event
from workers.demo.goods import NEWSLETTERS, SITE

TUESDAY = 1
MANY_BOUNCES = 3
"""After so many in a row the shop writes to an address no more."""

GRUMPY = 25
"""One reader in so many calls a newsletter spam sooner or later."""


class Fate(Enum):
    """The outcome of a mail."""

    BOUNCED = auto()
    UNREAD = auto()
    OPENED = auto()
    CLICKED = auto()
    COMPLAINED = auto()
    UNSUBSCRIBED = auto()


@dataclass(frozen=True)
class Outcome:
    """The outcome of a mail, and its time."""

    fate: Fate
    at: datetime


def send_mail(diary: Diary, at: datetime, *, subject: str, name: str) -> Outcome:
    """Send one mail and write down what becomes of it."""
    mail: Event = {
        "message_id": f"{diary.prefix}-{name}-{len(diary.events)}",
        "email": diary.person.email,
        "subject": subject,
        "campaign": name,
        "provider": "made-up mail",
    }
    diary.serve(at, "Email Sent", mail)
    after = at + timedelta(seconds=diary.chance.randrange(2, 240))
    bounce = _bounce(diary)
    if bounce is not None:
        diary.serve(after, "Email Bounced", {**mail, **bounce})
        return Outcome(Fate.BOUNCED, after)
    diary.serve(after, "Email Delivered", mail)
    return _read(diary, after, mail)


def newsletters(diary: Diary, *, since: datetime) -> Iterator[tuple[datetime, str]]:
    """Write every Tuesday's newsletter to a subscriber; yield the clicks: when, and in which.

    It ends when the address is dead, or the reader has had enough.
    """
    bounces = 0
    for day in _tuesdays(local_day(since) + DAY, local_day(diary.until)):
        subject = NEWSLETTERS[day.isocalendar().week % len(NEWSLETTERS)]
        at = at_hour(day, 9, seconds=diary.chance.uniform(0, 2_400))
        outcome = send_mail(diary, at, subject=subject, name=f"newsletter-{day:%G-%V}")
        if outcome.fate is Fate.CLICKED:
            yield outcome.at, subject
        bounces = bounces + 1 if outcome.fate is Fate.BOUNCED else 0
        if bounces == MANY_BOUNCES or outcome.fate in (Fate.COMPLAINED, Fate.UNSUBSCRIBED):
            return


def _bounce(diary: Diary) -> Event | None:
    """The rejecting server's message."""
    mailbox = diary.person.mailbox
    if mailbox == "dead":
        reason = "550 5.1.1 user unknown"
        return {"bounce": "permanent", "code": "5.1.1", "reason": "no such mailbox", "diagnostic": reason}
    if mailbox == "full" and diary.chance.random() < 0.25:
        reason = "452 4.2.2 mailbox full"
        return {"bounce": "temporary", "code": "4.2.2", "reason": "mailbox is full", "diagnostic": reason}
    return None


def _read(diary: Diary, at: datetime, mail: Event) -> Outcome:
    chance = diary.chance
    mood = chance.random()
    is_newsletter = mail["campaign"].startswith("newsletter")
    if is_newsletter and diary.person.number % GRUMPY == 0 and mood > 0.5:
        at += timedelta(hours=2)
        diary.serve(at, "Email Marked as Spam", mail)
        return Outcome(Fate.COMPLAINED, at)
    if mood > diary.person.reads:
        return Outcome(Fate.UNREAD, at)
    at += timedelta(minutes=chance.randrange(2, 1_200))
    diary.serve(at, "Email Opened", mail)
    at += timedelta(seconds=chance.randrange(8, 90))
    if is_newsletter and chance.random() < 0.03:
        properties = {"email": mail["email"], "reason": chance.choice(("too many mails", "not for me"))}
        diary.serve(at, "newsletter_unsubscribed", properties)
        return Outcome(Fate.UNSUBSCRIBED, at)
    if chance.random() < 0.3:
        diary.serve(at, "Email Link Clicked", {**mail, "link_url": f"{SITE}/new"})
        return Outcome(Fate.CLICKED, at)
    return Outcome(Fate.OPENED, at)


def _tuesdays(first: date, last: date) -> list[date]:
    day = first + DAY * ((TUESDAY - first.weekday()) % 7)
    return [day + DAY * week * 7 for week in range((last - day).days // 7 + 1)]
