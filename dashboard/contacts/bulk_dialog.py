"""The dialog of a bulk action: the selected contacts, the form, and the button that starts the job."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st
import uuid_utils
from markupsafe import Markup

from dashboard.contacts.bulk_changes import ACTIONS, BulkAction, Change, CompleteChange, Subject, offered
from dashboard.exports.export_dialog import EXPORT, question
from dashboard.listing.contact_list import Action, ChosenContacts, Handlers
from dashboard.listing.selection_generation import clear_selection
from dashboard.listing.selection_summary import contacts_counted, selection_summary
from dashboard.merges.merge_dialog import MERGE, ask_to_merge
from dashboard.ui.dialog_state import cancel_button, close_dialog, count_once, dialog, open_dialog
from dashboard.ui.markup import joined, show, tag
from dashboard.ui.problems import show_errors
from engine.accounts.actor import Actor
from engine.contacts.bulk import bulk_service
from engine.contacts.bulk.selection import Selection
from engine.contacts.listing.listing import Listing
from engine.domain.activities import ContactId
from engine.rules.rule_service import current_rules

BULK = "bulk"


@dataclass(frozen=True)
class Question:
    """An open bulk dialog: the action, the selected contacts, and the id of the job that it
    starts; pressing the button twice starts it once."""

    action: str
    selection: Selection
    job: str


def handlers(listing: Listing, shown: tuple[str, ...], *, remove: Callable[[ContactId], None]) -> Handlers:
    """The actions of a list, on the selected contacts, on all that match, and on one.

    `shown` are the list's columns.
    """

    def act(ticked: ChosenContacts) -> None:
        selection = Selection(listing=listing, but=ticked.but) if ticked.all else Selection(ticked.ids)
        if ticked.action == MERGE and len(ticked.ids) == 2:
            ask_to_merge(*ticked.ids)
        elif ticked.action == EXPORT:
            open_dialog(EXPORT, question(selection, shown))
        elif ticked.action in ACTIONS:
            open_dialog(BULK, Question(ticked.action, selection, uuid_utils.uuid7().hex))

    changes = offered()
    merging = Action(MERGE, "Merge", exactly=2)
    return Handlers([*changes[:-1], merging, Action(EXPORT, "Export"), *changes[-1:]], act, remove)


def change_many(actor: Actor, question: Question) -> None:
    """Show the dialog of a bulk action."""
    action = ACTIONS[question.action]
    dialog(action.title)(_content)(actor, question, action)


def _content(actor: Actor, question: Question, action: BulkAction) -> None:
    ready = None
    with show_errors():
        number, key = _count(actor, question), f"bulk.{question.job}"
        about = Subject(actor, question.selection, current_rules(actor), number, key)
        show(tag("div", _subject(actor, question.selection, number), "cs-confirm"))
        ready = action.form(about) if number != 0 else None
    with st.container(horizontal=True, key=f"{action.tone or 'bulk'}-acts"):
        sure = _button(action, ready)
        cancel_button(key="bulk.cancel")
    if sure and ready is not None:
        with show_errors():
            _begin(actor, question, ready.change)


def _button(action: BulkAction, ready: CompleteChange | None) -> bool:
    """The button that starts the job, with the number of contacts once it is known."""
    words = action.act if ready is None else f"{action.act} {contacts_counted(ready.count)}"
    empty = ready is None or ready.count == 0
    return st.button(words, type="primary", disabled=empty, key="bulk.sure")


def _begin(actor: Actor, question: Question, change: Change) -> None:
    bulk_service.start(actor, question.selection, change, id_=question.job)
    clear_selection()
    close_dialog()
    st.rerun()


def _count(actor: Actor, question: Question) -> int | None:
    """The number of selected contacts, counted once for each dialog."""
    return count_once(f"bulk.{question.job}.count", lambda: bulk_service.count(actor, question.selection))


def _subject(actor: Actor, selection: Selection, number: int | None) -> Markup:
    suffix = " in the list now" if selection.listing is not None and number else ""
    return joined([selection_summary(actor, selection, number), suffix])
