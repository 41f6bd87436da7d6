"""The page of a deleted contact: time, author and reason of the deletion, and Restore."""

from __future__ import annotations

import streamlit as st
from markupsafe import Markup

from dashboard import formats, wait_for_workers
from dashboard.running_instance import time_zone
from dashboard.sheet.sheet_dialogs import ERASE
from dashboard.ui.dialog_state import open_dialog
from dashboard.ui.markup import empty_state, joined, tag
from dashboard.ui.problems import show_errors
from engine.accounts.actor import Actor
from engine.accounts.permissions import Permission
from engine.contacts.editing import edit_service
from engine.contacts.sheet.sheet_model import Sheet


def deleted_contact(actor: Actor, sheet: Sheet) -> None:
    """Show that the contact is deleted, with Restore if the user may edit contacts."""
    empty_state("This contact was deleted", _deletion_text(sheet), whole="page")
    with st.container(horizontal=True, horizontal_alignment="center", key="sheet-deleted"):
        restore = actor.may(Permission.EDIT_CONTACTS) and st.button(
            "Restore", type="primary", icon=":material/restore_from_trash:", key="sheet.restore"
        )
        if actor.may(Permission.ERASE):
            st.button("Erase permanently…", key="sheet.erase", on_click=open_dialog, args=(ERASE, sheet.id))
    if restore:
        with show_errors():
            _restore(actor, sheet)


def _deletion_text(sheet: Sheet) -> Markup:
    assert sheet.deleted_at is not None
    by = f" by {sheet.deleted_by}" if sheet.deleted_by else ""
    lines = [tag("div", f"On {formats.moment(sheet.deleted_at, time_zone())}{by}.")]
    if sheet.deleted_why:
        lines.append(tag("div", f"“{sheet.deleted_why}”"))
    advice = (
        "Restoring brings back all data. A new activity also brings the contact back, without its history."
    )
    return joined([*lines, advice])


def _restore(actor: Actor, sheet: Sheet) -> None:
    id_ = edit_service.new_id()
    lanes = edit_service.restore(actor, sheet.id, id_=id_)
    wait_for_workers.wait_or_notify(lanes, id_)
    st.rerun()
