"""The dialog "Adjust points", and the bar that undoes an adjustment."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from dashboard import formats, wait_for_workers
from dashboard.sheet.activity.activity_tab import take_back
from dashboard.ui.dialog_state import close_dialog, confirm_buttons, dialog
from dashboard.ui.problems import show_errors
from dashboard.ui.undo_bar import undo_bar
from engine.accounts.actor import Actor
from engine.contacts.editing import edit_service
from engine.contacts.editing.edit import Edit
from engine.domain.activities import ActivityId, ContactId
from engine.domain.scoring import MAX_POINTS

GIVE = "sheet.points"

_GIVEN = "points.given"
_DIRECTIONS = {"Add": 1, "Subtract": -1}


@dataclass(frozen=True)
class JustGiven:
    """Points that were just adjusted, and the edit that did it."""

    contact: ContactId
    edit: ActivityId
    points: int


@dialog("Adjust points")
def give_points(actor: Actor, contact: ContactId) -> None:
    """Ask for the number and the reason, and adjust the points."""
    direction = st.radio(
        "Adjust points", list(_DIRECTIONS), horizontal=True, key="points.way", label_visibility="collapsed"
    )
    number: int = st.number_input(
        "Points", min_value=1, max_value=MAX_POINTS, value=10, step=1, key="points.number"
    )
    reason: str = st.text_input("Reason", key="points.reason", max_chars=500)
    if confirm_buttons(f"{direction} {formats.counted(number, 'point')}", key="points"):
        with show_errors():
            _give(actor, contact, _DIRECTIONS[str(direction)] * number, reason)
            st.rerun()


def _give(actor: Actor, contact: ContactId, points: int, reason: str) -> None:
    id_ = edit_service.new_id()
    change = Edit(points=points, reason=reason)
    lanes = edit_service.edit(actor, contact, change, id_=id_)
    wait_for_workers.wait_or_notify(lanes, id_)
    st.session_state[_GIVEN] = JustGiven(contact, id_, points)
    close_dialog()


def just_given(actor: Actor, contact: ContactId) -> None:
    """Show the last adjustment, with Undo."""
    given: JustGiven | None = st.session_state.get(_GIVEN)
    if given is None or given.contact != contact:
        return

    def undo() -> None:
        take_back(actor, contact, given.edit)
        del st.session_state[_GIVEN]
        st.rerun()

    undo_bar(f"Adjusted by {formats.points(given.points)}.", key="points", undo=undo, state=_GIVEN)
