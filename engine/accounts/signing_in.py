"""Signing in and out, each attempt with its entry in the audit log.

An entry names an account only if there is one: what else was typed as an email may be a password.
"""

from __future__ import annotations

from datetime import datetime

from engine.accounts import accounts, audit, passwords, sessions, throttle
from engine.accounts.accounts import User
from engine.accounts.actor import Actor
from engine.accounts.audit import Change, Subject
from engine.accounts.current_user import NOT_SIGNED_IN
from engine.accounts.passwords import Browser, Entered, WrongPassword
from engine.accounts.sessions import SessionToken
from engine.accounts.throttle import TooManyAttempts
from engine.db import Db

SIGNED_IN, SIGNED_OUT, CHOSE_PASSWORD = "signed in", "signed out", "chose a password"


def by_password(db: Db, email: str, password: str, browser: Browser, *, now: datetime) -> Entered:
    """Sign in with a password.  Raises WrongPassword, and TooManyAttempts before checking it."""
    try:
        entered = passwords.sign_in(db, email, password, browser, now=now)
    except WrongPassword as error:
        _record_refusal(db, email, browser, error, now=now)
        raise
    except TooManyAttempts as error:
        # One entry an hour: a throttled client may go on trying for days.
        hour = f"{throttle.by_address(browser.address).id}:{throttle.by_account(email).id}:{now:%Y%m%d%H}"
        _record_refusal(db, email, browser, error, now=now, id_=f"throttled:{hour}")
        raise
    _record(db, SIGNED_IN, _user_of(db, entered.session, now=now), browser, how="password", now=now)
    return entered


def by_link(db: Db, token: str, browser: Browser, *, now: datetime) -> SessionToken | None:
    """Turn a one-time link to sign in by into a session; unset if it cannot be used so."""
    session = accounts.redeem(db, token, now=now, agent=browser.agent)
    if session is not None:
        _record(db, SIGNED_IN, _user_of(db, session, now=now), browser, how="one-time link", now=now)
    return session


def choose_password(db: Db, token: str, password: str, browser: Browser, *, now: datetime) -> Entered:
    """Set a password with an invitation or reset link, end all sessions, and start a new one.

    Raises WeakPassword, after which the link stays valid, and LinkExpired.
    """
    entered = passwords.set_by_link(db, token, password, browser, now=now)
    _record(db, CHOSE_PASSWORD, _user_of(db, entered.session, now=now), browser, how="link", now=now)
    return entered


def out(db: Db, session_token: str, browser: Browser, *, now: datetime) -> None:
    """End a session."""
    user = _user_of(db, session_token, now=now)
    accounts.sign_out(db, session_token)
    _record(db, SIGNED_OUT, user, browser, how="", now=now)


def out_of_provider(actor: Actor) -> None:
    """End the session here of a user who signed in by the company's provider."""
    user = actor.user
    if user.session is None:
        return
    sessions.end(actor.db, user.session, now=actor.now)
    subject = Subject("user", user.email)
    audit.record_event(actor.db, SIGNED_OUT, by=user.id, by_name=user.name, subject=subject, now=actor.now)


def _user_of(db: Db, session_token: str, *, now: datetime) -> User | None:
    found = accounts.whoami(db, session_token, now=now)
    return None if found is None else User.on(db, id=found.id).one()


def _record(db: Db, act: str, user: User | None, browser: Browser, *, how: str, now: datetime) -> None:
    if user is None:  # the session had ended, or its user is disabled: nobody did anything
        return
    changes = [Change("by", None, how)] if how else []
    audit.record_event(
        db,
        act,
        by=user.id,
        by_name=user.shown_name,
        subject=Subject("user", user.email),
        changes=[*changes, *_from(browser)],
        now=now,
    )


def _record_refusal(
    db: Db, email: str, browser: Browser, error: Exception, *, now: datetime, id_: str | None = None
) -> None:
    user = User.on(db, email=email.strip().lower()).one()
    audit.record_event(
        db,
        SIGNED_IN,
        by=NOT_SIGNED_IN,
        by_name="Not signed in",
        subject=Subject("user", "no such account" if user is None else user.email),
        changes=_from(browser),
        refusal=str(error),
        now=now,
        id_=id_,
    )


def _from(browser: Browser) -> list[Change]:
    sent = (("IP address", browser.address), ("browser", browser.agent))
    return [Change(what, None, value) for what, value in sent if value]
