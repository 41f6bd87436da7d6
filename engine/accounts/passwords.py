"""Passwords of local accounts: argon2id, the same time for an account that there is not.

Neither the answer nor its delay reveals whether an email has an account.
"""

from __future__ import annotations

import re
import secrets
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import NewType

import mongoengine as me
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from engine.accounts import accounts, sessions, throttle
from engine.accounts.accounts import User
from engine.accounts.actor import Actor
from engine.accounts.sessions import SessionToken, digest
from engine.db import Db
from engine.db.documents.fields import Moment
from engine.db.documents.stored import Stored
from engine.errors import Invalid, NotAllowed, Unauthenticated

BrowserToken = NewType("BrowserToken", str)

SHORTEST, LONGEST = 12, 128
FEWEST_DIFFERENT = 5
FEWEST_GUESSES = 9.0
"""A power of ten (zxcvbn, Wheeler 2016): what throttled guesses at a sign-in never reach."""

_OBVIOUS = ("contact", "sheets", "contactsheets", "contraseña", "contrasena", "clave", "tienda", "shop")
_READ = 72
"""The characters that zxcvbn reads at most; its time grows with the square of them."""

BROWSER_LIFE = timedelta(days=90)
"""How long a browser counts as one that was signed in before."""

_AT_ONCE = threading.BoundedSemaphore(2)
"""Each look at a password takes 64 MB: many at once would take the server's memory."""

_hasher = PasswordHasher()


class KnownBrowser(Stored):
    """A browser that was signed in before; only the hash of what it carries, the id, is kept."""

    meta = {
        "collection": "known_browsers",
        "indexes": [{"fields": ["expires_at"], "expireAfterSeconds": 0}, {"fields": ["user"]}],
    }
    id: str = me.StringField(primary_key=True)
    user: str = me.StringField(required=True)
    expires_at: datetime = Moment(required=True)


class WeakPassword(Invalid):
    """A password that is too easy to guess; the message says what is wanted."""


class WrongPassword(Unauthenticated):
    """Email and password do not belong together, or the account cannot be used."""

    def __init__(self) -> None:
        super().__init__("email or password is wrong")


class LinkExpired(NotAllowed):
    """A one-time link that can no longer be used: it was used, replaced, or is too old."""

    def __init__(self) -> None:
        super().__init__("this link no longer works: ask for a new one")


@dataclass(frozen=True)
class Browser:
    """The origin of an attempt; `known` is the token of a browser that signed in before."""

    address: str
    agent: str = ""
    known: str = ""


@dataclass(frozen=True)
class Entered:
    """A completed sign-in: the browser's tokens for this session and for recognising the browser later."""

    session: SessionToken
    browser: BrowserToken


def sign_in(db: Db, email: str, password: str, browser: Browser, *, now: datetime) -> Entered:
    """Sign in with a password.  Raises WrongPassword, and TooManyAttempts before checking it."""
    email = email.strip().lower()
    user = User.on(db, email=email).one()
    owner = None if user is None else _owner(db, user.id, browser.known, now=now)
    address = throttle.by_address(browser.address)
    # Guesses of others in the same office hold up no browser that its owner has used before.
    keys = (
        [throttle.by_account(email), address]
        if owner is None
        else [throttle.by_browser(browser.known, email)]
    )
    throttle.count_attempt(db, keys, now=now)
    hashed = None if user is None else user.password_hash
    right = _matches(hashed, password)
    if user is None or hashed is None or not right or user.disabled_at is not None:
        raise WrongPassword
    throttle.reset(db, keys[:1])
    if owner is None:
        throttle.uncount(db, address, now=now)
    if _hasher.check_needs_rehash(hashed):
        User.on(db, id=user.id).update_one(set__password_hash=_hash(password))
    return _enter(db, user.id, browser, now=now)


