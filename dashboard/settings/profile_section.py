"""The section "Your profile": password and active sessions."""

from __future__ import annotations

from functools import partial

import streamlit as st
from markupsafe import Markup

from dashboard import formats
from dashboard.current_user import provider
from dashboard.running_instance import time_zone
from dashboard.ui.markup import badge, card_title, joined, quiet, show, tag
from dashboard.ui.problems import problem_box, show_error
from engine.accounts import passwords, users
from engine.accounts.actor import Actor
from engine.accounts.current_user import ROLES
from engine.accounts.passwords import WeakPassword
from engine.accounts.sessions import SessionId, SessionRecord
from engine.errors import ContactSheetsError, Unauthenticated

_NOTICE = "you.notice"

_SYSTEMS = ("Android", "iPhone", "iPad", "Windows", "Macintosh", "Linux")
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)


def render(actor: Actor) -> None:
    """The user, the password form and the active sessions."""
    notice = st.session_state.pop(_NOTICE, None)
    if notice:
        st.success(notice, icon=":material/check:")
    with st.container(border=True):
        show(
            joined(
                [
                    card_title(actor.user.name),
                    f"{actor.user.email} · {actor.user.role}: {ROLES[actor.user.role]}",
                ]
            )
        )
    company = provider()
    if company is None or company.passwords:
        with st.container(border=True):
            _password(actor)
    with st.container(border=True):
        _browsers(actor)


def _password(actor: Actor) -> None:
    has_one = passwords.has_password(actor)
    show(card_title("Change password" if has_one else "Set password"))
    with st.form("you.form", border=False, clear_on_submit=True):
        old = st.text_input("Current password", type="password", key="you.old") if has_one else ""
        new = st.text_input(
            "New password", type="password", key="you.new", autocomplete="new-password",
            placeholder=f"At least {passwords.SHORTEST} characters",
        )  # fmt: skip
        again = st.text_input(
            "Repeat the password", type="password", key="you.again", autocomplete="new-password"
        )
        if not st.form_submit_button("Save", key="you.save"):
            return
    try:
        if new != again:
            raise WeakPassword("the passwords do not match")
        ended = passwords.change(actor, old, new)
    except Unauthenticated:
        problem_box(["The current password is wrong."])
        return
    except ContactSheetsError as error:
        show_error(error)
        return
    st.session_state[_NOTICE] = "Password changed." + (
        f" {_signed_out_words(ended).capitalize()}." if ended else ""
    )
    st.rerun()


def _browsers(actor: Actor) -> None:
    show(card_title("Active sessions"))
    found = users.own_sessions(actor)
    for session in found:
        with st.container(horizontal=True, vertical_alignment="center"):
            show(_about(actor, session))
            if session.id != actor.user.session:
                st.button(
                    "Sign out", key=f"you.end.{session.id[:12]}", type="tertiary",
                    on_click=partial(_end, actor, session.id),
                )  # fmt: skip
    if len(found) > 1:
        st.button("Sign out of all other sessions", key="you.end_all", on_click=partial(_end_all, actor))


def _about(actor: Actor, session: SessionRecord) -> Markup:
    here = badge("this browser", "info") if session.id == actor.user.session else ""
    times = (
        f"since {formats.moment(session.created_at, time_zone())}, "
        f"last used {formats.ago(session.seen_at, actor.now, time_zone())}"
    )
    return joined([tag("b", browser_name(session.agent)), " ", here, tag("div", quiet(times), "cs-small")])


def browser_name(agent: str | None) -> str:
    """`Firefox on Linux`, from a user agent."""
    text = agent or ""
    browser = next((name for mark, name in _BROWSERS if mark in text), "Unknown browser")
    system = next((name for name in _SYSTEMS if name in text), "")
    return f"{browser} on {system.replace('Macintosh', 'a Mac')}" if system else browser


def _end(actor: Actor, session: SessionId) -> None:
    users.end_own_session(actor, session)


def _end_all(actor: Actor) -> None:
    ended = users.end_own_sessions(actor)
    st.session_state[_NOTICE] = f"{_signed_out_words(ended).capitalize()}."


def _signed_out_words(ended: int) -> str:
    return f"you were signed out of {ended} other browser{'s' if ended != 1 else ''}"
