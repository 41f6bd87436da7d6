"""Inputs for a contact's built-in and custom fields.

An input gets its value once, under a key; `stored_value` reads the entered value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

import streamlit as st

from dashboard import formats
from dashboard.running_instance import today
from dashboard.ui.markup import escape_label
from engine.contacts.editing.edit_validation import fields_not_allowed
from engine.domain.fields import CUSTOM, FIELDS, PROFILE_FIELDS
from engine.domain.rulebook import Ruleset

EARLIEST = date(1900, 1, 1)
LATEST = date(2100, 12, 31)


@dataclass(frozen=True)
class FieldInput:
    """A field with an input: its name in edits, its label and its type.

    `options` are the choices of a text field; `locked` is the reason why the user may not
    change it.
    """

    name: str
    label: str
    type: str
    options: tuple[str, ...] = ()
    locked: str = ""


def editable(ruleset: Ruleset, role: str) -> list[FieldInput]:
    """Every field that can be edited, identifiers first."""
    return [*standard(), *own(ruleset, role)]


def standard() -> list[FieldInput]:
    """The built-in fields."""
    order = ("email", "mobile_phone", *PROFILE_FIELDS, "external_id")
    return [FieldInput(n, FIELDS[n].label, "date" if n == "birth_date" else "text") for n in order]


def own(ruleset: Ruleset, role: str) -> list[FieldInput]:
    """The custom fields, locked if the role may not change them."""
    names = [f"{CUSTOM}{id_}" for id_ in ruleset.fields]
    locked = fields_not_allowed(names, role, ruleset)
    return [
        FieldInput(name, field.label, field.type, field.options, locked.get(name, ""))
        for name, field in zip(names, ruleset.fields.values(), strict=True)
    ]


def undeclared(custom: Mapping[str, Any], ruleset: Ruleset) -> list[FieldInput]:
    """Custom fields of this contact that are not declared, typed by their value."""
    return [
        FieldInput(f"{CUSTOM}{name}", name, _type_of(value))
        for name, value in sorted(custom.items())
        if name not in ruleset.fields
    ]


def _type_of(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return "list" if isinstance(value, list) else "text"


def field_input(
    field: FieldInput, *, key: str, value: Any = None, on_change: Callable[[], None] | None = None
) -> Any:
    """Ask for a value, initially the given one; unset if empty."""
    if key not in st.session_state:
        st.session_state[key] = input_value(field, value)
    widget = _choice if field.options else _WIDGETS.get(field.type, _text)
    widget(field, key, on_change)
    return stored_value(st.session_state[key])


def input_value(field: FieldInput, value: Any) -> Any:
    """A field's value as its input holds it."""
    if field.type == "date":
        return _as_day(value)
    if field.type == "number":
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
    if field.type == "boolean":
        return value if isinstance(value, bool) else None
    if field.type == "list":
        return [str(item) for item in value] if isinstance(value, list) else []
    if value is None:
        return None if field.options else ""
    return str(value)


def stored_value(held: Any) -> Any:
    """The field's value of an input; unset if empty."""
    if isinstance(held, date):
        return held.isoformat()
    if isinstance(held, float):
        return int(held) if held.is_integer() else held
    if isinstance(held, str):
        return held.strip() or None
    if isinstance(held, list | tuple):
        return [item for text in held if (item := str(text).strip())] or None
    return held


def _as_day(value: Any) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _text(field: FieldInput, key: str, on_change: Callable[[], None] | None) -> None:
    st.text_input(
        escape_label(field.label), key=key, placeholder=_PLACEHOLDERS.get(field.name), on_change=on_change
    )


def _date(field: FieldInput, key: str, on_change: Callable[[], None] | None) -> None:
    day_input(escape_label(field.label), key=key, on_change=on_change)


def day_input(
    label: str,
    *,
    key: str,
    on_change: Callable[[], None] | None = None,
    earliest: date = EARLIEST,
    label_visibility: Literal["visible", "collapsed"] = "visible",
) -> date | None:
    """Ask for an optional day, in the format of the account's locale."""
    chosen = st.date_input(
        label,
        value=None,
        min_value=earliest,
        max_value=LATEST,
        format=formats.date_entry(),
        key=key,
        on_change=on_change,
        label_visibility=label_visibility,
    )
    return chosen if isinstance(chosen, date) else None


def later_day_input(label: str, *, key: str, on_change: Callable[[], None] | None = None) -> date | None:
    """Ask for an optional day after today."""
    return day_input(label, key=key, on_change=on_change, earliest=tomorrow())


def tomorrow() -> date:
    """The day after today in the account's time zone."""
    return today() + timedelta(days=1)


def _yes_or_no(field: FieldInput, key: str, on_change: Callable[[], None] | None) -> None:
    words = {True: "yes", False: "no"}
    st.selectbox(
        escape_label(field.label),
        [True, False],
        index=None,
        format_func=words.__getitem__,
        key=key,
        on_change=on_change,
        placeholder="",
    )


def _number(field: FieldInput, key: str, on_change: Callable[[], None] | None) -> None:
    st.number_input(
        escape_label(field.label), value=None, step=1.0, format="%.15g", key=key, on_change=on_change
    )


def _list(field: FieldInput, key: str, on_change: Callable[[], None] | None) -> None:
    st.multiselect(
        escape_label(field.label),
        _each_once(st.session_state[key]),
        key=key,
        accept_new_options=True,
        placeholder="Type and press Enter",
        on_change=on_change,
    )


def _choice(field: FieldInput, key: str, on_change: Callable[[], None] | None) -> None:
    """One of the options; the contact's present value stays available."""
    held = st.session_state[key]
    st.selectbox(
        escape_label(field.label),
        _each_once([*field.options, *([held] if held else [])]),
        index=None,
        key=key,
        on_change=on_change,
        placeholder="",
    )


def _each_once(values: Iterable[Any]) -> list[Any]:
    return list(dict.fromkeys(values))


_WIDGETS = {"date": _date, "boolean": _yes_or_no, "list": _list, "number": _number}

_PLACEHOLDERS = {
    "email": "name@example.com",
    "mobile_phone": "e.g. +34 600 000 000",
    "external_id": "Customer number in your shop",
}
