"""Who is signed in.  The rest of the dashboard asks here, and nowhere else."""

from __future__ import annotations

import streamlit as st

from dashboard.installation import database
from engine.access import accounts
from engine.access.accounts import CurrentUser
from engine.store.connection import utc_now

COOKIE = "sheets_session"


def session_token() -> str | None:
    """The session that the browser carries, if any."""
    return st.context.cookies.get(COOKIE)


def current_user() -> CurrentUser | None:
    """The signed-in user, checked in the database on every run."""
    token = session_token()
    return None if not token else accounts.whoami(database(), token, now=utc_now())
