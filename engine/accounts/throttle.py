"""Throttling of sign-in attempts, by account and by address.

An attempt is counted before its password is checked, so concurrent attempts do not bypass the
limit.  After some free attempts each one doubles the wait, up to minutes: no account is locked
permanently.  A browser that signed in before has its own count, so attempts from elsewhere do
not delay the owner.
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
"""Seconds to wait after the last free attempt; each further attempt doubles them."""

FORGOTTEN_AFTER = timedelta(days=1)
"""A count is reset after this time without an attempt."""


class AttemptCount(Stored):
    """The attempts of one throttle key; the next attempt is accepted from `until` on."""

    meta = {
        "collection": "guesses",
        "indexes": [{"fields": ["expires_at"], "expireAfterSeconds": 0}],
    }
    id: str = me.StringField(primary_key=True)
    failures: int = me.IntField(required=True, min_value=0)
    until: datetime = Moment(required=True)
    expires_at: datetime = Moment(required=True)


@dataclass(frozen=True)
class ThrottleKey:
    """A key under which attempts are counted: `free` of them without a wait, then up to `longest`."""

    id: str
    free: int
    longest: timedelta


class TooManyAttempts(TooManyRequests):
    """Too many attempts to sign in: the next one is accepted from `until` on."""

    def __init__(self, until: datetime, *, now: datetime) -> None:
        self.until = until
        left = max(1, round((until - now).total_seconds()))
        span = f"{left} second{'s' if left > 1 else ''}" if left < 90 else f"{round(left / 60)} minutes"
        super().__init__(f"too many attempts: try again in {span}")


def by_account(email: str) -> ThrottleKey:
    """All attempts at one account, whether it exists or not."""
    return ThrottleKey(f"account:{_hashed(email)}", free=5, longest=timedelta(minutes=5))


def by_browser(device: str, email: str) -> ThrottleKey:
    """Attempts from a browser that was signed in to this account before."""
    return ThrottleKey(f"browser:{_hashed(device + ' ' + email)}", free=5, longest=timedelta(minutes=5))


def by_address(address: str) -> ThrottleKey:
    """All attempts from one IPv4 address or one IPv6 network."""
    return ThrottleKey(f"address:{_hashed(_network(address))}", free=30, longest=timedelta(minutes=15))


def count_attempt(db: Db, keys: Sequence[ThrottleKey], *, now: datetime) -> None:
    """Count an attempt under each key; raise TooManyAttempts if one of them still has to wait."""
    for key in keys:
        try:
            AttemptCount.on(db, id=key.id, until__lte=now).upsert_one(__raw__=_counted(key, now))
        except DuplicateKeyError:
            waiting = AttemptCount.on(db, id=key.id).one()
            until = now + timedelta(seconds=1) if waiting is None else waiting.until
            raise TooManyAttempts(until, now=now) from None


def reset(db: Db, keys: Sequence[ThrottleKey]) -> None:
    """Delete the counts after a successful attempt."""
    AttemptCount.on(db, id__in=[key.id for key in keys]).delete()


def uncount(db: Db, key: ThrottleKey, *, now: datetime) -> None:
    """Take one successful attempt back from a count that others share: it was no guess.

    The others' attempts stay counted, so that a right password among them frees nobody to guess on.
    """
    AttemptCount.on(db, id=key.id, failures__gt=0).update_one(
        __raw__=[
            {"$set": {"failures": {"$subtract": ["$failures", 1]}}},
            {"$set": {"until": {"$cond": [{"$lte": ["$failures", key.free]}, now, "$until"]}}},
        ]
    )


def _counted(key: ThrottleKey, now: datetime) -> list[Document]:
    """The update that adds an attempt and sets when the next one is accepted."""
    beyond = {"$subtract": ["$failures", key.free]}
    seconds = {"$multiply": [FIRST_WAIT, {"$pow": [2, {"$min": [20, {"$subtract": [beyond, 1]}]}]}]}
    wait = {"$min": [key.longest.total_seconds(), seconds]}
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
