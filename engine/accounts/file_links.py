"""Signed links to files, for users who sign in at a provider: their browsers have no session cookie.

`file` is the path of a file, such as `/exports/…`: a link is valid for one file only.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime, timedelta

from engine.accounts import accounts, sessions
from engine.accounts.actor import Actor
from engine.accounts.current_user import CurrentUser
from engine.accounts.sessions import SessionId
from engine.db import Db
from engine.db.installation import namespace

LINK_LIFE = timedelta(hours=12)
"""Validity of a link on an open page; it ends earlier with the session."""


def signed(actor: Actor, file: str) -> dict[str, str]:
    """The parameters of a signed link to a file: the session it is for, its expiry and its signature."""
    if actor.user.session is None:
        return {}
    until = str(int((actor.now + LINK_LIFE).timestamp()))
    return {
        "session": actor.user.session,
        "until": until,
        "key": _key(actor.db, file, actor.user.session, until),
    }


def user_of_link(db: Db, file: str, parameters: Mapping[str, str], *, now: datetime) -> CurrentUser | None:
    """The user of a signed link; None if it is forged or expired, or the session has ended."""
    session, until = parameters.get("session", ""), parameters.get("until", "")
    expected = _key(db, file, session, until)
    if not hmac.compare_digest(expected.encode(), parameters.get("key", "").encode()):
        return None
    if int(until) < now.timestamp():
        return None
    user = sessions.user_of(db, SessionId(session), now=now)
    return None if user is None else accounts.active_user(db, user, session=SessionId(session))


def _key(db: Db, file: str, session: str, until: str) -> str:
    content = json.dumps([file, session, until]).encode()
    return hmac.new(namespace(db), content, hashlib.sha256).hexdigest()
