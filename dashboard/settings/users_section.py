"""The section "Users and roles": invitations, roles, sessions, and disabled users."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import cast

import streamlit as st
from markupsafe import Markup

from dashboard import formats, wording
from dashboard.current_user import provider
from dashboard.running_instance import time_zone
from dashboard.ui import confirm_by_typing
from dashboard.ui.markup import badge, card_title, escape_label, joined, quiet, show, tag
from dashboard.ui.problems import keep_errors, show_kept
from engine.accounts import users
from engine.accounts.accounts import LINK_LIFE, LinkToken
from engine.accounts.actor import Actor
from engine.accounts.current_user import ROLES, Role
from engine.accounts.users import UserRecord

_LINK = "users.link"
_PROBLEM = "users.problem"


def render(actor: Actor) -> None:
    """Invite users, change roles, and disable users."""
    show_kept(_PROBLEM)
    _link()
    with st.expander("Invite user", icon=":material/person_add:", key="users.new"):
        _invite(actor)
    for found in users.all_users(actor):
        _row(actor, found)


def _try(act: Callable[[], object]) -> None:
    """Run an admin's action; keep its error for the next run to show."""
    with keep_errors(_PROBLEM):
        act()


# Links


def _invite(actor: Actor) -> None:
    company = provider()
    if company is not None and not company.passwords:
        st.info(
            f"Users sign in with {escape_label(company.name)} and get their role from a group there.",
            icon=":material/info:",
        )
        return
    with st.form("users.form", border=False):
        email = st.text_input("Email", key="users.email", placeholder="name@example.com")
        name = st.text_input("Name", key="users.name", placeholder="Optional")
        role = st.radio("Role", list(ROLES), format_func=_role_words, index=None, key="users.role")
        if not st.form_submit_button("Create invitation link", type="primary", key="users.invite"):
            return
    if role is None:
        st.session_state[_PROBLEM] = ["Choose a role."]
    else:
        _try(lambda: _keep_link(email, users.invite(actor, email, role=role, name=name)))
    st.rerun()


def _role_words(role: Role) -> str:
    return f"{role.capitalize()}: {ROLES[role]}"


def _keep_link(email: str, token: LinkToken) -> None:
    st.session_state[_LINK] = (email.strip().lower(), token)


def _link() -> None:
    """Show the link that was just created, to be copied and sent."""
    made: tuple[str, LinkToken] | None = st.session_state.get(_LINK)
    if made is None:
        return
    email, token = made
    days = LINK_LIFE["invitation"].days
    with st.container(border=True):
        show(card_title(f"Link for {email}"))
        words = f"Send it to the user. It works once; an invitation expires after {days} days."
        show(tag("div", words, "cs-sub"))
        st.code(f"{_address()}/signin?link={token}", language=None, wrap_lines=True)
        st.button("Done", key="users.linked", on_click=lambda: st.session_state.pop(_LINK, None))


def _address() -> str:
    return (st.context.url or "").split("?")[0].rstrip("/")


# Rows


def _row(actor: Actor, found: UserRecord) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        show(_about(actor, found))
        if found.id != actor.user.id:
            _role(actor, found)
            _more(actor, found)
    if confirm_by_typing.is_requested(found.id):
        with st.container(border=True):
            _disable(actor, found)


def _about(actor: Actor, found: UserRecord) -> Markup:
    marks = [
        badge("you", "info") if found.id == actor.user.id else "",
        badge("disabled", "bad") if found.disabled_at else "",
        badge("invited") if found.invited and not found.disabled_at else "",
    ]
    seen = (
        f"last signed in {formats.ago(found.last_signed_in_at, actor.now, time_zone())}"
        if found.last_signed_in_at
        else f"invited on {formats.day(found.created_at, time_zone())}"
    )
    sessions = f"{found.sessions} active {wording.plural(found.sessions, 'session')}"
    places = f" · {sessions}" if found.sessions else ""
    own = f" · {found.role}" if found.id == actor.user.id or found.company else ""
    name = found.name if found.name == found.email else f"{found.name} · {found.email}"
    return joined(
        [tag("b", name), " ", joined(marks, " "), tag("div", quiet(f"{seen}{places}{own}"), "cs-small")]
    )


def _role(actor: Actor, found: UserRecord) -> None:
    if found.company is not None or found.disabled_at is not None:
        return
    key = f"users.role.{found.id}.{found.role}"

    def changed() -> None:
        role = cast(Role, st.session_state[key])
        _try(lambda: users.change_role(actor, found.id, role))

    st.selectbox(
        f"Role of {escape_label(found.email)}",
        list(ROLES),
        index=list(ROLES).index(found.role),
        format_func=str.capitalize,
        key=key,
        width=140,
        label_visibility="collapsed",
        on_change=changed,
    )


def _more(actor: Actor, found: UserRecord) -> None:
    with st.popover(
        "More", key=f"users.more.{found.id}", help=f"More actions for {escape_label(found.email)}"
    ):
        if found.disabled_at is not None:
            _act(
                "Enable",
                "enable",
                found,
                lambda: users.enable(actor, found.id),
            )
            return
        if found.company is None:
            words = "New invitation link" if found.invited else "Password reset link"
            _act(words, "link", found, partial(_new_link, actor, found))
        if found.sessions:
            _act(
                "Sign out everywhere",
                "out",
                found,
                lambda: users.end_sessions(actor, found.id),
            )
        _act("Disable…", "disable", found, lambda: confirm_by_typing.request(found.id))


def _act(words: str, name: str, found: UserRecord, act: Callable[[], object]) -> None:
    st.button(words, key=f"users.{name}.{found.id}", width="stretch", on_click=_try, args=(act,))


def _new_link(actor: Actor, found: UserRecord) -> None:
    _keep_link(found.email, users.password_link(actor, found.id))


def _disable(actor: Actor, found: UserRecord) -> None:
    words = joined(
        [
            tag("b", found.email),
            " will be signed out everywhere and can't sign in until you enable the account again.",
        ]
    )
    if confirm_by_typing.confirmed(words, name=found.email, act="Disable", key="users"):
        _try(lambda: users.disable(actor, found.id))
        confirm_by_typing.clear()
        st.rerun()
