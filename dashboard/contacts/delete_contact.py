"""The dialog that deletes a contact, and the bar that restores it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import streamlit as st

from dashboard import wait_for_workers
from dashboard.listing.contact_columns import name_of
from dashboard.ui.dialog_state import close_dialog, confirm_buttons
from dashboard.ui.markup import joined, show, tag
from dashboard.ui.problems import show_errors
from dashboard.ui.router import go_to
from dashboard.ui.undo_bar import undo_bar
from engine.accounts.actor import Actor
from engine.contacts.editing import edit_service
from engine.contacts.listing import list_service
from engine.domain.activities import ContactId

_DELETED = "deleting.deleted"


@dataclass(frozen=True)
class Deleted:
    """A contact that was just deleted, its name, and why the list does not show that yet, if so."""

    contact: ContactId
    name: str
    later: str = ""


def delete_contact(actor: Actor, contact: ContactId, *, go: str | None = None) -> None:
    """Ask, delete, then `go` to that address, which shows the bar of `just_deleted`."""
    row = list_service.row(actor, contact)
    if row is None:
        show(tag("div", "This contact no longer exists.", "cs-confirm"))
        return
    name = name_of(row)
    words = "will be removed from lists, segments and reports. You can restore it."
    show(tag("div", joined([tag("b", name), f" {words}"]), "cs-confirm"))
    reason: str = st.text_input("Reason (optional)", key=f"deleting.why.{contact}", max_chars=500)
    if confirm_buttons("Delete", key="deleting", danger=True):
        with show_errors():
            _delete(actor, Deleted(contact, name), reason)
            if go is not None:
                go_to(go)
            st.rerun()


def _delete(actor: Actor, deleted: Deleted, reason: str) -> None:
    id_ = edit_service.new_id()
    lanes = edit_service.delete(actor, deleted.contact, id_=id_, reason=reason)
    later = "" if wait_for_workers.wait_until_applied(lanes, id_) else wait_for_workers.pending_notice()
    st.session_state[_DELETED] = replace(deleted, later=later)
    close_dialog()


def just_deleted(actor: Actor) -> None:
    """Show the contact that was deleted last, with Undo."""
    deleted: Deleted | None = st.session_state.get(_DELETED)
    if deleted is None:
        return
    message = joined([tag("b", deleted.name), f" was deleted. {deleted.later}"])
    undo_bar(message, key="deleting", undo=partial(_restore, actor, deleted), state=_DELETED)


def _restore(actor: Actor, deleted: Deleted) -> None:
    id_ = edit_service.new_id()
    lanes = edit_service.restore(actor, deleted.contact, id_=id_)
    wait_for_workers.wait_or_notify(lanes, id_)
    del st.session_state[_DELETED]
    st.rerun()
