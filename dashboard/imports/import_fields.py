"""Custom fields that an admin creates for columns of a file during its import."""

from __future__ import annotations

import streamlit as st

from dashboard import formats
from dashboard.imports.import_form import ImportForm, NewField
from dashboard.ui.markup import show, tag
from dashboard.ui.problems import show_errors
from dashboard.wording import FIELD_TYPES as TYPES
from engine.accounts.actor import Actor
from engine.db.connection import utc_now
from engine.domain.fields import CUSTOM
from engine.domain.rulebook import Ruleset
from engine.imports.mapping.field_proposals import LONGEST_LABEL, proposed_label, proposed_type
from engine.publishing import custom_fields


def proposed_field(form: ImportForm, number: int) -> NewField:
    """Propose a field for a column by its heading and values."""
    heading = form.inspection.columns[number].heading
    cells = [row.cells[number] for row in form.inspection.sample]
    return NewField(proposed_label(heading), proposed_type(cells, today=utc_now().date()))


def ask_field(form: ImportForm, number: int) -> None:
    """Ask for the name and the type of a new field."""
    heading = form.inspection.columns[number].heading
    proposal = form.new_fields[heading]
    label = st.text_input(
        "Field name", proposal.label, max_chars=LONGEST_LABEL, key=form.key(f"field.{number}")
    )
    type_ = st.selectbox(
        "Type",
        list(TYPES),
        index=list(TYPES).index(proposal.type),
        format_func=TYPES.__getitem__,
        key=form.key(f"type.{number}"),
    )
    form.new_fields[heading] = NewField(label, type_)


def offer_creation(actor: Actor, form: ImportForm, ruleset: Ruleset) -> None:
    """Offer to create the new fields; all are published at once in one version of the rules."""
    if not form.new_fields:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="import-new-fields"):
        names = ", ".join(one.label for one in form.new_fields.values())
        with st.container(width="stretch"):
            show(tag("div", f"New custom fields: {names}", "cs-small"))
        count = len(form.new_fields)
        words = "Create field" if count == 1 else f"Create {formats.count(count)} fields"
        if st.button(words, icon=":material/add:", key=form.key("create")):
            _create(actor, form, ruleset)


def _create(actor: Actor, form: ImportForm, ruleset: Ruleset) -> None:
    fields = [(one.label, one.type) for one in form.new_fields.values()]
    with show_errors():
        ids = custom_fields.create_several(actor, fields, base=ruleset.version)
        for heading, id_ in zip(list(form.new_fields), ids, strict=True):
            form.targets[heading] = CUSTOM + id_
        form.new_fields.clear()
        form.renew_widgets()
        st.rerun()
