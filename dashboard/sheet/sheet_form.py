"""The form that edits a contact's fields and statuses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import streamlit as st
from markupsafe import Markup

from dashboard import formats
from dashboard.current_user import fragment
from dashboard.listing.contact_columns import plain_value
from dashboard.sheet import sheet_edits, sheet_fields
from dashboard.sheet.sheet_card import card
from dashboard.sheet.sheet_draft import Draft, draft_of, end, present_values
from dashboard.ui.browser_component import browser_component
from dashboard.ui.field_inputs import (
    FieldInput,
    field_input,
    later_day_input,
    own,
    standard,
    stored_value,
    tomorrow,
    undeclared,
)
from dashboard.ui.markup import badge, card_title, escape_label, facts, joined, link, quiet, show, tag
from dashboard.ui.problems import problem, show_errors
from engine.accounts.actor import Actor
from engine.contacts.editing.edit import NEEDS_REASON, FieldConflict, InvalidEdit, label_of
from engine.contacts.editing.edit_validation import end_name
from engine.contacts.sheet import sheet_service
from engine.contacts.sheet.sheet_model import Sheet
from engine.contacts.sheet.timelines import TimelineFilter
from engine.domain.activities import ContactId
from engine.domain.fields import IDENTITY_FIELDS
from engine.domain.rulebook import Machine, Ruleset
from engine.domain.statuses import by_hand, ends
from engine.rules.rule_service import current_rules

_T = TypeVar("_T")


@dataclass(frozen=True)
class _Form:
    """The edited contact, its draft, and conflicting changes by others."""

    actor: Actor
    sheet: Sheet
    draft: Draft
    ruleset: Ruleset
    theirs: dict[str, Any]

    def key(self, name: str) -> str:
        return f"sheet.{self.sheet.id}.{self.draft.round}.{name}"

    def words(self, name: str, value: Any) -> str:
        """A value as text."""
        machine = self.ruleset.machines.get(name)
        if machine is not None:
            return machine.states.get(value, str(value))
        return formats.NOTHING if value in (None, "", []) else plain_value(value)

    def label(self, name: str) -> str:
        machine = self.ruleset.machines.get(name)
        if machine is not None:
            return machine.label
        for id_, machine in self.ruleset.machines.items():
            if name == end_name(id_):
                return f"{machine.label}: end date"
        return label_of(name, self.ruleset)


@fragment()
def sheet_form(actor: Actor, contact: ContactId) -> None:
    """The form, shown in the place of the cards with these values."""
    draft = draft_of(contact)
    sheet = sheet_service.sheet(actor, contact)
    if draft is None or sheet is None:
        st.rerun()
    ruleset = current_rules(actor)
    present = present_values(sheet, ruleset, ruleset.account.time_zone)
    draft.catch_up(present)
    form = _Form(actor, sheet, draft, ruleset, draft.overtaken(present))
    with card("fields"):
        show(card_title("Contact"))
        _fields(form, sorted(standard(), key=lambda field: sheet_fields.ORDER.index(field.name)))
    own_fields = [*own(ruleset, actor.user.role), *undeclared(sheet.custom, ruleset)]
    if own_fields:
        with card("custom"):
            show(card_title("Custom fields"))
            _fields(form, own_fields)
    with card("statuses"):
        show(card_title("Status"))
        _statuses(form)
    _bar(form)


# Fields


def _fields(form: _Form, fields: Sequence[FieldInput]) -> None:
    """The inputs in rows of two, so that they keep their order on a phone."""
    for pair in _pairs(fields):
        for column, field in zip(st.columns(2), pair, strict=False):
            with column:
                _locked(form, field) if field.locked else _field(form, field)


def _pairs(items: Sequence[_T]) -> list[Sequence[_T]]:
    return [items[at : at + 2] for at in range(0, len(items), 2)]


def _field(form: _Form, field: FieldInput) -> None:
    key, draft = form.key(field.name), form.draft

    def typed() -> None:
        draft.change(field.name, stored_value(st.session_state[key]))

    field_input(field, key=key, value=draft.value(field.name), on_change=typed)
    _below(form, field.name)


def _locked(form: _Form, field: FieldInput) -> None:
    value = form.words(field.name, form.draft.value(field.name))
    show(
        joined(
            [
                tag("div", field.label, "cs-label"),
                tag("div", value),
                tag("div", f"{field.locked}.", "cs-quiet cs-small"),
            ]
        )
    )


def _below(form: _Form, name: str) -> None:
    """Below an input: the previous value, the problem, and a conflict."""
    draft = form.draft
    if name in draft.changed:
        show(tag("div", f"Was: {form.words(name, draft.seen.get(name))}", "cs-quiet cs-small cs-was"))
    if name in draft.problems:
        theirs = draft.other is not None and name in IDENTITY_FIELDS
        way = link(f"?contact={draft.other}", "Open that contact") if theirs else None
        show(problem(draft.problems[name], way))
    if name in form.theirs:
        _choose(form, name)


def _choose(form: _Form, name: str) -> None:
    """Ask which value to keep of a conflict."""
    theirs, draft = form.theirs[name], form.draft
    by = _last_editor(form)
    words = joined([tag("span", f"{by} changed this to"), tag("b", form.words(name, theirs))], " ")
    show(tag("div", words, "cs-meanwhile", role="alert"))
    with st.container(horizontal=True, gap="small"):
        st.button("Keep mine", key=f"sheet.mine.{name}", on_click=draft.keep_mine, args=(name, theirs))
        st.button("Use theirs", key=f"sheet.theirs.{name}", on_click=draft.take_theirs, args=(name, theirs))


def _last_editor(form: _Form) -> str:
    """The name of the user who edited the contact since the draft was started."""
    edits = TimelineFilter(types=("contact_edited",))
    rows = sheet_service.timeline(form.actor, form.sheet.id, where=edits, limit=1).rows
    if rows and rows[0].happened_at >= form.draft.begun:
        return str(rows[0].details.get("properties", {}).get("author", "Someone"))
    return "Someone"


# Statuses


def _statuses(form: _Form) -> None:
    seen = form.draft.seen
    machines = list(form.ruleset.machines.values())
    movable = [machine for machine in machines if by_hand(machine, seen[machine.id])]
    for pair in _pairs(movable):
        for column, machine in zip(st.columns(2), pair, strict=False):
            with column:
                _status(form, machine)
    fixed = [
        (m.label, joined([badge(form.words(m.id, seen[m.id])), quiet(" set automatically")]))
        for m in machines
        if m not in movable
    ]
    if fixed:
        show(facts(fixed))
    of_statuses = {name for id_ in form.ruleset.machines for name in (id_, end_name(id_))}
    if of_statuses & form.draft.changed.keys():
        _reason(form)


def _status(form: _Form, machine: Machine) -> None:
    key, draft = form.key(machine.id), form.draft
    seen = draft.seen[machine.id]
    if key not in st.session_state:
        st.session_state[key] = draft.value(machine.id)
    st.selectbox(
        escape_label(machine.label),
        [seen, *by_hand(machine, seen)],
        format_func=partial(form.words, machine.id),
        key=key,
        on_change=_recording(form, machine.id, key),
    )
    _below(form, machine.id)
    if ends(machine, draft.value(machine.id)):
        _until(form, machine)
    else:
        draft.changed.pop(end_name(machine.id), None)


def _until(form: _Form, machine: Machine) -> None:
    """Ask for the end date of a status that can end."""
    name = end_name(machine.id)
    key = form.key(name)
    if key not in st.session_state:
        held = form.draft.value(name)
        st.session_state[key] = held if held is None or held >= tomorrow() else None
    state = form.words(machine.id, form.draft.value(machine.id)).capitalize()
    label = f"{escape_label(state)} until (leave empty for no end date)"
    later_day_input(label, key=key, on_change=_recording(form, name, key))
    _below(form, name)


def _reason(form: _Form) -> None:
    left = [form.draft.seen[id_] for id_ in form.ruleset.machines if id_ in form.draft.changed]
    needed = any(state in NEEDS_REASON for state in left)

    def typed() -> None:
        form.draft.reason = str(st.session_state[form.key("reason")])

    label = "Reason" if needed else "Reason (optional)"
    st.text_input(label, key=form.key("reason"), max_chars=500, on_change=typed)


def _recording(form: _Form, name: str, key: str) -> Callable[[], None]:
    def record() -> None:
        form.draft.change(name, st.session_state[key])

    return record


# Applying


def _bar(form: _Form) -> None:
    """The bar with the number of changes, Apply and Discard, which stays visible."""
    browser_component(__file__, "sheet_form")(key="sheet.guard", data={"unsaved": bool(form.draft.changed)})
    with st.container(horizontal=True, vertical_alignment="center", key="sheet-bar"):
        with st.container(width="stretch"):
            show(tag("div", _summary(form), role="status", tabindex="0"))  # it scrolls when it is long
        st.button("Discard", key="sheet.discard", on_click=end, args=(form.sheet.id,))
        wanted = st.button("Apply", type="primary", key="sheet.apply", disabled=bool(form.theirs))
    if wanted:
        with show_errors():
            _apply(form)


def _summary(form: _Form) -> Markup:
    changed = form.draft.changed
    if not changed:
        return quiet("No changes yet.")
    count = formats.counted(len(changed), "change")
    names = ", ".join(form.label(name) for name in changed)
    if form.theirs:
        first = form.label(next(iter(form.theirs)))
        names = f"{first} was changed by someone else: choose which to keep"
    elif form.draft.problems:
        names = "; ".join(form.draft.problems.values())
    return joined([tag("b", count), tag("span", f" {names}", "cs-quiet cs-small")])


def _apply(form: _Form) -> None:
    """Apply the changes."""
    draft, contact = form.draft, form.sheet.id
    if draft.changed:
        count = len(draft.changed)
        words = f"Saved {formats.counted(count, 'change')}."
        change, read = draft.edit(form.ruleset), draft.read(form.ruleset)
        try:
            sheet_edits.apply(form.actor, contact, change, words=words, id_=draft.id, read=read)
        except InvalidEdit as error:
            draft.refused(error.problems, error.other)
        except FieldConflict:
            draft.refused({}, None)
        else:
            end(contact)
    else:
        end(contact)
    st.rerun()