def set_by_link(db: Db, token: str, password: str, browser: Browser, *, now: datetime) -> Entered:
    """Set a password with an invitation or reset link, end all sessions, and start a new one.

    Raises WeakPassword, after which the link stays valid, and LinkExpired.
    """
    link = accounts.link_of(db, token, now=now)
    if link is None or link.purpose == "sign in" or _is_of_provider(db, link.user):
        raise LinkExpired
    _refuse_weak(password, link.email)
    hashed = _hash(password)
    if accounts.use_up(db, token, now=now) is None:
        raise LinkExpired
    User.on(db, id=link.user).update_one(set__password_hash=hashed, set__password_set_at=now)
    sessions.end_all(db, link.user, now=now)
    throttle.reset(db, [throttle.by_account(link.email)])
    return _enter(db, link.user, browser, now=now)


def change(actor: Actor, old: str, new: str) -> int:
    """Change the user's password and end their other sessions; return how many ended.

    Raises WrongPassword, TooManyAttempts, WeakPassword.
    """
    now = actor.now
    own = User.on(actor.db, id=actor.user.id)
    user = User.on(actor.db, id=actor.user.id, disabled_at=None).one()
    key = throttle.by_browser("own", actor.user.email)
    throttle.count_attempt(actor.db, [key], now=now)
    if user is not None and user.password_hash is not None and not _matches(user.password_hash, old):
        raise WrongPassword
    _refuse_weak(new, actor.user.email)
    own.update_one(set__password_hash=_hash(new), set__password_set_at=now)
    throttle.reset(actor.db, [key])
    return sessions.end_all(actor.db, actor.user.id, now=now, but=actor.user.session)


def has_password(actor: Actor) -> bool:
    """Whether the user has a local password."""
    return User.on(actor.db, id=actor.user.id, password_hash__ne=None).one() is not None


def _is_of_provider(db: Db, user: str) -> bool:
    """Whether the company's provider signs a user in: a password here would outlast their account there."""
    return User.on(db, id=user, issuer__ne=None).one() is not None


def _refuse_weak(password: str, email: str) -> None:
    if len(password) < SHORTEST:
        raise WeakPassword(f"a password needs at least {SHORTEST} characters: three or four words work well")
    if len(password) > LONGEST:
        raise WeakPassword(f"a password can have at most {LONGEST} characters")
    if len(set(password)) < FEWEST_DIFFERENT:
        raise WeakPassword("a password needs more different characters")
    if email.partition("@")[0].lower() in password.lower() and len(email.partition("@")[0]) >= 4:
        raise WeakPassword("a password must not contain the email")
    if _guesses(password, email) < FEWEST_GUESSES:
        raise WeakPassword(
            "this password is easy to guess: add another word or two, uncommon ones are better"
        )


def _guesses(password: str, email: str) -> float:
    """How many guesses a password takes, as a power of ten: by lists of leaked ones, words and dates."""
    from zxcvbn import zxcvbn  # its lists take 0.2 s to load

    obvious = [*_OBVIOUS, *filter(None, re.split(r"[^a-z0-9]+", email.lower()))]
    joined = re.sub(r"[\W_]+", "", password)  # Contact-Sheets-1 is contactsheets1
    forms = {form[:_READ] for form in (password, joined) if form}
    return float(min(zxcvbn(form, user_inputs=obvious)["guesses_log10"] for form in forms))


def _matches(hashed: str | None, password: str) -> bool:
    """Compare, and take the same time when there is nothing to compare with."""
    dummy = _dummy_hash()
    with _AT_ONCE:
        try:
            return _hasher.verify(hashed or dummy, password[: LONGEST + 1]) and hashed is not None
        except (VerificationError, InvalidHashError):
            return False


def _hash(password: str) -> str:
    with _AT_ONCE:
        return _hasher.hash(password)


@cache
def _dummy_hash() -> str:
    return _hasher.hash(secrets.token_urlsafe(32))


def _owner(db: Db, user: str, known: str, *, now: datetime) -> str | None:
    """The user, if this browser was signed in as them before."""
    if not known:
        return None
    carried = KnownBrowser.on(db, id=digest(known), user=user, expires_at__gt=now)
    return None if carried.one() is None else user


def _enter(db: Db, user: str, browser: Browser, *, now: datetime) -> Entered:
    token = BrowserToken(secrets.token_urlsafe(24))
    browser_row = KnownBrowser(id=digest(token), user=user, expires_at=now + BROWSER_LIFE)
    KnownBrowser.on(db).insert(browser_row)
    return Entered(accounts.signed_in(db, user, now=now, agent=browser.agent), token)
