"""The dialogs that export a contact's personal data and erase it permanently."""

from __future__ import annotations

import io

import streamlit as st
import uuid_utils
from markupsafe import Markup

from dashboard import formats
from dashboard.listing.contact_columns import name_of
from dashboard.ui.dialog_state import cancel_button, close_dialog, confirm_buttons
from dashboard.ui.markup import escape_label, joined, show, tag
from dashboard.ui.problems import problem, show_errors
from dashboard.ui.router import go_to
from engine.accounts.actor import Actor
from engine.contacts.listing import list_service
from engine.domain.activities import ContactId
from engine.privacy import privacy_service
from engine.privacy.erasing import ErasurePreview

GONE = "This contact no longer exists."


def export_personal_data(actor: Actor, contact: ContactId) -> None:
    """Offer an archive of all personal data; it is created on download."""
    row = list_service.row(actor, contact)
    if row is None:
        show(tag("div", GONE, "cs-confirm"))
        return
    words = (
        "in one archive: a readable page, and the same data as JSON. It includes activities, orders, points, "
        "consents, refused events and changes by colleagues. The download is recorded in the audit log."
    )
    show(tag("div", joined(["All personal data of ", tag("b", name_of(row)), f" {words}"]), "cs-confirm"))

    def archive() -> bytes:
        file = io.BytesIO()
        privacy_service.hand_out(actor, contact, file)
        return file.getvalue()

    with st.container(horizontal=True):
        st.download_button(
            "Download",
            archive,
            file_name=f"data-of-{contact}.zip",
            mime="application/zip",
            type="primary",
            icon=":material/download:",
            key="erasing.data",
        )
        cancel_button("Close", key="erasing.data-close")


def erase_contact(actor: Actor, contact: ContactId, *, go: str) -> None:
    """Show what is erased, ask for the name, start the erasure, then `go` to that address."""
    row, found = list_service.row(actor, contact), privacy_service.preview_erasure(actor, contact)
    if row is None or found is None:
        show(tag("div", GONE, "cs-confirm"))
        return
    name = " ".join(name_of(row).split())
    show(tag("div", _consequences(name, found), "cs-confirm"))
    typed: str = st.text_input(f"Type {escape_label(name)} to confirm", key=f"erasing.name.{contact}")
    if not confirm_buttons("Erase permanently", key="erasing", danger=True):
        return
    if " ".join(typed.split()).casefold() != name.casefold():
        show(problem(f"Type {name} exactly as shown. Nothing was erased."))
        return
    with show_errors():
        privacy_service.erase(actor, contact, id_=uuid_utils.uuid7().hex)
        close_dialog()
        go_to(go)
        st.rerun()


def _consequences(name: str, found: ErasurePreview) -> Markup:
    counted = [
        (found.activities, "activity", "activities"),
        (found.orders, "order", "orders"),
        (found.entries, "points entry", "points entries"),
        (found.merged, "merged contact", "merged contacts"),
    ]
    parts = [formats.counted(n, one, several) for n, one, several in counted if n]
    goes = [
        tag("p", joined([tag("b", name), " will be erased everywhere: ", _listed(parts)])),
        tag(
            "p",
            "Messages, files, refused rows and log lines that mention the contact are erased, too. Existing "
            "exports are deleted, and so are imported files that contain the contact. Programs and imports "
            "cannot bring the contact back; a new order or registration starts a new contact.",
        ),
    ]
    if found.notified_systems:
        systems = ", ".join(found.notified_systems)
        goes.append(
            tag("p", f"Other systems received this contact's data and must be asked to erase it: {systems}.")
        )
    goes.append(tag("p", tag("b", "This cannot be undone.")))
    return joined(goes)


def _listed(parts: list[str]) -> str:
    return f"{', '.join(parts)}." if parts else "all stored data."
