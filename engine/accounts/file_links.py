"""Links to files for who signs in at the company's provider: the browser carries nothing of ours then.

`file` is where a file is fetched, such as `/exports/…`: a link to one leads to no other.
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
"""How long the link on a page that somebody left open leads to the file; never longer than they
are signed in."""


def signed(actor: Actor, file: str) -> dict[str, str]:
    """What a link to a file says of who may follow it: the session for which it was drawn, and until when."""
    if actor.user.session is None:
        return {}
    until = str(int((actor.now + LINK_LIFE).timestamp()))
    return {
        "session": actor.user.session,
        "until": until,
        "key": _key(actor.db, file, actor.user.session, until),
    }


def who_follows(db: Db, file: str, said: Mapping[str, str], *, now: datetime) -> CurrentUser | None:
    """Whose link it is that was followed; unset if it is forged, too old, or they are signed out."""
    session, until = said.get("session", ""), said.get("until", "")
    expected = _key(db, file, session, until)
    if not hmac.compare_digest(expected.encode(), said.get("key", "").encode()):
        return None
    if int(until) < now.timestamp():
        return None
    user = sessions.user_of(db, SessionId(session), now=now)
    return None if user is None else accounts.known(db, user, session=SessionId(session))


def _key(db: Db, file: str, session: str, until: str) -> str:
    said = json.dumps([file, session, until]).encode()
    return hmac.new(namespace(db), said, hashlib.sha256).hexdigest()
