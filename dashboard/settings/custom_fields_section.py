"""The section "Custom fields": the shop's own fields of its contacts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st
from markupsafe import Markup

from dashboard import formats
from dashboard.running_instance import time_zone
from dashboard.settings import custom_field_form
from dashboard.ui import confirm_by_typing
from dashboard.ui.markup import badge, empty_state, joined, quiet, show, tag
from dashboard.ui.problems import keep_errors, problem_box, show_kept
from engine.accounts.actor import Actor
from engine.publishing import custom_fields
from engine.publishing.custom_fields import Fields, FieldUsage

_NOTICE, _PROBLEM = "fields.notice", "fields.problem"


def render(actor: Actor) -> None:
    """All fields in their order; create, edit, move and delete them."""
    found = custom_fields.all_fields(actor)
    _show_notice()
    if custom_field_form.opened() is not None:
        if custom_field_form.render(actor, found):
            st.session_state[_NOTICE] = "Published."
            st.rerun()
        return
    _head(found)
    if not found.fields:
        empty_state(
            "No fields yet",
            "Fields store what you know about a contact, such as a shoe size or a favourite store.",
        )
    for number, usage in enumerate(found.fields):
        _row(actor, found, number, usage)


def _show_notice() -> None:
    notice = st.session_state.pop(_NOTICE, None)
    if notice:
        st.success(notice, icon=":material/check:")
    show_kept(_PROBLEM)


def _head(found: Fields) -> None:
    words = "Filled by the trait of the same name or manually. Forms show them in this order."
    if found.counted_at is not None:
        words += f" Counts as of {formats.clock(found.counted_at, time_zone())}."
    with st.container(horizontal=True, vertical_alignment="center"):
        show(tag("div", words, "cs-sub"))
        st.button(
            "New field",
            icon=":material/add:",
            key="fields.new",
            type="primary",
            on_click=partial(custom_field_form.begin, None, found.version),
        )


def _row(actor: Actor, found: Fields, number: int, usage: FieldUsage) -> None:
    id_ = usage.field.id
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            show(_about(usage))
            with st.container(horizontal=True, vertical_alignment="center", width="content"):
                _mover(actor, found, number, step=-1)
                _mover(actor, found, number, step=1)
                edit = partial(custom_field_form.begin, usage.field, found.version)
                st.button("Edit", key=f"fields.edit.{id_}", type="tertiary", on_click=edit)
                ask = partial(confirm_by_typing.request, f"field {id_}")
                st.button("Delete", key=f"fields.delete.{id_}", type="tertiary", on_click=ask)
        if confirm_by_typing.is_requested(f"field {id_}"):
            _delete(actor, found, usage)


def _about(usage: FieldUsage) -> Markup:
    field = usage.field
    only = [badge("admins only", "info")] if "marketer" not in field.edit else []
    head = joined([tag("b", field.label), badge(field.type), quiet(field.id), *only], " ")
    lines = [head]
    if field.options:
        lines.append(tag("div", f"One of: {_several(field.options)}", "cs-small"))
    lines.append(tag("div", _usage(usage), "cs-small cs-quiet"))
    return joined(lines)


def _usage(usage: FieldUsage) -> str:
    contacts = "counting contacts"
    if usage.contacts is not None:
        have = "contact has" if usage.contacts == 1 else "contacts have"
        contacts = f"{formats.count(usage.contacts)} {have} a value"
    uses = f"used by {_several([use.name for use in usage.uses])}" if usage.uses else "not used in rules"
    return f"{contacts} · {uses}"


def _several(names: Sequence[str], *, most: int = 8) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _mover(actor: Actor, found: Fields, number: int, *, step: int) -> None:
    """A button that moves a field up or down."""
    ids = [usage.field.id for usage in found.fields]
    there, word = number + step, "up" if step < 0 else "down"
    possible = 0 <= there < len(ids)
    if possible:
        ids[number], ids[there] = ids[there], ids[number]
    act = partial(custom_fields.reorder, actor, ids, base=found.version)
    st.button(
        " ",
        icon=":material/arrow_upward:" if step < 0 else ":material/arrow_downward:",
        key=f"fields.{word}.{found.fields[number].field.id}",
        type="tertiary",
        help=f"Move {word}",
        disabled=not possible,
        on_click=partial(_do, act, "Order saved."),
    )


def _do(act: Callable[..., object], notice: str) -> None:
    """Publish a change; show the result in the next run."""
    with keep_errors(_PROBLEM):
        act()
        st.session_state[_NOTICE] = notice


def _delete(actor: Actor, found: Fields, usage: FieldUsage) -> None:
    """Ask for confirmation, or show what uses the field."""
    field = usage.field
    if usage.uses:
        problem_box(
            [
                f"{field.label} is in use and cannot be deleted. Remove it first from:",
                *map(str, usage.uses),
            ]
        )
        st.button("Close", key=f"fields.close.{field.id}", on_click=confirm_by_typing.clear)
        return
    have = "some" if usage.contacts is None else formats.count(usage.contacts)
    words = joined(
        [
            tag("b", field.label),
            f" will be removed from forms, filters and rules. The values of {have} contacts are kept "
            "and reappear if you create the field again.",
        ]
    )
    if confirm_by_typing.confirmed(words, name=field.label, act="Delete field", key=f"fields.{field.id}"):
        _do(
            partial(custom_fields.delete, actor, field.id, base=found.version),
            "Field deleted.",
        )
        confirm_by_typing.clear()
        st.rerun()
