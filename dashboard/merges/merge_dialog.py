"""The dialog that merges two contacts: whose values win, and the result field by field."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from dashboard.listing.selection_generation import clear_selection
from dashboard.merges.compared_contacts import merge_table, side_name
from dashboard.merges.decision_bar import decided
from dashboard.running_instance import time_zone
from dashboard.ui.dialog_state import close_dialog, confirm_buttons, dialog, open_dialog
from dashboard.ui.markup import escape_label, show, tag
from dashboard.ui.problems import show_errors
from engine.accounts.actor import Actor
from engine.contacts.editing.edit_service import new_id
from engine.contacts.merging import merge_preview, merge_service, suggestion_service
from engine.contacts.merging.merge_preview import Preview
from engine.domain.activities import ActivityId, ContactId

MERGE = "merge"


@dataclass(frozen=True)
class MergeQuestion:
    """The two contacts of an open dialog, and the id of the activity that pressing the button stores once.

    `suggestion` is the suggested merge that it accepts, if any.
    """

    one: ContactId
    other: ContactId
    activity: ActivityId
    suggestion: str | None = None


def ask_to_merge(one: ContactId, other: ContactId, *, suggestion: str | None = None) -> None:
    """Open the dialog in this run."""
    open_dialog(MERGE, MergeQuestion(one, other, new_id(), suggestion))


@dialog("Merge contacts", width="large")
def merge_dialog(actor: Actor, question: MergeQuestion) -> None:
    """Show the dialog."""
    preview = None
    key = f"merges.{question.activity}"
    with show_errors():
        preview = _preview(actor, question, key)
    reason: str = st.text_input("Reason (optional)", key=f"{key}.reason", max_chars=500)
    if confirm_buttons("Merge", key="merges", disabled=preview is None) and preview is not None:
        with show_errors():
            _merge(actor, question, preview, reason)
            close_dialog()
            st.rerun()


def _preview(actor: Actor, question: MergeQuestion, key: str) -> Preview:
    """Ask whose values win, and show what comes of it."""
    pair = merge_preview.pair(actor, question.one, question.other)
    preview = merge_preview.of_merge(actor, *pair)
    names = {side.id: side_name(side) for side in preview.before}
    if not all(side.identified is preview.before[0].identified for side in preview.before):
        words = f"{names[pair[0]]} keeps its values: an anonymous contact merges into an identified one."
        show(tag("p", words, "cs-small"))
        show(merge_table(preview, time_zone()))
        return preview
    survivor: ContactId = st.radio(
        "Keep the values of",
        list(pair),
        format_func=lambda id_: escape_label(names[id_]),
        key=f"{key}.survivor",
        horizontal=True,
        help="Its values win. The other contact fills the gaps, and its email, phone and ID still lead here.",
    )
    if survivor != pair[0]:
        preview = merge_preview.of_merge(actor, survivor, pair[0])
    show(merge_table(preview, time_zone()))
    if not preview.exact:
        words = "These contacts have long histories: points and orders are counted after the merge."
        show(tag("p", words, "cs-small cs-quiet"))
    return preview


def _merge(actor: Actor, question: MergeQuestion, preview: Preview, reason: str) -> None:
    survivor, other = preview.before
    if question.suggestion is None:
        lanes = merge_service.merge(actor, survivor.id, other.id, id_=question.activity, reason=reason)
    else:
        lanes = suggestion_service.accept(
            actor, question.suggestion, survivor=survivor.id, activity=question.activity, reason=reason
        )
    clear_selection()
    decided(lanes, question.activity, f"{side_name(other)} was merged into {side_name(survivor)}.")
