"""The bar that shows the last merge, undo or split by this user, with Undo."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import streamlit as st

from dashboard import wait_for_workers
from dashboard.ui.undo_bar import undo_bar
from engine.accounts.actor import Actor
from engine.contacts.editing.edit_service import new_id
from engine.contacts.merging import merge_service
from engine.domain.activities import ActivityId

_DONE = "merges.done"


@dataclass(frozen=True)
class Done:
    """What was just decided, in words, and how it is undone; unset once it was."""

    words: str
    undo: Callable[[Actor], None] | None


def decided(lanes: frozenset[int], activity: ActivityId, words: str) -> None:
    """Wait until a decision is applied, and show it with Undo from the next run on."""
    applied = wait_for_workers.wait_until_applied(lanes, activity)
    message = words if applied else f"{words} {wait_for_workers.pending_notice()}"
    announce(message, undo=partial(_take_back, activity=activity))


def announce(words: str, *, undo: Callable[[Actor], None] | None) -> None:
    """Show words in the bar from the next run on."""
    st.session_state[_DONE] = Done(words, undo)


def decision_bar(actor: Actor) -> None:
    """Show the last decision, if any."""
    done: Done | None = st.session_state.get(_DONE)
    if done is None:
        return

    def undo() -> None:
        if done.undo is not None:
            done.undo(actor)
        st.rerun()

    undo_bar(done.words, key=_DONE, undo=None if done.undo is None else undo, state=_DONE)


def _take_back(actor: Actor, *, activity: ActivityId) -> None:
    id_ = new_id()
    lanes = merge_service.take_back(actor, activity, id_=id_)
    applied = wait_for_workers.wait_until_applied(lanes, id_)
    announce("Undone." if applied else f"Undone. {wait_for_workers.pending_notice()}", undo=None)
