"""The signed-in user of a page, checked on every run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import ParamSpec

import streamlit as st

from dashboard import cookies
from dashboard.running_instance import database, instance, settings
from engine.accounts import accounts, openid, signing_in
from engine.accounts.accounts import changed_meanwhile
from engine.accounts.actor import Actor
from engine.accounts.current_user import CurrentUser
from engine.accounts.openid import Provider
from engine.db.connection import utc_now
from engine.errors import NotAllowed, Unauthenticated

_DRAWN_FOR = "app.user"

FragmentParams = ParamSpec("FragmentParams")
Part = Callable[FragmentParams, None]
"""A part of a page; one of its arguments is the actor."""


@dataclass(frozen=True)
class Visitor:
    """The visitor: a signed-in user, or why there is none; `company` if signed in by the provider."""

    user: CurrentUser | None = None
    refusal: str | None = None
    company: bool = False


@st.cache_resource(show_spinner=False)
def provider() -> Provider | None:
    """The company's OpenID provider, if configured."""
    found = settings()
    here = (instance().dashboard_url or "http://localhost") if found.openid_metadata_url else None
    return openid.provider_of(found, address=here)


def session_token() -> str | None:
    """The session cookie, if any."""
    secure = (st.context.url or "").startswith("https:")
    return cookies.value_of(st.context.cookies, cookies.SESSION, secure=secure)


def visitor() -> Visitor:
    """The visitor, checked in the database on every run."""
    token = session_token()
    user = None if not token else accounts.whoami(database(), token, now=utc_now())
    if user is not None:
        return Visitor(user)
    company = provider()
    if company is not None and st.user.is_logged_in:
        return _by_provider(company)
    return Visitor(refusal="your session has ended" if token else None)


def sign_out(actor: Actor) -> None:
    """End the session of a user who signed in by the provider, here and at the provider."""
    signing_in.out_of_provider(actor)
    st.logout()


def fragment(*, run_every: float | None = None) -> Callable[[Part[FragmentParams]], Part[FragmentParams]]:
    """`st.fragment` for a part that runs only while its actor is signed in."""

    def decorated(part: Part[FragmentParams]) -> Part[FragmentParams]:
        return st.fragment(run_every=run_every)(while_signed_in(part))

    return decorated


def while_signed_in(part: Part[FragmentParams]) -> Part[FragmentParams]:
    """Run a part of a page only while its user is signed in with the same role.

    A fragment or a dialog reruns without the script, which is
    where users are checked; it would keep the user of its first run.  That
    it runs does not count as using the session: it may run every second.
    """

    @wraps(part)
    def checked(*args: FragmentParams.args, **kwargs: FragmentParams.kwargs) -> None:
        drawn_for = next((one for one in args if isinstance(one, Actor)), None)
        if drawn_for is None or changed_meanwhile(drawn_for):
            st.rerun(scope="app")
        part(*args, **kwargs)

    return checked


def reset_for_other_user(actor: Actor) -> None:
    """Clear the session's state if the user or role changed: open dialogs belong to the previous one."""
    who = (actor.user.id, actor.user.role)
    if st.session_state.setdefault(_DRAWN_FOR, who) != who:
        st.session_state.clear()


def _by_provider(company: Provider) -> Visitor:
    try:
        claims = openid.claims_of(st.user.to_dict(), company)
        return Visitor(openid.enter(database(), claims, company, now=utc_now()), company=True)
    except (NotAllowed, Unauthenticated) as error:
        return Visitor(refusal=str(error), company=True)
