"""The dialog "New contact"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import wait_for_workers
from dashboard.ui.dialog_state import close_dialog
from dashboard.ui.field_inputs import editable, field_input
from dashboard.ui.markup import link, quiet, show
from dashboard.ui.problems import problem, problem_box, show_errors
from engine.accounts.actor import Actor
from engine.contacts.editing import edit_service
from engine.contacts.editing.edit import InvalidEdit
from engine.contacts.listing import list_service
from engine.domain.activities import ContactId
from engine.domain.fields import IDENTITY_FIELDS
from engine.rules.rule_service import current_rules


def new_contact(actor: Actor) -> None:
    """Ask for the fields, create the contact and open its sheet; show problems at their fields."""
    show(quiet("Enter an email, a mobile phone or an external ID. The rest is optional."))
    with st.form("contacts.new", border=False):
        values, below = _ask_fields(actor)
        elsewhere = st.container()
        if not st.form_submit_button("Create contact", type="primary", key="contacts.new.create"):
            return
    with show_errors():
        try:
            _create(actor, values)
        except InvalidEdit as error:
            _explain(error, below, elsewhere)


def _ask_fields(actor: Actor) -> tuple[dict[str, Any], dict[str, DeltaGenerator]]:
    """The values by field, and the placeholder below each input."""
    values, below = {}, {}
    fields = [field for field in editable(current_rules(actor), actor.user.role) if not field.locked]
    for at in range(0, len(fields), 2):  # row by row, so that on a phone they keep their order
        for column, field in zip(st.columns(2), fields[at : at + 2], strict=False):
            with column:
                value = field_input(field, key=f"contacts.new.{field.name}")
                below[field.name] = st.empty()
            if value is not None:
                values[field.name] = value
    return values, below


def _explain(error: InvalidEdit, below: Mapping[str, DeltaGenerator], elsewhere: DeltaGenerator) -> None:
    other = error.other
    way = None if other is None else link(f"?contact={other}", "Open that contact")
    for name, words in error.problems.items():
        if name in below:
            below[name].html(problem(words, way if name in IDENTITY_FIELDS else None))
    with elsewhere:
        problem_box(words for name, words in error.problems.items() if name not in below)


def _create(actor: Actor, values: Mapping[str, Any]) -> None:
    id_ = edit_service.new_id()
    lanes = edit_service.create(actor, values, id_=id_)
    shows = wait_for_workers.wait_until_applied(lanes, id_)
    made = _made(actor, values)
    if made is not None:
        st.query_params.from_dict({"contact": made})
    elif not shows:
        st.toast(f"Contact created. {wait_for_workers.pending_notice()}")
    close_dialog()
    st.rerun()


def _made(actor: Actor, values: Mapping[str, Any]) -> ContactId | None:
    """The contact with these identifiers; unset while the workers have not created it."""
    keys = (str(values[name]) for name in IDENTITY_FIELDS if name in values)
    return next((found for key in keys if (found := list_service.find(actor, key))), None)
