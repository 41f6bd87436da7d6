"""The Activity tab of a contact's sheet."""

from __future__ import annotations

import streamlit as st

from dashboard.components.text import empty_state, show
from dashboard.components.timeline import timeline
from dashboard.installation import database, time_zone
from engine.access import activity
from engine.access.accounts import CurrentUser
from engine.core.activities import ContactId
from engine.store.connection import utc_now
from engine.store.timelines import Wanted

MORE = 50
"""Activities shown at first, and added by each "load more"."""


@st.fragment
def activity_tab(user: CurrentUser, contact: ContactId) -> None:
    """What happened to a contact, the newest first."""
    db, shown = database(), f"sheet.shown.{contact}"
    counts = activity.counts(db, user, contact)
    names = {type_.type: f"{type_.label} ({type_.count})" for type_ in counts.types}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.multiselect(
            "Types",
            list(names),
            format_func=names.__getitem__,
            key="sheet.types",
            placeholder="All activities",
            label_visibility="collapsed",
        )
        st.button("Refresh", icon=":material/refresh:", key="sheet.refresh")
    limit = st.session_state.setdefault(shown, MORE)
    page = activity.timeline(db, user, contact, wanted=Wanted(types=tuple(chosen)), limit=limit)
    if not page.rows:
        advice = "Nothing of the chosen kind has happened." if chosen else "Nothing has happened yet."
        empty_state("No activity", advice)
        return
    show(timeline(page.rows, now=utc_now(), zone=time_zone()))
    if page.next is not None and st.button("Load more", key="sheet.more", width="stretch"):
        st.session_state[shown] = limit + MORE
        st.rerun(scope="fragment")
