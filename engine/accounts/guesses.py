"""Slowing down who guesses passwords, by account and by address.

Every attempt is counted before it is looked at, so that many at once are no way around.
After some free ones each doubles the wait, up to minutes: nobody is locked out for good,
and a browser that was signed in before has a count of its own, so that a stranger's
guesses do not hold up the owner.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import mongoengine as me
from pymongo.errors import DuplicateKeyError

from engine.db import Db
from engine.db.documents.fields import Moment
from engine.db.documents.stored import Stored
from engine.domain.document import Document
from engine.errors import TooManyRequests

FIRST_WAIT = 2
"""Seconds after the first attempt too many; each further one doubles them."""

FORGOTTEN_AFTER = timedelta(days=1)
"""After how long without an attempt a count begins anew."""


class Guesses(Stored):
    """Attempts to sign in that are counted together; the next one counts from `until` on."""

    meta = {
        "collection": "guesses",
        "indexes": [{"fields": ["expires_at"], "expireAfterSeconds": 0}],
    }
    id: str = me.StringField(primary_key=True)
    failures: int = me.IntField(required=True, min_value=0)
    until: datetime = Moment(required=True)
    expires_at: datetime = Moment(required=True)


@dataclass(frozen=True)
class Guesser:
    """Whose attempts are counted together; `free` of them cost nothing, no wait is over `longest`."""

    id: str
    free: int
    longest: timedelta


class TooManyAttempts(TooManyRequests):
    """Too many attempts to sign in: none counts before `until`."""

    def __init__(self, until: datetime, *, now: datetime) -> None:
        self.until = until
        left = max(1, round((until - now).total_seconds()))
        span = f"{left} second{'s' if left > 1 else ''}" if left < 90 else f"{round(left / 60)} minutes"
        super().__init__(f"too many attempts: try again in {span}")


def by_account(email: str) -> Guesser:
    """All who try one account, whether there is one or not."""
    return Guesser(f"account:{_hashed(email)}", free=5, longest=timedelta(minutes=5))


def by_browser(device: str, email: str) -> Guesser:
    """A browser that was signed in to this account before."""
    return Guesser(f"browser:{_hashed(device + ' ' + email)}", free=5, longest=timedelta(minutes=5))


def by_address(address: str) -> Guesser:
    """All who come from one address, or one network of version 6."""
    return Guesser(f"address:{_hashed(_network(address))}", free=30, longest=timedelta(minutes=15))


def begin(db: Db, guessers: Sequence[Guesser], *, now: datetime) -> None:
    """Count an attempt; raise TooManyAttempts if it comes too early for one of them."""
    for guesser in guessers:
        try:
            Guesses.on(db, id=guesser.id, until__lte=now).upsert_one(__raw__=_counted(guesser, now))
        except DuplicateKeyError:
            waiting = Guesses.on(db, id=guesser.id).one()
            until = now + timedelta(seconds=1) if waiting is None else waiting.until
            raise TooManyAttempts(until, now=now) from None


def succeeded(db: Db, guessers: Sequence[Guesser]) -> None:
    """Forget the attempts: the last one was right."""
    Guesses.on(db, id__in=[guesser.id for guesser in guessers]).delete()


def _counted(guesser: Guesser, now: datetime) -> list[Document]:
    """One more attempt, and until when the next one has to wait."""
    beyond = {"$subtract": ["$failures", guesser.free]}
    seconds = {"$multiply": [FIRST_WAIT, {"$pow": [2, {"$min": [20, {"$subtract": [beyond, 1]}]}]}]}
    wait = {"$min": [guesser.longest.total_seconds(), seconds]}
    milliseconds = {"$toLong": {"$multiply": [1000, {"$cond": [{"$gt": [beyond, 0]}, wait, 0]}]}}
    return [
        {"$set": {"failures": {"$add": [{"$ifNull": ["$failures", 0]}, 1]}}},
        {"$set": {"until": {"$add": [now, milliseconds]}, "expires_at": now + FORGOTTEN_AFTER}},
    ]


def _network(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if parsed.version == 4:
        return address
    return str(ipaddress.ip_network((parsed, 64), strict=False))


def _hashed(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()[:32]
