"""The dialogs that open over a contact's sheet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dashboard.contacts.delete_contact import delete_contact
from dashboard.exports.export_dialog import EXPORT, export_dialog
from dashboard.jobs.job_history import open_history
from dashboard.jobs.job_status_bar import HISTORY
from dashboard.listing.list_address import ListAddress
from dashboard.merges.division_dialogs import SPLIT, UNDO_MERGE, split_dialog, undo_merge_dialog
from dashboard.sheet.privacy_requests import erase_contact, export_personal_data
from dashboard.sheet.stop_sending import stop_sending
from dashboard.ui.dialog_state import current_dialog, dialog
from engine.accounts.actor import Actor
from engine.domain.activities import ContactId

DELETE, STOP, DATA, ERASE = "sheet.delete", "sheet.stop", "sheet.data", "sheet.erase"


def show_dialog(actor: Actor, listed: ListAddress) -> None:
    """Show the open dialog, if any; `listed` is the list to go back to."""
    found = current_dialog()
    if found is not None and found.name in _DIALOGS:
        _DIALOGS[found.name](actor, found.about, listed)


@dialog("Delete contact?")
def _delete(actor: Actor, contact: ContactId, listed: ListAddress) -> None:
    delete_contact(actor, contact, go=listed.here)


@dialog("Stop sending")
def _stop(actor: Actor, contact: ContactId, _listed: ListAddress) -> None:
    stop_sending(actor, contact)


@dialog("Export personal data")
def _data(actor: Actor, contact: ContactId, _listed: ListAddress) -> None:
    export_personal_data(actor, contact)


@dialog("Erase contact permanently?")
def _erase(actor: Actor, contact: ContactId, listed: ListAddress) -> None:
    erase_contact(actor, contact, go=listed.here)


_DIALOGS: dict[str, Callable[[Actor, Any, ListAddress], None]] = {
    DELETE: _delete,
    STOP: _stop,
    DATA: _data,
    ERASE: _erase,
    UNDO_MERGE: lambda actor, about, _listed: undo_merge_dialog(actor, about),
    SPLIT: lambda actor, about, _listed: split_dialog(actor, about),
    EXPORT: lambda actor, about, _listed: export_dialog(actor, about),
    HISTORY: lambda actor, about, _listed: open_history(actor, about),
}
