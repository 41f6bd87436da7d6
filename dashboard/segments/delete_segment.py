"""The dialog that deletes a segment, and the bar that restores it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import streamlit as st

from dashboard import formats
from dashboard.ui.dialog_state import (
    OpenDialog,
    cancel_button,
    close_dialog,
    confirm_buttons,
    current_dialog,
    open_dialog,
)
from dashboard.ui.markup import joined, show, tag
from dashboard.ui.problems import problem_box, show_errors
from dashboard.ui.undo_bar import undo_bar
from engine.accounts.actor import Actor
from engine.rules.versions import Version
from engine.segments import segment_service
from engine.segments.segment_service import Deletable

_DIALOG = "delete segment"
_DELETED = "segments.deleted"


@dataclass(frozen=True)
class Deleted:
    """A segment that was just deleted: its name, and the version that deleted it."""

    name: str
    by: Version


def offer(segment: str) -> None:
    """The button that opens the dialog."""
    st.button(
        "Delete",
        icon=":material/delete:",
        key="segments.delete",
        on_click=partial(open_dialog, _DIALOG, segment),
    )


def is_asked(segment: str) -> bool:
    """Whether the dialog is open for this segment."""
    return current_dialog() == OpenDialog(_DIALOG, segment)


def confirmed(actor: Actor, segment: str) -> bool:
    """Ask, or show what uses the segment; true once it was deleted."""
    with show_errors():
        return _confirmation(actor, segment_service.deletable(actor, segment))
    return False


def _confirmation(actor: Actor, found: Deletable) -> bool:
    with st.container(border=True, key="segments.deleting"):
        if found.uses:
            _refuse(found)
            return False
        show(tag("div", joined([tag("b", found.name), _what(found)]), "cs-confirm"))
        if confirm_buttons("Delete segment", key="segments.delete", danger=True):
            version = segment_service.delete(actor, found.id, base=found.version)
            st.session_state[_DELETED] = Deleted(found.name, version)
            close_dialog()
            return True
    return False


def _refuse(found: Deletable) -> None:
    problem_box(
        [
            f"{found.name} is in use and cannot be deleted. Remove it first from:",
            *map(str, found.uses),
        ]
    )
    cancel_button("Close", key="segments.delete.close")


def _what(found: Deletable) -> str:
    members = (
        "1 contact leaves it" if found.members == 1 else f"{formats.count(found.members)} contacts leave it"
    )
    return f" will be removed from rules and filters. {members}. You can undo this."


def just_deleted(actor: Actor) -> None:
    """Show the segment that was deleted last, with Undo."""
    deleted: Deleted | None = st.session_state.get(_DELETED)
    if deleted is None:
        return

    def undo() -> None:
        segment_service.restore(actor, deleted.by)
        del st.session_state[_DELETED]
        st.rerun()

    message = joined([tag("b", deleted.name), f" was deleted (version {deleted.by.number} of the rules)."])
    undo_bar(message, key=_DELETED, undo=undo, state=_DELETED)
