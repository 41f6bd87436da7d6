"""The section "API keys": keys for sending events from the shop's pages and servers."""

from __future__ import annotations

from functools import partial

import streamlit as st
from markupsafe import Markup

from dashboard import formats
from dashboard.running_instance import time_zone
from dashboard.settings import key_limits_form, key_scopes_form
from dashboard.ui import confirm_by_typing
from dashboard.ui.markup import badge, card_title, empty_state, joined, quiet, show, tag
from dashboard.ui.problems import show_errors
from engine.accounts import key_service
from engine.accounts.actor import Actor
from engine.accounts.key_limits import NEW_KEY
from engine.accounts.keys import KeyKind, KeyRecord, NewKey
from engine.accounts.scopes import USUAL
from engine.db.connection import utc_now
from engine.operations import operating
from engine.pipeline.new_contacts import KeyToday

KINDS: dict[KeyKind, str] = {
    "write": "Write key, for browsers: public, so its events are not trusted",
    "secret": "Secret key, for your server: sends trusted events, and uses the API within its scopes",
    "identity": "Identity secret, to sign user ids: a browser that shows the signature is trusted",
}

_NEW = "keys.made"
_CHANGING = "keys.changing"
"""The id of the key whose limits or scopes are being changed."""


def render(actor: Actor) -> None:
    """Create, limit and revoke keys, with when each was last used."""
    made: NewKey | None = st.session_state.get(_NEW)
    if made is not None:
        _made(made)
    with st.expander("New API key", icon=":material/add:", key="keys.new"):
        _form(actor)
    found = key_service.all_keys(actor)
    if not found:
        empty_state("No API keys yet", "Your shop needs a key to send events.")
    today = {key.key: key for key in operating.new_contacts_today(actor)}
    for key in found:
        _row(actor, key, today.get(key.id))


def _form(actor: Actor) -> None:
    kind = st.radio("Type", list(KINDS), format_func=KINDS.__getitem__, key="keys.kind")
    with st.form("keys.form", border=False, clear_on_submit=False):
        label = st.text_input("Name", key="keys.label", placeholder="Web shop", max_chars=80)
        limits = key_limits_form.fields("keys.limits", NEW_KEY) if kind == "write" else None
        scopes = key_scopes_form.fields("keys.scopes", USUAL) if kind == "secret" else None
        if not st.form_submit_button("Create key", type="primary", key="keys.make"):
            return
    with show_errors():
        st.session_state[_NEW] = key_service.create(actor, kind, label=label, limits=limits, scopes=scopes)
        st.rerun()


def _made(key: NewKey) -> None:
    with st.container(border=True):
        show(card_title(f"{key.kind.capitalize()} key “{key.label}”"))
        show(tag("div", "Copy it now. It is stored as a hash and cannot be shown again.", "cs-sub"))
        st.code(key.token, language=None, wrap_lines=True)
        st.button("Done", key="keys.kept", on_click=lambda: st.session_state.pop(_NEW, None))


def _row(actor: Actor, key: KeyRecord, today: KeyToday | None) -> None:
    with st.container(
        border=True, horizontal=True, vertical_alignment="center", key=f"settings-row-{key.id}"
    ):
        with st.container(width="stretch"):
            show(_about(key, today))
        if key.revoked_at is None:
            if key.kind in _CHANGED:
                word, name = _CHANGED[key.kind]
                st.button(
                    word, key=f"keys.{name}.{key.id}", type="tertiary", on_click=_change, args=(key.id,)
                )
            st.button(
                "Revoke",
                key=f"keys.revoke.{key.id}",
                type="tertiary",
                on_click=partial(confirm_by_typing.request, key.id),
            )
    if confirm_by_typing.is_requested(key.id):
        with st.container(border=True):
            _revoke(actor, key)
    if st.session_state.get(_CHANGING) == key.id and key.revoked_at is None:
        _limits(actor, key) if key.kind == "write" else _scopes(actor, key)


_CHANGED: dict[KeyKind, tuple[str, str]] = {"write": ("Limits", "limit"), "secret": ("Scopes", "scope")}
"""What can be changed of a key of each kind: the word, and the name of its button."""


def _change(key: str | None) -> None:
    """Open the form of a key's limits or scopes; for None, or if it is open, close it."""
    st.session_state[_CHANGING] = None if st.session_state.get(_CHANGING) == key else key


def _limits(actor: Actor, key: KeyRecord) -> None:
    with st.form(f"keys.form.{key.id}"):
        limits = key_limits_form.fields(f"keys.limits.{key.id}", key.limits)
        if not st.form_submit_button("Save limits", type="primary", key=f"keys.save.{key.id}"):
            return
    with show_errors():
        key_service.change_limits(actor, key.id, limits)
        _change(None)
        st.rerun()


def _scopes(actor: Actor, key: KeyRecord) -> None:
    with st.form(f"keys.form.{key.id}"):
        scopes = key_scopes_form.fields(f"keys.scopes.{key.id}", key.scopes)
        if not st.form_submit_button("Save scopes", type="primary", key=f"keys.save.{key.id}"):
            return
    with show_errors():
        key_service.change_scopes(actor, key.id, scopes)
        _change(None)
        st.rerun()


def _about(key: KeyRecord, today: KeyToday | None) -> Markup:
    zone = time_zone()
    kind = badge(key.kind, "info" if key.trusted else "quiet")
    gone = badge(f"revoked on {formats.day(key.revoked_at, zone)}", "bad") if key.revoked_at else ""
    used = f"last used {formats.ago(key.last_used_at, utc_now(), zone)}" if key.last_used_at else "never used"
    made = f"created on {formats.day(key.created_at, zone)}, {used}"
    reached = badge("daily limit reached", "bad") if today and today.is_reached else ""
    about = [tag("div", quiet(made), "cs-small")]
    if key.kind == "write" and key.revoked_at is None:
        about.append(tag("div", quiet(key_limits_form.in_words(key.limits, today)), "cs-small"))
    if key.kind == "secret" and key.revoked_at is None:
        about.append(tag("div", quiet(key_scopes_form.in_words(key.scopes)), "cs-small"))
    return joined([tag("b", key.label), " ", kind, " ", gone, reached, *about])


def _revoke(actor: Actor, key: KeyRecord) -> None:
    words = joined(
        ["Events sent with ", tag("b", key.label), " will be refused from now on. This cannot be undone."]
    )
    if confirm_by_typing.confirmed(words, name=key.label, act="Revoke key", key="keys"):
        with show_errors():
            key_service.revoke(actor, key.id)
            confirm_by_typing.clear()
            st.rerun()
