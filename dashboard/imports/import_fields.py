"""Fields that an admin makes of a file's columns, on the way."""

from __future__ import annotations

import streamlit as st

from dashboard import formats
from dashboard.imports.import_settling import NewField, Settling
from dashboard.ui.markup import show, tag
from dashboard.ui.problems import problem_box
from dashboard.wording import FIELD_TYPES as TYPES
from dashboard.wording import sentence
from engine.accounts.actor import Actor
from engine.db.connection import utc_now
from engine.domain.fields import CUSTOM
from engine.domain.rulebook import Ruleset
from engine.errors import ContactSheetsError
from engine.imports.mapping.proposing import LONGEST_LABEL, proposed_label, proposed_type
from engine.publishing import custom_fields


def proposed(settling: Settling, number: int) -> NewField:
    """A field as a column's heading and values suggest it."""
    heading = settling.opening.columns[number].heading
    cells = [row.cells[number] for row in settling.opening.sample]
    return NewField(proposed_label(heading), proposed_type(cells, today=utc_now().date()))


def ask(settling: Settling, number: int) -> None:
    """Ask what a new field is called, and its type."""
    heading = settling.opening.columns[number].heading
    wanted = settling.new[heading]
    label = st.text_input(
        "Name of the field", wanted.label, max_chars=LONGEST_LABEL, key=settling.key(f"field.{number}")
    )
    type_ = st.selectbox(
        "Type",
        list(TYPES),
        index=list(TYPES).index(wanted.type),
        format_func=TYPES.__getitem__,
        key=settling.key(f"type.{number}"),
    )
    settling.new[heading] = NewField(label, type_)


def create(actor: Actor, settling: Settling, ruleset: Ruleset) -> None:
    """Offer to make the fields that are wanted; they are published at once, all in one version."""
    if not settling.new:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="import-new-fields"):
        names = ", ".join(wanted.label for wanted in settling.new.values())
        with st.container(width="stretch"):
            show(tag("div", f"New for all contacts, from now on: {names}", "cs-small"))
        count = len(settling.new)
        words = "Create the field" if count == 1 else f"Create {formats.count(count)} fields"
        if st.button(words, icon=":material/add:", key=settling.key("create")):
            _create(actor, settling, ruleset)


def _create(actor: Actor, settling: Settling, ruleset: Ruleset) -> None:
    wanted = [(one.label, one.type) for one in settling.new.values()]
    try:
        made = custom_fields.create_several(actor, wanted, base=ruleset.version)
    except ContactSheetsError as error:
        problem_box([sentence(error)])
        return
    for heading, id_ in zip(list(settling.new), made, strict=True):
        settling.targets[heading] = CUSTOM + id_
    settling.new.clear()
    settling.renew()
    st.rerun()
