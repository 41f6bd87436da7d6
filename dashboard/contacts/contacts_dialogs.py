"""The dialogs that open over the list of contacts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dashboard.contacts.bulk_dialog import BULK, change_many
from dashboard.contacts.delete_contact import delete_contact
from dashboard.contacts.new_contact import new_contact
from dashboard.contacts.views_dialogs import delete_view, edit_view, save_view
from dashboard.contacts.views_menu import DELETE as DELETE_VIEW
from dashboard.contacts.views_menu import EDIT as EDIT_VIEW
from dashboard.contacts.views_menu import SAVE as SAVE_VIEW
from dashboard.exports.export_dialog import EXPORT, export_dialog
from dashboard.jobs.job_history import open_history
from dashboard.jobs.job_status_bar import HISTORY
from dashboard.merges.merge_dialog import MERGE, merge_dialog
from dashboard.segments.save_as_segment import SAVE as SAVE_SEGMENT
from dashboard.segments.save_as_segment import save_segment
from dashboard.ui.dialog_state import current_dialog, dialog
from engine.accounts.actor import Actor
from engine.contacts.listing.views import View
from engine.domain.activities import ContactId

NEW = "new"
DELETE = "delete"


def show_dialog(actor: Actor) -> None:
    """Show the open dialog, if any."""
    found = current_dialog()
    if found is not None and found.name in _DIALOGS:
        _DIALOGS[found.name](actor, found.about)


@dialog("New contact", width="medium")
def _new(actor: Actor, _about: None) -> None:
    new_contact(actor)


@dialog("Delete contact?")
def _delete(actor: Actor, about: ContactId) -> None:
    delete_contact(actor, about)


@dialog("Save as view")
def _save_view(actor: Actor, about: View | None) -> None:
    save_view(actor, about)


@dialog("Edit view")
def _edit_view(actor: Actor, about: View) -> None:
    edit_view(actor, about)


@dialog("Delete view?")
def _delete_view(actor: Actor, about: View) -> None:
    delete_view(actor, about)


@dialog("Save as dynamic segment")
def _save_segment(actor: Actor, _about: None) -> None:
    save_segment(actor)


_DIALOGS: dict[str, Callable[[Actor, Any], None]] = {
    NEW: _new,
    EXPORT: export_dialog,
    HISTORY: open_history,
    DELETE: _delete,
    SAVE_VIEW: _save_view,
    EDIT_VIEW: _edit_view,
    DELETE_VIEW: _delete_view,
    SAVE_SEGMENT: _save_segment,
    BULK: change_many,
    MERGE: merge_dialog,
}
