"""The dialogs that divide a contact: the undo of a merge, and splitting off a device or activities."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import streamlit as st

from dashboard import formats
from dashboard.merges.compared_contacts import division_table
from dashboard.merges.decision_bar import decided
from dashboard.running_instance import time_zone
from dashboard.ui.dialog_state import close_dialog, confirm_buttons, dialog
from dashboard.ui.markup import show, tag
from dashboard.ui.problems import show_errors
from engine.accounts.actor import Actor
from engine.contacts.editing.edit_service import new_id
from engine.contacts.merging import merge_preview, merge_service
from engine.contacts.merging.merge_preview import Preview
from engine.domain.activities import ActivityId, ContactId

UNDO_MERGE, SPLIT = "merges.undo", "merges.split"


@dataclass(frozen=True)
class DivisionQuestion:
    """An open dialog.

    Parameters:
      about: What happens, in a sentence.
      act: The label of its button.
      done: What was done, in a sentence.
      preview: Reads the contacts as they would be.
      decide: Stores the decision with the reason; takes the actor, the activity's id and the reason.
      activity: The id of the activity that pressing the button stores once.
    """

    about: str
    act: str
    done: str
    preview: Callable[[Actor], Preview]
    decide: Callable[..., frozenset[int]]
    activity: ActivityId


def undo_of_merge(loser: ContactId) -> DivisionQuestion:
    """The question about the merge of a contact."""
    return DivisionQuestion(
        about="Both contacts come back as if they had never been merged, and stay apart. Later activities "
        "go to the contact whose device did them.",
        act="Undo merge",
        done="The merge was undone.",
        preview=partial(merge_preview.of_undo, loser=loser),
        decide=partial(merge_service.undo_merge, loser=loser),
        activity=new_id(),
    )


def split_of_tracker(contact: ContactId, tracker: str) -> DivisionQuestion:
    """The question about a browser or app of a contact."""
    return DivisionQuestion(
        about="This browser or app, with all it did, becomes an anonymous contact of its own.",
        act="Split off",
        done="The browser or app was split off.",
        preview=partial(merge_preview.of_tracker_split, contact=contact, tracker=tracker),
        decide=partial(merge_service.split_tracker, contact=contact, tracker=tracker),
        activity=new_id(),
    )


def split_of_activities(contact: ContactId, activities: list[ActivityId]) -> DivisionQuestion:
    """The question about activities of a contact."""
    number = len(activities)
    counted = formats.counted(number, "activity", "activities")
    return DivisionQuestion(
        about=f"{counted} will belong to an anonymous contact of {'its' if number == 1 else 'their'} own.",
        act="Split off",
        done=f"{counted} {'was' if number == 1 else 'were'} split off.",
        preview=partial(merge_preview.of_activities_split, contact=contact, activities=activities),
        decide=partial(merge_service.split_activities, contact=contact, activities=activities),
        activity=new_id(),
    )


@dialog("Undo merge?", width="large")
def undo_merge_dialog(actor: Actor, question: DivisionQuestion) -> None:
    """Show the dialog that undoes a merge."""
    _divide(actor, question)


@dialog("Split off?", width="large")
def split_dialog(actor: Actor, question: DivisionQuestion) -> None:
    """Show the dialog that splits off a device or activities."""
    _divide(actor, question)


def _divide(actor: Actor, question: DivisionQuestion) -> None:
    preview = None
    with show_errors():
        preview = question.preview(actor)
        show(tag("p", question.about, "cs-small"))
        if preview.exact:
            show(division_table(preview, time_zone()))
        else:
            words = "This contact has a long history: no preview is shown."
            show(tag("p", words, "cs-small cs-quiet"))
    reason: str = st.text_input("Reason (optional)", key=f"merges.{question.activity}.reason", max_chars=500)
    if confirm_buttons(question.act, key="merges.divide", disabled=preview is None):
        with show_errors():
            lanes = question.decide(actor, id_=question.activity, reason=reason)
            decided(lanes, question.activity, question.done)
            close_dialog()
            st.rerun()
