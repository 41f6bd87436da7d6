"""The progress of applying newly published rules to all contacts."""

from __future__ import annotations

import streamlit as st

from dashboard import formats
from dashboard.current_user import fragment
from engine.accounts.actor import Actor
from engine.publishing import publish_service
from engine.publishing.upkeep import Upkeep

_SHOWN = "upkeep.shown"


def rollout_bar(actor: Actor) -> None:
    """A progress bar that refreshes itself, shown until all contacts are up to date."""
    if not publish_service.progress(actor).finished:
        st.session_state[_SHOWN] = True
        _moving(actor)


@fragment(run_every=2)
def _moving(actor: Actor) -> None:
    found = publish_service.progress(actor)
    if not found.finished:
        st.progress(found.done, _words(found))
    elif st.session_state.pop(_SHOWN, False):
        st.rerun()


def _words(found: Upkeep) -> str:
    if found.filled is not None:
        return f"Updating segments to version {found.version}: {formats.percent(found.done)}"
    left = f"{formats.counted(found.outdated, 'contact')} left"
    what = "Recalculating history with" if found.recomputes else "Updating contacts to"
    return f"{what} version {found.version}: {formats.percent(found.done)}, {left}"
