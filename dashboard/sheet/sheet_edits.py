"""Apply edits of a sheet's contact, and the bar that undoes the last one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from dashboard import wait_for_workers
from dashboard.ui.undo_bar import undo_bar
from engine.accounts.actor import Actor
from engine.contacts.editing import edit_service
from engine.contacts.editing.edit import Edit
from engine.domain.activities import ActivityId, ContactId

_DONE = "sheet.done"


@dataclass(frozen=True)
class SheetChange:
    """The latest change of a contact, and its edit; unset once it was undone."""

    contact: ContactId
    words: str
    edit: ActivityId | None


def apply(
    actor: Actor,
    contact: ContactId,
    change: Edit,
    *,
    words: str,
    id_: ActivityId | None = None,
    read: Mapping[str, Any] | None = None,
) -> None:
    """Apply an edit, and wait until it shows; the same `id_` again does nothing.

    Raises what `engine.contacts.editing.edit_service.edit` does.
    """
    edit = edit_service.new_id() if id_ is None else id_
    lanes = edit_service.edit(actor, contact, change, id_=edit, read=read)
    shows = wait_for_workers.wait_until_applied(lanes, edit)
    undoable = change.undoes is None
    message = words if shows else f"{words} {wait_for_workers.pending_notice()}"
    st.session_state[_DONE] = SheetChange(contact, message, edit if undoable else None)


def just_done(actor: Actor, contact: ContactId) -> None:
    """Show what was just done to the contact, with Undo."""
    done: SheetChange | None = st.session_state.get(_DONE)
    if done is None or done.contact != contact:
        return

    def undo() -> None:
        apply(actor, contact, Edit(undoes=done.edit), words="Undone.")
        st.rerun()

    undo_bar(done.words, key=_DONE, undo=None if done.edit is None else undo, state=_DONE)
